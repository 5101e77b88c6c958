import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import mongoose from 'mongoose';
import type { House } from '../../server/cli/house.ts';
import { present } from '../../server/core/assert.ts';
import type { FileReport } from '../../server/ingest/parts.ts';
import { ingestFile } from '../../server/ingest/run.ts';
import { keyRing } from '../../server/keys/key-ring.ts';
import { openHouse } from '../../server/main.ts';
import { openMongo } from '../../server/store/mongo/open.ts';
import type { Store, TenantStore } from '../../server/store/port.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { isolationModels } from '../../server/tenancy/tenant.ts';
import { commandJson, runCommand, startCommand } from '../support/house-command.ts';
import { trustX, trustY } from '../support/house-open.ts';
import { houseState } from '../support/house-state.ts';
import { dropDatabases, freshDatabase, mongoUri, uriOf } from '../support/mongo-place.ts';
import { smallFile } from '../support/small-files.ts';
import * as fixture from '../support/store-fixture.ts';

const { at, op, refusal, resource, tenantOf } = fixture;
const verify = process.env['VERIFY'] === '1';
const kills = verify ? 12 : 2;
/** From `database`: every model to every other. */
const there = ['collection', 'shared', 'database'] as const;
const back = ['shared', 'collection', 'database'] as const;

describe('A tenant that is moved to another isolation model', function () {
  this.timeout(verify ? 600_000 : 120_000);
  if (mongoUri === undefined) it('is proved where MONGODB_URI names a server');
  else {
    describeStoreMove(mongoUri);
    describeCommand(mongoUri);
  }
});

