import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { newClient } from '../../server/auth/new-client.ts';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import type { House } from '../../server/cli/house.ts';
import { ingestFile } from '../../server/ingest/run.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { commandJson, type ServingCommand, serveCommand, until } from '../support/house-command.ts';
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

  /** Until no file and no unit waits any more. */
  const finished = async (house: House) => {
    const { ledger, records } = tenantIn(house);
    await until('what was begun is finished', 120, async () => {
      const waits = (await ledger.files()).some(({ state }) => state === 'applying' || state === 'received');
      return waits || (await records.work(1)).length > 0 ? undefined : true;
    });
  };
  /** Tokens of a server, for reading and for bringing files. */
  const tokens =
    ({ url }: ServingCommand) =>
    async ({ keys, clients, clock }: House): Promise<Tokens> => {
      const made = async (scope: string, admin: boolean) => {
        const wish = { name: 'test', tenant: 'rxx', scope, contracts: admin ? [] : ['v1'], admin };
        const { client, secret = '' } = newClient(wish, keys, clock.now().toISOString());
        await clients.add(client);
        return until('the client is known', 10, () => tokenOf(url, client.id, secret));
      };
      return { read: await made('system/*.rs', false), write: await made('admin/files.write', true) };
    };
  /** Brings the files in their order; `taken`: those that the server says it has. */
  const upload = async ({ url }: ServingCommand, { write }: Tokens, taken: Set<string>) => {
    for (const file of files) {
      const answer = await fetch(`${url}/admin/v1/tenants/rxx/files?name=${basename(file)}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${write}` },
        body: readFileSync(file),
      });
      expect(answer.status).to.equal(202);
      taken.add(basename(file));
    }
  };

  before(async () => {
    const out = join(scratch, 'files');
    const trust = { staff: verify ? 300 : 30, vpd: '277', ods: 'RXX', seed: 'servers', startDate: '2020-01-01' };
    files.push(...generateTrust({ ...trust, out, days: 1, broken: 0.01 }).files.map(({ name }) => join(out, name)));
    const { store, one } = await machines();
    const server = await serveCommand(one);
    const began = performance.now();
    await upload(server, await inHouse(store, tokens(server)), new Set());
    await inHouse(store, (house) => finished(house));
    wholeMs = performance.now() - began;
    undisturbed = await inHouse(store, (house) => houseState(tenantIn(house)));
    expect((await server.stop()).status).to.equal(0);
    expect(undisturbed.files).to.have.lengthOf(files.length);
  });

  after(async () => {
    for (const database of databases) await dropDatabases(base, database);
    rmSync(scratch, { recursive: true, force: true });
  });

  for (let kill = 0; kill < kills; kill += 1) {
    it(`finish each other’s killed ingests under load, nothing lost or doubled (kill ${kill + 1}/${kills})`, async () => {
      const { store, one, other } = await machines();
      const [killed, left] = await Promise.all([serveCommand(one), serveCommand(other)]);
      try {
        const [first, second] = [await inHouse(store, tokens(killed)), await inHouse(store, tokens(left))];
        const loads = [load(killed, first), load(left, second)] as const;
        const taken = new Set<string>();
        const uploading = upload(killed, first, taken).catch(() => undefined);
        const chance = ((kill * 7_919 + 104_729) % 1_000) / 1_000;
        await new Promise((resolve) => setTimeout(resolve, (wholeMs * (kill + chance)) / kills));
        const before = loads[0].stop();
        await killed.kill();
        await uploading;
        await inHouse(store, finished);
        const [answered, failed] = [await before, await loads[1].stop()];
        expect(answered.wrong, 'answers of the one that is killed').to.deep.equal([]);
        expect(failed.wrong, 'answers of the other one').to.deep.equal([]);
        expect(failed.good).to.be.greaterThan(0);
        const state = await inHouse(store, async (house) => {
          const names = (await tenantIn(house).ledger.files()).map(({ name }) => name);
          expect(names, 'files that the killed server said it had').to.include.members([...taken]);
          // What it had not taken is brought again.
          await ingest(house);
          return houseState(tenantIn(house));
        });
        for (const member of ['files', 'records', 'exceptions', 'events', 'versions'] as const) {
          expect(state[member], member).to.deep.equal(undisturbed[member]);
        }
      } finally {
        expect((await left.stop()).status).to.equal(0);
      }
    });
  }

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

interface Tokens {
  readonly read: string;
  readonly write: string;
}

/** Undefined where the server does not know the client yet. */
async function tokenOf(url: string, id: string, secret: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (!answer.ok) return undefined;
  return ((await answer.json()) as { readonly access_token: string }).access_token;
}

/** Searches one after the other until told to stop; how many were answered, and what was wrong with the others. */
function load({ url }: ServingCommand, { read }: Tokens) {
  const counted = { good: 0, wrong: [] as string[] };
  let stopped = false;
  const one = async (query: string) => {
    const answer = await fetch(`${url}/t/rxx/fhir/v1/${query}`, { headers: { authorization: `Bearer ${read}` } });
    const text = await answer.text();
    if (answer.status === 200 && text.endsWith('}')) counted.good += 1;
    else counted.wrong.push(`${query}: ${answer.status} ${text.slice(0, 200)}`);
  };
  const asking = (async () => {
    while (!stopped) {
      for (const query of [
        'PractitionerRole?_count=5&_include=PractitionerRole:practitioner',
        'Practitioner?_count=0',
      ]) {
        // An answer that breaks off is the killed server's last.
        await one(query).catch((error) => stopped || counted.wrong.push(`${query}: ${error}`));
      }
    }
  })();
  return {
    async stop() {
      stopped = true;
      await asking;
      return counted;
    },
  };
}
