import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { SignJWT } from 'jose';
import { newClient } from '../../server/auth/new-client.ts';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import type { House } from '../../server/cli/house.ts';
import { comeTrue } from '../../server/ingest/dates.ts';
import { ingestFile } from '../../server/ingest/run.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { freePort } from '../support/free-port.ts';
import { type ServingCommand, serveCommand, until } from '../support/house-command.ts';
import { trustX } from '../support/house-open.ts';
import { dropDatabases, freshDatabase, mongoUri, uriOf } from '../support/mongo-place.ts';
import { type KeyPair, keyPair } from '../unit/oauth/rig.ts';

describe('What servers on one MongoDB share', function () {
  this.timeout(120_000);
  if (mongoUri === undefined) it('is proved where MONGODB_URI names a server');
  else describeShared(mongoUri);
});

function describeShared(base: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-shared-'));
  const master = randomBytes(32).toString('hex');
  const databases: string[] = [];
  const houses: House[] = [];

  const database = () => {
    const name = freshDatabase();
    databases.push(name);
    return uriOf(base, name);
  };
  /** A machine of its own: another data folder and other connections. */
  const machine = async (store: string, at?: () => Date) => {
    const settings = { store, masterKey: master, logLevel: 'error' };
    const data = join(scratch, `house-${houses.length}`);
    const house = await openHouse(
      { data },
      { create: true, settings, ...(at === undefined ? {} : { clock: { now: at } }) },
    );
    houses.push(house);
    return house;
  };
  after(async () => {
    for (const house of houses) await house.close();
    for (const uri of databases) await dropDatabases(base, uri);
    rmSync(scratch, { recursive: true, force: true });
  });

  it('is who may ask, within two seconds, and which assertions and tokens were used', async () => {
    const store = database();
    const house = await machine(store);
    await house.tenants.apply(trustX);
    const ports = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${ports[0]}`;
    const settings = { ESR_FHIR_STORE: store, ESR_FHIR_MASTER_KEY: master, ESR_FHIR_PUBLIC_URL: url };
    const servers: ServingCommand[] = await Promise.all(
      ports.map((port) => serveCommand({ data: join(scratch, `serve-${port}`), settings }, '--port', `${port}`)),
    );
    try {
      const pair = keyPair('ES384');
      const wish = { name: 'c', tenant: 'rxx', scope: 'system/*.rs', contracts: ['v1'], jwks: pair.jwks };
      const { client } = newClient(wish, house.keys, house.clock.now().toISOString());
      await house.clients.add(client);
      const ask = async (port: number | undefined, assertion: string) => {
        const answer = await fetch(`http://127.0.0.1:${port}/oauth/token`, { method: 'POST', body: form(assertion) });
        return { status: answer.status, token: ((await answer.json()) as { access_token?: string }).access_token };
      };
      for (const port of ports) {
        await until('the client is known', 2, async () => {
          const { status } = await ask(port, await assertionOf(client.id, pair, url));
          return status === 200 ? true : undefined;
        });
      }
      const once = await assertionOf(client.id, pair, url);
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(ports[n % 2], once)));
      expect(answers.map(({ status }) => status).toSorted()).to.deep.equal([200, ...Array(19).fill(401)]);
      const token = answers.find((one) => one.token !== undefined)?.token ?? '';
      const read = async (port: number | undefined) =>
        (
          await fetch(`http://127.0.0.1:${port}/t/rxx/fhir/v1/Practitioner`, {
            headers: { authorization: `Bearer ${token}` },
          })
        ).status;
      expect(await Promise.all(ports.map(read))).to.deep.equal([200, 200]);
      await house.clients.put({ ...client, status: 'disabled' });
      for (const port of ports) {
        await until('the client is gone', 2, async () => ((await read(port)) === 401 ? true : undefined));
      }
    } finally {
      for (const server of servers) expect((await server.stop()).status).to.equal(0);
    }
  });

  it('is the work of a day: dates come true once, whoever begins it', async () => {
    const out = join(scratch, 'files');
    const trust = { staff: 30, vpd: '277', ods: 'RXX', seed: 'shared', startDate: '2026-11-23', out };
    const files = generateTrust({ ...trust, days: 1, broken: 0 }).files.map(({ name }) => join(out, name));
    let now = '2026-11-27T09:00:00.000Z';
    const days = async (machines: number) => {
      now = '2026-11-27T09:00:00.000Z';
      const store = database();
      const all: House[] = [];
      for (let n = 0; n < machines; n += 1) all.push(await machine(store, () => new Date(now)));
      const [first] = all;
      if (first === undefined) throw new Error('no machine');
      await first.tenants.apply(trustX);
      for (const file of files) await ingestFile(first.ingest, fileOf(file), 'rxx');
      await comeTrue(first.ingest, 'rxx');
      now = '2026-12-20T09:00:00.000Z';
      const reports = (await Promise.all(all.map(({ ingest }) => comeTrue(ingest, 'rxx')))).flat();
      const { outbox } = first.store.tenant(grantTenant('rxx', 'operator'));
      const events = await outbox.events({ sequence: 0, index: 0 }, 10_000);
      return { reports: reports.toSorted((a, b) => a.day.localeCompare(b.day)), events: events.length };
    };
    const alone = await days(1);
    expect(alone.reports.length).to.be.greaterThan(0);
    expect(await days(2)).to.deep.equal(alone);
  });
}

function fileOf(path: string) {
  const open = async function* () {
    yield readFileSync(path);
  };
  return { name: basename(path), source: 'test', open };
}

function form(assertion: string): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'client_credentials',
    scope: 'system/*.rs',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
}

function assertionOf(client: string, { alg, kid, privateKey }: KeyPair, url: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: client, sub: client, aud: `${url}/oauth/token`, exp: now + 300, iat: now };
  return new SignJWT({ ...claims, jti: randomBytes(8).toString('hex') })
    .setProtectedHeader({ alg, typ: 'JWT', kid })
    .sign(privateKey);
}
