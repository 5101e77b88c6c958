import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { newClient } from '../../server/auth/new-client.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { serveProcess, until } from '../support/serve-process.ts';
import { smallFile } from '../support/small-files.ts';
import { storeSetting } from '../support/store-under-test.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const tenants = [
  { id: 'ta', name: 'A', ods: ['RXX'], vpds: ['277'], files: 4 },
  { id: 'tb', name: 'B', ods: ['RYY'], vpds: ['431'], files: 3 },
  { id: 'tc', name: 'C', ods: ['RZZ'], vpds: ['505'], files: 3 },
] as const;

/** Short in CI; the long form kills more often. */
const kills = process.env['VERIFY'] === '1' ? 12 : 2;

describe('A server over drop folders', () => {
  it('killed with -9 again and again, applies ten files of three tenants once each, in order', async function () {
    this.timeout(300_000);
    const { path: data, remove } = temporaryFolder('drop');
    const inbox = (tenant: string, ...more: string[]) => join(data, 'drop', tenant, ...more);
    const done = () => tenants.reduce((sum, { id }) => sum + countIn(inbox(id, 'done')), 0);
    try {
      const house = await openHouse({ data }, { create: true, settings: { store: storeSetting(data) } });
      for (const { files: _, ...document } of tenants) await house.tenants.apply(document);
      await house.close();
      for (const { id, vpds, files } of tenants) {
        mkdirSync(inbox(id), { recursive: true });
        for (let sequence = files; sequence > 0; sequence -= 1) {
          writeFileSync(inbox(id, `${9 - sequence}.dat`), smallFile(vpds[0], sequence).text);
        }
      }
      for (let round = 1; round <= kills; round += 1) {
        const server = await serveProcess(data);
        // Each round dies a little later in the work.
        const wanted = Math.floor((10 * (round - 1)) / kills);
        const underWay = () => done() === 10 || (done() >= wanted && countTaken(inbox) > 0);
        await until(underWay, 'work is under way', 60_000);
        await server.kill();
      }
      const server = await serveProcess(data);
      await until(() => done() === 10, 'ten files are done', 60_000);
      expect(await server.stop()).to.equal(0);
      await ledgersAreRight(data);
    } finally {
      remove();
    }
  });
});

describe('A server over HTTP', () => {
  it('ingests what is uploaded, in the background', async function () {
    this.timeout(120_000);
    const { path: data, remove } = temporaryFolder('upload');
    try {
      const house = await openHouse({ data }, { create: true, settings: { store: storeSetting(data) } });
      await house.tenants.apply({ id: 'ta', name: 'A', ods: ['RXX'], vpds: ['277'] });
      const wish = {
        name: 'feed',
        tenant: 'ta',
        admin: true,
        scope: 'admin/files.read admin/files.write',
        contracts: [],
      };
      const { client, secret = '' } = newClient(wish, house.keys, house.clock.now().toISOString());
      await house.clients.add(client);
      await house.close();
      const server = await serveProcess(data);
      const base = `${server.url}/admin/v1/tenants/ta/files`;
      const answer = await fetch(`${server.url}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      const { access_token: token } = (await answer.json()) as { access_token: string };
      const headers = { authorization: `Bearer ${token}` };
      const { text: body, name } = smallFile('277', 1);
      const taken = await fetch(`${base}?name=${name}`, { method: 'POST', headers, body });
      expect(taken.status).to.equal(202);
      const { id } = (await taken.json()) as { id: string };
      const state = async () => ((await (await fetch(`${base}/${id}`, { headers })).json()) as { state: string }).state;
      await until(async () => (await state()) === 'applied', 'the file is applied', 60_000);
      expect(await server.stop()).to.equal(0);
    } finally {
      remove();
    }
  });
});

async function ledgersAreRight(data: string): Promise<void> {
  const house = await openHouse({ data }, { settings: { store: storeSetting(data) } });
  try {
    for (const { id, files } of tenants) {
      const store = house.store.tenant(grantTenant(id, 'operator'));
      const ledger = [...(await store.ledger.files())].sort((a, b) =>
        (a.finishedAt ?? '') < (b.finishedAt ?? '') ? -1 : 1,
      );
      const expected = Array.from({ length: files }, (_, index) => `${index + 1} applied`);
      expect(
        ledger.map(({ sequence, state }) => `${sequence} ${state}`),
        id,
      ).to.deep.equal(expected);
      const { matches } = await store.resources.search({
        ...{ contract: 'v1', type: 'Practitioner', where: { is: 'all' }, count: 10, total: false },
        sort: { by: 'id', descending: false },
      });
      expect(matches).to.have.lengthOf(1);
      expect(matches[0]?.version).to.equal(files);
      expect(matches[0]?.body.toString()).to.include(`Name${files}`);
    }
  } finally {
    await house.close();
  }
}

function countIn(folder: string): number {
  return existsSync(folder) ? readdirSync(folder).length : 0;
}

function countTaken(inbox: (tenant: string, ...more: string[]) => string): number {
  return tenants.reduce((sum, { id }) => sum + countIn(inbox(id, '.taken')), 0);
}
