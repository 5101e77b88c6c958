import { expect } from 'chai';
import { auditEntry } from '../../server/audit/row.ts';
import { newClient } from '../../server/auth/new-client.ts';
import { systemClock } from '../../server/core/clock.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { type AdminRig, adminRig } from '../support/admin-rig.ts';
import { tamperWith } from '../support/audit-file.ts';
import { verifyFolder } from '../support/audited-house.ts';
import { trustX } from '../support/house-open.ts';
import { needs } from '../support/needs.ts';
import { serveProcess } from '../support/serve-process.ts';
import { smallFile } from '../support/small-files.ts';
import { onEmbeddedStore, storeSetting } from '../support/store-under-test.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const unwritable = `CREATE TRIGGER unwritable BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END`;

describe('A server whose audit log cannot be written', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await adminRig([trustX]);
    const { name, text } = smallFile('277', 1);
    await rig.ingest(name, text);
  });
  after(() => rig.close());

  it('answers no FHIR request, allowed or refused, and no token request, until it can be written again', async function () {
    needs(this, 'files of the embedded store', onEmbeddedStore);
    const base = '/t/rxx/fhir/v1';
    const token = await rig.token('rxx', 'system/*.rs system/AuditEvent.rs');
    const paths = ['/Practitioner', '/Practitioner?family=Name1', '/AuditEvent', '/metadata', '/Practitioner/none'];
    const rows = async () => (await rig.store('rxx').audit.head('serve'))?.number ?? 0;
    const before = await rows();
    tamperWith(rig.data, 'rxx', (sql) => sql(unwritable));
    for (const path of paths) {
      const { status, headers, body } = await rig.call('GET', base + path, token);
      expect(status, path).to.equal(503);
      expect(headers.get('retry-after')).to.equal('1');
      expect(body).to.have.property('resourceType', 'OperationOutcome');
      expect(JSON.stringify(body)).not.to.include('Name1');
    }
    expect((await rig.call('GET', `${base}/Practitioner`)).status, 'without a token').to.equal(503);
    expect(await rig.token('rxx', 'system/*.rs').catch(() => undefined), 'a token').to.equal(undefined);
    expect(await rows()).to.equal(before);
    tamperWith(rig.data, 'rxx', (sql) => sql('DROP TRIGGER unwritable'));
    expect((await rig.call('GET', `${base}/Practitioner`, token)).status).to.equal(200);
    expect(await rows()).to.equal(before + 1);
  });
});

describe('A server under way', () => {
  it('has every answered request on record when it is killed, and is verified while it serves', async function () {
    this.timeout(90_000);
    const { path: data, remove } = temporaryFolder('audited-serve');
    try {
      const house = await openHouse({ data }, { create: true, settings: { store: storeSetting(data) } });
      await house.tenants.apply(trustX);
      const wish = { name: 'test', tenant: 'rxx', scope: 'system/*.rs', contracts: ['v1'], admin: false };
      const { client, secret = '' } = newClient(wish, house.keys, systemClock.now().toISOString());
      await house.clients.add(client);
      await house.close();
      const server = await serveProcess(data);
      const token = await tokenOf(server.url, `${client.id}:${secret}`);
      const answered: string[] = [];
      const ask = async (id: string) => {
        const headers = { authorization: `Bearer ${token}`, 'x-request-id': id };
        const answer = await fetch(`${server.url}/t/rxx/fhir/v1/Practitioner?_id=${id}`, { headers });
        await answer.text();
        if (answer.status === 200) answered.push(id);
      };
      for (let n = 0; n < 20; n += 1) await Promise.all(Array.from({ length: 10 }, (_, k) => ask(`r-${n}-${k}`)));
      expect((await verifyFolder(data)).findings, 'beside the server').to.deep.equal([]);
      const last = Promise.allSettled(Array.from({ length: 200 }, (_, k) => ask(`last-${k}`)));
      while (answered.length < 210) await new Promise((resolve) => setImmediate(resolve));
      await server.kill();
      await last;
      expect(await recorded(data)).to.include.members(answered);
      expect((await verifyFolder(data)).findings, 'after the kill').to.deep.equal([]);
    } finally {
      remove();
    }
  });
});

async function tokenOf(url: string, client: string): Promise<string> {
  const basic = Buffer.from(client).toString('base64');
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await answer.json()) as { readonly access_token: string }).access_token;
}

/** Request ids of the rows that the tenant's log holds. */
async function recorded(data: string): Promise<readonly string[]> {
  const house = await openHouse({ data }, { settings: { store: storeSetting(data) } });
  try {
    const rows = await house.store.tenant(grantTenant('rxx', 'operator')).audit.chain('serve', 1, 10_000);
    return rows.map(({ bytes }) => auditEntry(bytes).requestId);
  } finally {
    await house.close();
  }
}
