import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { present } from '../../server/core/assert.ts';
import { keyRing } from '../../server/keys/key-ring.ts';
import { applyDelivery, deliveryStore } from '../../server/store/mongo/delivery.ts';
import { journalOf } from '../../server/store/mongo/journal.ts';
import { openMongo } from '../../server/store/mongo/open.ts';
import { deliveryParts, type TenantParts, tenantParts } from '../../server/store/mongo/tenant-parts.ts';
import { applyBatch, draftOf } from '../../server/store/mongo/transact.ts';
import type { Op, Store } from '../../server/store/port.ts';
import { dropDatabases, freshDatabase, mongoUri, uriOf } from '../support/mongo-place.ts';
import { needs } from '../support/needs.ts';
import * as fixture from '../support/store-fixture.ts';

const { at, op, resource, tenantOf } = fixture;
const key = { contract: 'v1', type: 'Practitioner', id: 'p1' };
const number = (n: number) => String(n).padStart(10, '0');

/** What a process without transactions leaves behind that died after its commit and before it had written anything. */
const batchOps: readonly Op[] = [
  resource('p1', { body: 'from the journal', index: [fixture.token('identifier', 'esr', '7')] }),
  op('record', { record: { type: 'person', id: '7', file: 'f1', hash: 'h', slices: [] }, references: [] }),
  op('work-add', { units: [{ kind: 'person', id: '7' }], file: 'f1' }),
  op('event', { topic: 'starter-created', body: '{}' }),
];

describe('The journal on MongoDB', function () {
  this.timeout(30_000);
  if (mongoUri === undefined) it('is proved where MONGODB_URI names a server');
  else describeJournal(mongoUri);
});