function describeStoreMove(base: string): void {
  let database: string;
  let store: Store;
  let other: Store;

  beforeEach(async () => {
    database = freshDatabase();
    const keys = keyRing(randomBytes(32));
    const open = () => openMongo({ uri: uriOf(base, database), keys, disclosures: fixture.suiteDisclosures });
    store = await open();
    other = await open();
    for (const tenant of ['one', 'two']) await store.createTenant(tenant, 'database');
  });
  afterEach(async () => {
    await store.close();
    await other.close();
    await dropDatabases(base, database);
  });

  const lease = async () =>
    present(await store.system.leases.acquire('ingest/one', 'mover', 600, new Date(at(0))), 'the lease');

  it('keeps all that it had, from every model to every other, and leaves nothing behind', async () => {
    await fill(tenantOf(store, 'one'), 'one');
    await fill(tenantOf(store, 'two'), 'two');
    const before = await everything(tenantOf(other, 'one'));
    const held = await lease();
    for (const isolation of verify ? [...there, ...back] : there) {
      const moved = present(await store.moveTenant('one', isolation, held), isolation);
      expect(moved.documents).to.be.greaterThan(5);
      expect(moved.blobs).to.equal(2);
      expect(await everything(tenantOf(other, 'one')), isolation).to.deep.equal(before);
      expect(await store.moveTenant('one', isolation, held)).to.equal(undefined);
    }
    expect(await everything(tenantOf(store, 'two'))).to.deep.equal(await everything(tenantOf(other, 'two')));
    await tenantOf(other, 'one').transact([resource('p1', { version: 3 })], at(3));
    expect(await leftOf('shared')).to.equal(0);
    expect(await leftOf('tenants')).to.equal(0);
  });

  const leftOf = async (which: string) => {
    const client = await mongoose.mongo.MongoClient.connect(uriOf(base, 'admin'));
    try {
      const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
      const name = databases.map((one) => one.name).find((one) => one === `${database}-${which}`);
      const collections = name === undefined ? [] : await client.db(name).listCollections().toArray();
      const counts = collections.map((one) => client.db(name).collection(one.name).countDocuments());
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    } finally {
      await client.close();
    }
  };

  it('refuses whoever reads or writes meanwhile, and takes nothing of theirs in half', async () => {
    await fill(tenantOf(store, 'one'), 'one');
    const held = await lease();
    const moving = store.moveTenant('one', 'shared', held);
    const written: string[] = [];
    const refused = new Set<string>();
    let done = false;
    const writer = async () => {
      for (let n = 0; !done; n += 1) {
        const failed = await refusal(tenantOf(other, 'one').transact([resource(`w${n}`)], at(3)));
        if (failed === undefined) written.push(`w${n}`);
        else refused.add(failed);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const writing = writer();
    await moving.finally(() => {
      done = true;
    });
    await writing;
    expect([...refused]).to.deep.equal(['moving']);
    const heads = await tenantOf(store, 'one').resources.heads(
      written.map((id) => ({ contract: 'v1', type: 'Practitioner', id })),
    );
    expect(heads.map(({ id }) => id)).to.have.members(written);
    const numbers = (await tenantOf(other, 'one').resources.counts('v1'))['Practitioner'];
    expect(numbers).to.equal(written.length + 1);
  });

  it('stays where it is when the mover has lost its lease, and can be taken back or moved elsewhere', async () => {
    await fill(tenantOf(store, 'one'), 'one');
    const before = await everything(tenantOf(other, 'one'));
    const held = await lease();
    const lost = { ...held, owner: 'nobody' };
    expect(await refusal(store.moveTenant('one', 'shared', lost))).to.equal('fenced');
    expect(await refusal(tenantOf(other, 'one').transact([], at(3)))).to.equal('moving');
    expect(await store.moveTenant('one', 'database', held)).to.equal(undefined);
    expect(await everything(tenantOf(other, 'one'))).to.deep.equal(before);
    await tenantOf(other, 'one').transact([], at(3));
    expect(await refusal(store.moveTenant('one', 'shared', lost))).to.equal('fenced');
    expect(await store.moveTenant('one', 'collection', held)).to.be.an('object');
    expect(await refusal(store.moveTenant('one', 'shared', lost))).to.equal('fenced');
    await store.destroyTenant('one');
    expect(await refusal(tenantOf(other, 'one').transact([], at(4)))).to.equal('no-tenant');
    expect(await leftOf('shared')).to.equal(0);
  });
}

function ingestSmall(parts: House['ingest'], sequence: number): Promise<readonly FileReport[]> {
  const { name, text } = smallFile('277', sequence);
  return ingestFile(parts, { name, source: 'test', open: () => pieces(text) }, 'rxx');
}

/** Something of everything that a tenant keeps. */
async function fill(tenant: TenantStore, name: string): Promise<void> {
  const unit = { kind: 'person', id: '7' } as const;
  const own = <Op extends object>(one: Op) => ({ ...one, tenant: name });
  const ops = [
    resource('p1', { index: [fixture.token('identifier', 'esr', '7'), fixture.period('date', 1, 2)], unit }),
    op('record', { record: { type: 'person', id: '7', file: 'f1', hash: 'h', slices: [] }, references: [] }),
    op('work-add', { units: [unit], file: 'f1' }),
    op('due', { unit, on: '2026-04-02' }),
    op('file', { file: fixture.fileRow('f1') }),
    op('exception', { exception: fixture.exceptionRow('e1') }),
    op('event', { topic: 'starter-created', body: '{}' }),
    op('audit', { row: '{}' }),
  ];
  await tenant.transact(ops.map(own), at(1));
  await tenant.transact([own(resource('p1', { version: 2, body: 'second' }))], at(2));
  await tenant.audit.append([
    { writer: 'serve', number: 1, at: at(1), bytes: '["Practitioner/p1/1"]', hash: 'a' },
    { writer: 'serve', number: 2, at: at(2), bytes: '[]', hash: 'b' },
  ]);
  for (const blob of ['raw/1', 'raw/2']) {
    await tenant.blobs.put(blob, pieces(`${name} ${blob} `.repeat(20_000)));
  }
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function everything(tenant: TenantStore): Promise<object> {
  const key = { contract: 'v1', type: 'Practitioner', id: 'p1' };
  const blobs: string[] = [];
  for (const blob of ['raw/1', 'raw/2']) {
    const read: Buffer[] = [];
    for await (const piece of tenant.blobs.get(blob)) read.push(piece);
    blobs.push(Buffer.concat(read).toString());
  }
  const found = await tenant.resources.search({
    ...{ contract: 'v1', type: 'Practitioner', count: 9, total: true },
    where: { is: 'token', param: 'identifier', system: 'esr', code: '7' },
    sort: { by: 'sequence', descending: false },
  });
  return {
    head: await tenant.head(),
    history: (await tenant.resources.history(key, { count: 9 })).map(({ body, ...rest }) => [rest, body.toString()]),
    found: [found.total, found.matches.map(({ id, body }) => [id, body.toString()])],
    records: await tenant.records.get([{ type: 'person', id: '7' }]),
    work: await tenant.records.work(9),
    due: await tenant.records.due('2027-01-01', 9),
    files: await tenant.ledger.files(),
    exceptions: await tenant.ledger.exceptions({}),
    events: await tenant.outbox.events({ sequence: 0, index: 0 }, 9),
    audits: await tenant.outbox.audits(9),
    audit: await tenant.audit.scan({ descending: false, count: 9 }),
    disclosing: await tenant.audit.disclosing('Practitioner/p1'),
    blobs,
  };
}

function describeCommand(base: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-move-'));
  const master = randomBytes(32).toString('hex');
  const database = freshDatabase();
  const store = uriOf(base, database);
  const machine = {
    data: join(scratch, 'one'),
    settings: { ESR_FHIR_STORE: store, ESR_FHIR_MASTER_KEY: master },
  };
  const inHouse = async <T>(work: (tenant: TenantStore, house: House) => Promise<T>) => {
    const settings = { store, masterKey: master, logLevel: 'error' };
    const house = await openHouse({ data: join(scratch, 'other') }, { create: true, settings });
    try {
      return await work(house.store.tenant(grantTenant('rxx', 'operator')), house);
    } finally {
      await house.close();
    }
  };
  const tenantRow = async () => {
    const { tenants } = (await commandJson(machine, 'tenant', 'list')) as { tenants: { id: string }[] };
    return tenants.find(({ id }) => id === 'rxx');
  };
  after(async () => {
    await dropDatabases(base, database);
    rmSync(scratch, { recursive: true, force: true });
  });

  it('comes through kill -9 at any moment of the move: said again, the command ends it, with nothing lost', async () => {
    const before = await inHouse(async (tenant, { tenants, ingest }) => {
      for (const trust of [trustX, trustY]) await tenants.apply(trust);
      for (const sequence of [1, 2]) await ingestSmall(ingest, sequence);
      return houseState(tenant);
    });
    const began = performance.now();
    expect(await commandJson(machine, 'tenant', 'move', 'rxx', '--isolation', 'collection')).to.include({
      moved: true,
    });
    const wholeMs = performance.now() - began;
    for (let kill = 0; kill < kills; kill += 1) {
      const isolation = present(isolationModels[(kill + 2) % isolationModels.length], 'a model');
      const { child, done } = startCommand(machine, ['tenant', 'move', 'rxx', '--isolation', isolation]);
      const timer = setTimeout(() => child.kill('SIGKILL'), (wholeMs * (kill + 1)) / (kills + 1));
      await done;
      clearTimeout(timer);
      const again = await runCommand(machine, 'tenant', 'move', 'rxx', '--isolation', isolation);
      expect(again, again.stderr).to.include({ status: 0 });
      expect(await tenantRow()).to.include({ isolation, status: 'active' });
      expect(await inHouse(houseState), `after kill ${kill + 1}`).to.deep.equal(before);
    }
    const verified = await runCommand(machine, 'audit', 'verify', '--tenant', 'rxx');
    expect(verified, verified.stdout).to.include({ status: 0 });
    const moves = await inHouse(async (tenant) => tenant.outbox.audits(100));
    expect(moves.filter(({ row }) => row.includes('tenant-move')).length).to.be.at.least(kills + 1);
    await inHouse(async (_, { ingest }) => {
      const [report] = await ingestSmall(ingest, 3);
      expect(report).to.include({ state: 'applied' });
    });
  });

  it('was suspended before and is so after; a model that is none ends with 2', async () => {
    await commandJson(machine, 'tenant', 'suspend', 'ryy');
    await commandJson(machine, 'tenant', 'move', 'ryy', '--isolation', 'shared');
    const { tenants } = (await commandJson(machine, 'tenant', 'list')) as { tenants: object[] };
    expect(tenants.find((one) => 'id' in one && one.id === 'ryy')).to.include({
      isolation: 'shared',
      status: 'suspended',
    });
    expect(await runCommand(machine, 'tenant', 'move', 'ryy', '--isolation', 'none')).to.include({ status: 2 });
    expect(await runCommand(machine, 'tenant', 'move', 'nobody', '--isolation', 'shared')).to.include({ status: 1 });
  });
}
