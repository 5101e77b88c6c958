import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import type { House } from '../../server/cli/house.ts';
import { ingestFile } from '../../server/ingest/run.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import {
  commandJson,
  runCommand,
  type ServingCommand,
  serveCommand,
  startCommand,
  until,
} from '../support/house-command.ts';
import { trustX } from '../support/house-open.ts';
import { type HouseState, houseState } from '../support/house-state.ts';
import { dropDatabases, freshDatabase, mongoUri, uriOf } from '../support/mongo-place.ts';

const verify = process.env['VERIFY'] === '1';
const kills = verify ? 20 : 2;

describe('Two servers on one MongoDB', function () {
  this.timeout(verify ? 600_000 : 120_000);
  if (mongoUri === undefined) it('are proved where MONGODB_URI names a server');
  else describeServers(mongoUri);
});

function describeServers(base: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-servers-'));
  const master = randomBytes(32);
  const databases: string[] = [];
  const files: string[] = [];
  let undisturbed: HouseState;
  let wholeMs = 0;
  let startMs = 0;

  /** Two machines: a data folder each, one database, one master key; with the tenant `rxx`. */
  const machines = async () => {
    const database = freshDatabase();
    databases.push(database);
    const store = uriOf(base, database);
    const settings = { ESR_FHIR_STORE: store, ESR_FHIR_MASTER_KEY: master.toString('hex') };
    const machine = (name: string) => ({ data: join(scratch, `${database}-${name}`), settings });
    await inHouse(store, async ({ tenants }) => void (await tenants.apply(trustX)));
    return { store, one: machine('one'), other: machine('other') };
  };
  /** A third machine, in this process. */
  const inHouse = async <T>(store: string, work: (house: House) => Promise<T>): Promise<T> => {
    const settings = { store, masterKey: master.toString('hex'), logLevel: 'error' };
    const house = await openHouse({ data: join(scratch, 'third') }, { create: true, settings });
    try {
      return await work(house);
    } finally {
      await house.close();
    }
  };
  const tenantIn = ({ store }: House) => store.tenant(grantTenant('rxx', 'operator'));
  const ingest = async (house: House) => {
    for (const file of files) {
      const open = async function* () {
        yield readFileSync(file);
      };
      await ingestFile(house.ingest, { name: basename(file), source: 'test', open }, 'rxx');
    }
  };

  before(async () => {
    const out = join(scratch, 'files');
    const trust = { staff: verify ? 300 : 30, vpd: '277', ods: 'RXX', seed: 'servers', startDate: '2020-01-01' };
    files.push(...generateTrust({ ...trust, out, days: 1, broken: 0.01 }).files.map(({ name }) => join(out, name)));
    const { store, one } = await machines();
    let began = performance.now();
    await runCommand(one, 'tenant', 'list');
    startMs = performance.now() - began;
    began = performance.now();
    const ran = await runCommand(one, 'ingest', '--tenant', 'rxx', ...files);
    expect(ran.status, ran.stderr).to.equal(0);
    wholeMs = performance.now() - began;
    undisturbed = await inHouse(store, (house) => houseState(tenantIn(house)));
  });

  after(async () => {
    for (const database of databases) await dropDatabases(base, database);
    rmSync(scratch, { recursive: true, force: true });
  });

  it('finish each other’s killed ingests, with nothing lost or doubled', async () => {
    for (let kill = 0; kill < kills; kill += 1) {
      const { store, one, other } = await machines();
      const server = await serveCommand(other);
      try {
        const { child, done } = startCommand(one, ['ingest', '--tenant', 'rxx', ...files]);
        const chance = ((kill * 7_919 + 104_729) % 1_000) / 1_000;
        const timer = setTimeout(
          () => child.kill('SIGKILL'),
          startMs + ((wholeMs - startMs) * (kill + chance)) / kills,
        );
        await done;
        clearTimeout(timer);
        const state = await inHouse(store, async (house) => {
          const { ledger, records } = tenantIn(house);
          await until('the other server finishes what was begun', 60, async () => {
            const begun = (await ledger.files()).some((file) => file.state === 'applying');
            return begun || (await records.work(1)).length > 0 ? undefined : true;
          });
          // What the killed process had not even received is brought again.
          await ingest(house);
          return houseState(tenantIn(house));
        });
        for (const member of ['files', 'records', 'exceptions', 'events', 'versions'] as const) {
          expect(state[member], `${member} after kill ${kill + 1}`).to.deep.equal(undisturbed[member]);
        }
      } finally {
        await server.stop();
      }
    }
  });

  it('serve one store at once: each sees what the other was told, with an audit chain of its own', async () => {
    const { store, one, other } = await machines();
    const servers: ServingCommand[] = [await serveCommand(one), await serveCommand(other)];
    try {
      const client = (await commandJson(
        one,
        ...['client', 'add', '--tenant', 'rxx', '--name', 'c', '--scope', 'system/*.rs'],
      )) as { readonly client_id: string; readonly client_secret: string };
      const credentials = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
      const count = async ({ url }: ServingCommand) => {
        const answer = await fetch(`${url}/oauth/token`, {
          method: 'POST',
          headers: { authorization: `Basic ${credentials}` },
          body: new URLSearchParams({ grant_type: 'client_credentials' }),
        });
        if (!answer.ok) return undefined;
        const { access_token: token } = (await answer.json()) as { readonly access_token: string };
        const found = await fetch(`${url}/t/rxx/fhir/v1/Practitioner?_summary=count`, {
          headers: { authorization: `Bearer ${token}` },
        });
        return found.ok ? ((await found.json()) as { readonly total: number }).total : undefined;
      };
      for (const server of servers) expect(await until('the client is known', 5, () => count(server))).to.equal(0);
      await inHouse(store, ingest);
      const [first, second] = await Promise.all(servers.map(count));
      expect(first).to.be.greaterThan(0);
      expect(second).to.equal(first);
    } finally {
      for (const server of servers) expect((await server.stop()).status).to.equal(0);
    }
    const writers = await inHouse(store, (house) => tenantIn(house).audit.writers());
    expect(writers).to.include.members(['serve', 'serve-2']);
  });
}