function describeJournal(base: string): void {
  const database = freshDatabase();
  let store: Store;
  let raw: Connection;
  let parts: TenantParts;

  const open = (transactions: boolean) =>
    openMongo({
      uri: uriOf(base, database),
      keys: keyRing(master),
      disclosures: fixture.suiteDisclosures,
      transactions,
    });
  const master = randomBytes(32);

  beforeEach(async () => {
    store = await open(false);
    await store.createTenant('one');
    raw = await mongoose.createConnection(uriOf(base, database)).asPromise();
    const row = await raw.collection<{ _id: string; life: string }>('tenant').findOne({ _id: 'one' });
    const connection = raw.useDb(`${database}-one-${row?.life}`);
    parts = tenantParts({ connection, tenant: undefined, prefix: '', majorityReads: false });
  });

  afterEach(async () => {
    await store.close();
    await raw.close();
    await dropDatabases(base, database);
  });

  const left = async (sequence: number, ops: readonly Op[], inPieces = false) => {
    const text = JSON.stringify(ops);
    const entry = { sequence, at: at(sequence), ms: Date.parse(at(sequence)), done: false, fences: [] };
    const pieces = [text.slice(0, 50), text.slice(50)];
    for (const [n, piece] of pieces.entries()) {
      const document = { sequence, writer: 'w1', text: piece };
      if (inPieces) await parts.payload.insertNew(`${number(sequence)}/w1/${number(n)}`, document);
    }
    await parts.batch.insertNew(number(sequence), { ...entry, ...(inPieces ? { payload: 'w1' } : { ops: text }) });
  };

  const expectWritten = async () => {
    const tenant = tenantOf(store, 'one');
    expect((await tenant.resources.read(key))?.body.toString()).to.equal('from the journal');
    expect(await tenant.resources.history(key, { count: 9 })).to.have.length(1);
    expect(await tenant.records.counts()).to.deep.equal({ person: 1 });
    expect(await tenant.records.work(9)).to.have.length(1);
    expect(await tenant.outbox.events({ sequence: 0, index: 0 }, 9)).to.have.length(1);
    expect(await parts.batch.count({ done: false })).to.equal(0);
    expect(await parts.payload.count({})).to.equal(0);
  };

  for (const inPieces of [false, true]) {
    it(`is finished for a dead writer by whoever asks for the head (${inPieces ? 'in pieces' : 'whole'})`, async () => {
      await left(1, batchOps, inPieces);
      expect(await tenantOf(store, 'one').head()).to.deep.equal({ sequence: 1, at: at(1) });
      await expectWritten();
    });
  }

  it('is finished by a reader that finds it unfinished for long enough', async () => {
    await left(1, batchOps);
    const reader = tenantOf(store, 'one').resources;
    const until = Date.now() + 10_000;
    while ((await reader.read(key)) === undefined && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await expectWritten();
  });

  it('is finished by the next writer, who then sees what it says', async () => {
    await left(1, batchOps);
    const refused = await fixture.refusal(tenantOf(store, 'one').transact([resource('p1')], at(2)));
    expect(refused).to.equal('conflict');
    await tenantOf(store, 'one').transact([resource('p1', { version: 2, body: 'next' })], at(2));
    expect((await tenantOf(store, 'one').resources.vread(key, 1))?.body.toString()).to.equal('from the journal');
  });

  it('is finished by processes with transactions too', async function () {
    const other = await open(true);
    try {
      needs(this, 'transactions', other.capabilities.atomicReads);
      await left(1, batchOps);
      await tenantOf(other, 'one').transact([resource('p2')], at(2));
      expect(await tenantOf(other, 'one').resources.counts('v1')).to.deep.equal({ Practitioner: 2 });
    } finally {
      await other.close();
    }
  });

  it('is read and written, and a store is opened, beside a transaction that a dead process left open', async function () {
    needs(this, 'VERIFY=1', process.env['VERIFY'] === '1');
    const other = await open(true);
    const session = await raw.startSession();
    try {
      needs(this, 'transactions', other.capabilities.atomicReads);
      session.startTransaction();
      await raw.collection<{ _id: string }>('setting').insertOne({ _id: 'unfinished' }, { session });
      const ended = new Promise((resolve) => setTimeout(resolve, 6_000)).then(() => session.abortTransaction());
      const [third] = await Promise.all([
        open(true),
        tenantOf(other, 'one').resources.counts('v1'),
        other.system.leases.acquire('ingest/one', 'a', 30, new Date(at(0))),
        tenantOf(other, 'one').transact([resource('p1')], at(1)),
      ]);
      await ended;
      expect(third.capabilities.atomicReads).to.equal(true);
      expect(await tenantOf(third, 'one').resources.counts('v1')).to.deep.equal({ Practitioner: 1 });
      expect(await third.system.leases.current('ingest/one')).to.include({ owner: 'a', epoch: 1 });
      await third.close();
    } finally {
      await session.endSession();
      await other.close();
    }
  });

  it('takes a writer that comes late for one that came in time', async () => {
    const tenant = tenantOf(store, 'one');
    await tenant.transact(batchOps, at(1));
    const done = op('work-done', { units: [{ kind: 'person', id: '7' }] });
    const gone = op('record-delete', { key: { type: 'person', id: '7' } });
    await tenant.transact([resource('p1', { version: 2, body: 'newer' }), done, gone], at(2));
    await applyBatch(parts, { sequence: 1, at: at(1) }, batchOps);
    expect((await tenant.resources.read(key))?.body.toString()).to.equal('newer');
    expect(await tenant.resources.history(key, { count: 9 })).to.have.length(2);
    expect(await tenant.records.work(9)).to.deep.equal([]);
    expect(await tenant.records.counts()).to.deep.equal({});
    expect(await tenant.outbox.events({ sequence: 0, index: 0 }, 9)).to.have.length(1);
  });

  for (const fences of [true, false]) {
    it(`${fences ? 'shuts out' : 'would let in'} an earlier holder that has looked and inserts late, ${fences ? 'as' : 'unless'} the next one fences`, async () => {
      const { leases } = store.system;
      const tenant = tenantOf(store, 'one');
      await tenant.transact([], at(1));
      const first = present(await leases.acquire('ingest/one', 'a', 30, new Date(at(0))), 'the first lease');
      // The first holder is held up between its look at the lease and its insert; meanwhile the lease changes hands.
      let heldUp = true;
      const insertNew: typeof parts.batch.insertNew = async (...entry) => {
        if (heldUp) {
          heldUp = false;
          const second = present(await leases.acquire('ingest/one', 'b', 30, new Date(at(31))), 'the second lease');
          if (fences) await tenant.fence(second);
        }
        return parts.batch.insertNew(...entry);
      };
      const slow = { ...parts, batch: { ...parts.batch, insertNew } };
      const journal = journalOf<TenantParts>({
        parts: async () => () => slow,
        apply: applyBatch,
        transaction: undefined,
      });
      let looks = 0;
      const draft = draftOf('one', [resource('p1')], at(2), first, async () => {
        looks += 1;
        return looks === 1 || fences;
      });
      expect(await fixture.refusal(journal.commit(draft))).to.equal(fences ? 'fenced' : undefined);
      expect((await tenant.resources.read(key)) === undefined).to.equal(fences);
    });
  }

  it('takes no number where the last holder gave the lease back', async () => {
    const { leases } = store.system;
    const first = present(await leases.acquire('ingest/one', 'a', 30, new Date(at(0))), 'the first lease');
    await leases.release(first);
    const second = present(await leases.acquire('ingest/one', 'b', 30, new Date(at(1))), 'the second lease');
    await tenantOf(store, 'one').fence(second);
    expect((await tenantOf(store, 'one').head()).sequence).to.equal(0);
  });

  it('lets nobody of an earlier epoch write once a later one has written', async () => {
    const { leases } = store.system;
    const first = await leases.acquire('ingest/one', 'a', 30, new Date(at(0)));
    const second = await leases.acquire('ingest/one', 'b', 30, new Date(at(31)));
    await tenantOf(store, 'one').transact([], at(31), second);
    const fences = (await parts.batch.findOne({ _id: number(1) }))?.fences;
    expect(fences).to.deep.equal([{ name: 'ingest/one', epoch: 2 }]);
    // Even where the lease itself is given up again: the journal remembers.
    await parts.batch.insertNew(number(2), { sequence: 2, at: at(32), ms: Date.parse(at(32)), done: true, fences });
    expect(await fixture.refusal(tenantOf(store, 'one').transact([], at(33), first))).to.equal('fenced');
  });

  for (const fences of [true, false]) {
    it(`shuts a delivery out that has looked and writes late, ${fences ? 'as' : 'but not unless'} the next holder fences`, async () => {
      const { leases } = store.system;
      const { delivery } = tenantOf(store, 'one');
      const first = present(await leases.acquire('delivery/one', 'a', 30, new Date(at(0))), 'the first lease');
      let looks = 0;
      const leasing = {
        held: async () => {
          looks += 1;
          return looks === 1 || !fences;
        },
        tookOver: async () => true,
      };
      const slow = {
        ...parts.turn,
        insertNew: async (...entry: Parameters<typeof parts.turn.insertNew>) => {
          const second = await leases.acquire('delivery/one', 'b', 30, new Date(at(31)));
          if (second !== undefined && fences) await delivery.fence(second);
          return parts.turn.insertNew(...entry);
        },
      };
      const late = deliveryStore(
        async () => parts,
        journalOf<TenantParts>({
          parts: async () => () => deliveryParts({ ...parts, turn: slow }),
          apply: applyDelivery,
          transaction: undefined,
        }),
        leasing,
      );
      const rows = [{ row: 'note', kind: 'progress', id: 's1', body: 'late' }] as const;
      expect(await fixture.refusal(late.write(rows, first))).to.equal(fences ? 'fenced' : undefined);
      expect(await delivery.note('progress', 's1')).to.equal(fences ? undefined : 'late');
    });
  }

  it('keeps a delivery whole whose writer died after its commit, and forgets old turns with what they wrote', async () => {
    const { leases } = store.system;
    const { delivery } = tenantOf(store, 'one');
    const lease = present(await leases.acquire('delivery/one', 'a', 30, new Date(at(0))), 'the lease');
    await delivery.write([], lease);
    const event = {
      subscription: 's1',
      number: 1,
      sequence: 1,
      index: 0,
      topic: 't',
      focus: '',
      at: at(1),
      about: '{}',
    };
    const { subscription, number: first, ...happened } = event;
    const rows = [
      { row: 'happened', events: [happened], countedBy: [{ subscription, first }] },
      { row: 'note', kind: 'progress', id: 's1', body: 'after' },
    ];
    const entry = { sequence: 2, at: at(30), ms: Date.parse(at(30)), done: false, ops: JSON.stringify(rows) };
    await parts.turn.insertNew(number(2), { ...entry, fences: [{ name: 'delivery/one', epoch: 1 }] });
    const next = present(await leases.acquire('delivery/one', 'b', 30, new Date(at(31))), 'the next lease');
    await delivery.fence(next);
    expect(await delivery.lastEvent('s1')).to.deep.equal(event);
    expect(await delivery.note('progress', 's1')).to.equal('after');
    await delivery.write([{ row: 'forget', before: at(40), limit: 9 }], next);
    expect((await parts.turn.find({}, { sort: { sequence: 1 } })).map(({ sequence }) => sequence)).to.deep.equal([
      3, 4,
    ]);
  });
}
