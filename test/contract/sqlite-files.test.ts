import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Database from 'better-sqlite3-multiple-ciphers';
import { expect } from 'chai';
import { keyRing } from '../../server/keys/key-ring.ts';
import type { Store } from '../../server/store/port.ts';
import { openSqlite } from '../../server/store/sqlite/open.ts';
import * as fixture from '../support/store-fixture.ts';

const { at, refusal, resource, tenantOf } = fixture;
const run = promisify(execFile);
const marker = 'MARKER-of-a-secret';

describe('the SQLite store on its files', () => {
  const master = randomBytes(32);
  let path: string;
  let clear: () => Promise<void>;
  let store: Store;

  const open = (key = master, more: { tenantHandlesMax?: number } = {}) =>
    openSqlite({
      directory: path,
      keys: keyRing(key),
      schema: fixture.suiteSchema,
      disclosures: fixture.suiteDisclosures,
      ...more,
    });

  beforeEach(async () => {
    const folder = await fixture.temporaryFolder();
    path = folder.path;
    clear = folder.clear;
    store = await open();
    await store.createTenant('one');
  });

  afterEach(async () => {
    await store.close();
    await clear();
  });

  const blobFiles = () => readdirSync(join(path, 'tenants/one/raw')).map((name) => join(path, 'tenants/one/raw', name));
  const read = async (name: string) => {
    let bytes = 0;
    for await (const part of tenantOf(store, 'one').blobs.get(name)) bytes += part.length;
    return bytes;
  };
  async function* sample(length: number): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(length, marker);
  }

  it('keeps what was put just before it closed', async () => {
    const row = { model: 'M', id: 'a', payload: '{}', expiresAt: null, grantId: null, uid: null, consumedAt: null };
    const put = store.system.oauth.put(row, true);
    await store.close();
    await put;
    store = await open();
    expect(await store.system.oauth.get('M', 'a', new Date(at(0)))).to.deep.equal(row);
  });

  it('does not open with another master key', async () => {
    expect(await refusal(open(randomBytes(32)))).to.equal('corrupt');
  });

  it('opens files that took their key for a password, as they once did', async () => {
    await store.close();
    const system = new Database(join(path, 'system.db'));
    system.pragma("cipher='aegis'");
    system.key(Buffer.concat([Buffer.from('raw:'), keyRing(master).derive('system-store')]));
    system.pragma('journal_mode=DELETE');
    system.rekey(keyRing(master).derive('system-store'));
    system.close();
    store = await open();
    await tenantOf(store, 'one').transact([resource('p1')], at(1));
    expect((await tenantOf(store, 'one').head()).sequence).to.equal(1);
  });

  it('leaves nothing in clear in any file', async () => {
    const tenant = tenantOf(store, 'one');
    const index = [fixture.text('family', marker), fixture.token('identifier', marker, marker)];
    await tenant.transact([resource(marker, { body: marker, index })], at(1));
    await tenant.audit.append([{ writer: marker, number: 1, at: at(1), bytes: `["${marker}"]`, hash: marker }]);
    await tenant.blobs.put(marker, sample(100_000));
    await store.system.documents.put(marker, marker, marker);
    const stage = await tenant.stage(marker);
    await stage.put([fixture.stagedRow(marker, { fields: marker })]);
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' });
    expect(files.join(' '))
      .to.match(/data\.db.*stage\.db/s)
      .and.not.include(marker);
    for (const name of files) {
      const full = join(path, name);
      if (statSync(full).isFile()) expect(readFileSync(full).includes(marker), name).to.equal(false);
    }
  });

  it('removes the key and every file of a destroyed tenant', async () => {
    await tenantOf(store, 'one').transact([resource('p1')], at(1));
    await store.destroyTenant('one');
    expect(readdirSync(join(path, 'tenants'))).to.deep.equal([]);
  });

  it('calls a blob corrupt that was cut, changed, reordered, lengthened or swapped', async () => {
    const chunk = 65_536 + 16;
    const { blobs } = tenantOf(store, 'one');
    const tampered = async (change: (bytes: Buffer) => Buffer) => {
      await blobs.put('x', sample(200_000));
      const [file = ''] = blobFiles();
      writeFileSync(file, change(readFileSync(file)));
      return refusal(read('x'));
    };
    const chunks = (bytes: Buffer) => [0, 1].map((n) => bytes.subarray(40 + n * chunk, 40 + (n + 1) * chunk));
    const changes: readonly ((bytes: Buffer) => Buffer)[] = [
      (bytes) => bytes.subarray(0, -1),
      (bytes) => bytes.subarray(0, 40 + 2 * chunk),
      (bytes) => bytes.subarray(0, 40),
      (bytes) => bytes.subarray(0, 5),
      (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
      (bytes) => Buffer.concat([bytes.subarray(0, 40), ...chunks(bytes).reverse(), bytes.subarray(40 + 2 * chunk)]),
      (bytes) => Buffer.from(bytes.map((byte, n) => (n === 100_000 ? byte ^ 1 : byte))),
    ];
    for (const change of changes) expect(await tampered(change)).to.equal('corrupt');
    await blobs.put('x', sample(10));
    const [first = ''] = blobFiles();
    renameSync(first, join(path, 'aside'));
    await blobs.put('y', sample(10));
    const [second = ''] = blobFiles();
    renameSync(join(path, 'aside'), second);
    expect(await refusal(read('y'))).to.equal('corrupt');
  });

  it('keeps answers until anybody writes to the file, and no longer', async () => {
    const other = await open();
    const where = { is: 'token', param: 'active', system: null, code: 'true' } as const;
    const sort = { by: 'sequence', descending: false } as const;
    const query = { contract: 'v1', type: 'Practitioner', where, sort, count: 1, total: true };
    const index = [fixture.token('active', null, 'true')];
    const seen = async () => {
      await nextTurn();
      const { resources } = tenantOf(store, 'one');
      const page = await resources.search(query);
      const second = page.next === undefined ? undefined : await resources.search({ ...query, after: page.next });
      const read = await resources.read({ contract: 'v1', type: 'Practitioner', id: 'p1' });
      return [read?.version, page.total, page.matches[0]?.version, second?.matches[0]?.id];
    };
    expect(await seen()).to.deep.equal([undefined, 0, undefined, undefined]);
    for (const [n, writer] of [store, other, store, other].entries()) {
      await tenantOf(writer, 'one').transact([resource('p1', { version: n + 1, index })], at(n));
      for (const _ of [1, 2]) expect(await seen(), `write ${n}`).to.deep.equal([n + 1, 1, n + 1, undefined]);
    }
    await tenantOf(other, 'one').transact([resource('p2', { index })], at(5));
    for (const _ of [1, 2]) expect(await seen()).to.deep.equal([4, 2, 4, 'p2']);
    await tenantOf(other, 'one').transact([fixture.deletion('p1', 5)], at(6));
    for (const _ of [1, 2]) expect(await seen()).to.deep.equal([5, 1, 1, undefined]);
    await other.close();
  });

  it('closes the files of the tenant unused for longest, and opens them when used again', async () => {
    await store.close();
    store = await open(master, { tenantHandlesMax: 2 });
    const held = tenantOf(store, 'one');
    await held.transact([resource('p1')], at(1));
    for (const id of ['two', 'three', 'four']) {
      await store.createTenant(id);
      await tenantOf(store, id).transact([resource('p1', { tenant: id })], at(1));
    }
    await held.transact([resource('p1', { version: 2 })], at(2));
    expect((await tenantOf(store, 'two').head()).sequence).to.equal(1);
    expect((await held.head()).sequence).to.equal(2);
    await store.destroyTenant('one');
    expect(await refusal(held.head())).to.equal('no-tenant');
  });

  it('adds the columns and tables of a later release to the contracts that are there', async () => {
    await tenantOf(store, 'one').transact([resource('p1')], at(1));
    await store.close();
    const more = [
      { param: 'born', kind: 'date', multiple: false },
      { param: 'phone', kind: 'token', multiple: true },
    ] as const;
    const schema = { ...fixture.suiteSchema, Practitioner: [...more, ...(fixture.suiteSchema['Practitioner'] ?? [])] };
    store = await openSqlite({ directory: path, keys: keyRing(master), schema, disclosures: () => [] });
    const index = [
      fixture.token('phone', null, '1'),
      fixture.period('born', 1, 2),
      fixture.token('active', null, 'true'),
    ];
    await tenantOf(store, 'one').transact([resource('p2', { index }), resource('p1', { version: 2 })], at(2));
    const ids = async (where: Parameters<ReturnType<typeof tenantOf>['resources']['search']>[0]['where']) => {
      const query = { contract: 'v1', type: 'Practitioner', where, count: 9, total: false } as const;
      const sort = { by: 'id', descending: false } as const;
      return (await tenantOf(store, 'one').resources.search({ ...query, sort })).matches.map((match) => match.id);
    };
    expect(await ids({ is: 'token', param: 'phone', code: '1' })).to.deep.equal(['p2']);
    expect(await ids({ is: 'missing', param: 'born' })).to.deep.equal(['p1']);
    expect(await ids({ is: 'token', param: 'active', code: 'true' })).to.deep.equal(['p2']);
  });

  it("takes over at once the lease of this host's dead process, and no other", async () => {
    const { leases } = store.system;
    const child = execFile(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.once('exit', resolve));
    const now = new Date(at(0));
    const owner = (pid: number | undefined, host = hostname()) => `pid:${host}:${pid}:abc`;
    await leases.acquire('dead', owner(child.pid), 30, now);
    expect(await leases.current('dead')).to.equal(undefined);
    expect((await leases.acquire('dead', 'next', 30, now))?.epoch).to.equal(2);
    await leases.acquire('alive', owner(process.pid), 30, now);
    expect(await leases.acquire('alive', 'next', 30, now)).to.equal(undefined);
    expect((await leases.current('alive'))?.epoch).to.equal(1);
    await leases.acquire('elsewhere', owner(child.pid, 'another-host'), 30, now);
    expect(await leases.acquire('elsewhere', 'next', 30, now)).to.equal(undefined);
  });

  it('lets several processes open, migrate and write one fresh folder at once', async () => {
    await store.close();
    await clear();
    const folder = await fixture.temporaryFolder();
    clear = folder.clear;
    const child = fileURLToPath(new URL('../support/store-child.ts', import.meta.url));
    const start = (name: string) =>
      run(process.execPath, ['--import', 'tsx', child, folder.path, master.toString('hex'), name, '15']);
    await Promise.all(['a', 'b', 'c'].map(start));
    path = folder.path;
    store = await open();
    expect((await tenantOf(store, 'one').head()).sequence).to.equal(45);
    expect(await tenantOf(store, 'one').resources.counts('v1')).to.deep.equal({ Practitioner: 45 });
    expect(await store.system.documents.counter()).to.equal(45);
  }).timeout(60_000);
});
