import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { at, fileRow, op, refusal, resource, type StoreContext, tenantOf } from './store-fixture.ts';

const key = { contract: 'v1', type: 'Practitioner', id: 'p1' };

export function describeTransact(context: StoreContext): void {
  describe('transact', () => {
    it('numbers the batches of each tenant 1, 2, 3 and tells the newest', async () => {
      const { tenant } = context;
      expect(await tenant().head()).to.deep.equal({ sequence: 0, at: new Date(0).toISOString() });
      expect(await tenant().transact([resource('p1')], at(1))).to.deep.equal({ sequence: 1, at: at(1) });
      expect(await tenant().transact([], at(1))).to.deep.equal({ sequence: 2, at: at(1) });
      expect(await tenant('two').transact([], at(5))).to.deep.equal({ sequence: 1, at: at(5) });
      expect(await tenant().head()).to.deep.equal({ sequence: 2, at: at(1) });
    });

    it('crashes on an op of another tenant and writes nothing', async () => {
      const refused = context.tenant().transact([resource('p1'), resource('p2', { tenant: 'two' })], at(1));
      expect(await refusal(refused)).to.match(/assertion failed/);
      expect(await context.tenant().resources.read(key)).to.equal(undefined);
      expect((await context.tenant().head()).sequence).to.equal(0);
    });

    it('refuses a batch older than the last', async () => {
      await context.tenant().transact([], at(2));
      expect(await refusal(context.tenant().transact([], at(1)))).to.equal('conflict');
    });

    it('refuses a version that does not follow the stored one', async () => {
      const { tenant } = context;
      expect(await refusal(tenant().transact([resource('p1', { version: 2 })], at(1)))).to.equal('conflict');
      await tenant().transact([resource('p1')], at(1));
      expect(await refusal(tenant().transact([resource('p1')], at(1)))).to.equal('conflict');
      expect(await refusal(tenant().transact([resource('p1', { version: 3 })], at(1)))).to.equal('conflict');
      await tenant().transact([resource('p1', { version: 2 })], at(1));
      expect((await tenant().resources.read(key))?.version).to.equal(2);
    });

    it('leaves nothing of a batch that fails in the middle', async () => {
      const person = { type: 'person', id: '7' } as const;
      const record = { ...person, file: 'f1', hash: 'h', slices: [] };
      const ops = [
        op('record', { record, references: [{ type: 'person', id: '7' }] }),
        op('due', { unit: { kind: 'person', id: '7' }, on: '2026-04-02' }),
        op('announcement', { unit: { kind: 'person', id: '7' }, body: '{}' }),
        op('work-add', { units: [{ kind: 'person', id: '7' }], file: 'f1' }),
        op('file', { file: fileRow('f1') }),
        op('event', { topic: 'starter-created', body: '{}' }),
        op('audit', { row: '{}' }),
        resource('p1', { type: 'Organization', contract: 'v2' }),
        resource('p1'),
        resource('p2', { version: 9 }),
      ];
      const { tenant } = context;
      expect(await refusal(tenant().transact(ops, at(1)))).to.equal('conflict');
      expect((await tenant().head()).sequence).to.equal(0);
      expect(await tenant().resources.read(key)).to.equal(undefined);
      expect(await tenant().resources.counts('v2')).to.deep.equal({});
      expect(await tenant().records.get([person])).to.deep.equal([]);
      expect(await tenant().records.referring([person])).to.deep.equal([]);
      expect(await tenant().records.work(9)).to.deep.equal([]);
      expect(await tenant().records.due('2027-01-01', 9)).to.deep.equal([]);
      expect(await tenant().records.announcements([{ kind: 'person', id: '7' }])).to.deep.equal(new Map());
      expect(await tenant().ledger.files()).to.deep.equal([]);
      expect(await tenant().outbox.events({ sequence: 0, index: 0 }, 9)).to.deep.equal([]);
      expect(await tenant().outbox.audits(9)).to.deep.equal([]);
      await tenant().transact(ops.slice(0, -1), at(1));
      expect(await tenant().resources.counts('v2')).to.deep.equal({ Organization: 1 });
    });

    it('takes several versions of one resource in one batch', async () => {
      await context.tenant().transact([resource('p1'), resource('p1', { version: 2 })], at(1));
      const history = await context.tenant().resources.history(key, { count: 9 });
      expect(history.map((one) => [one.version, one.sequence])).to.deep.equal([
        [2, 1],
        [1, 1],
      ]);
    });

    it('lets exactly one of two writers of the same version win', async () => {
      const other = tenantOf(await context.another(), 'one');
      const batch = () => [resource('p1')];
      const results = await Promise.all([
        refusal(context.tenant().transact(batch(), at(1))),
        refusal(other.transact(batch(), at(1))),
      ]);
      expect(results.toSorted()).to.deep.equal(['conflict', undefined]);
    });

    it('lets exactly one of fifty writers of a version win, in five stores', async () => {
      const stores = await Promise.all(Array.from({ length: 5 }, () => context.another()));
      const writers = Array.from({ length: 10 }, () => stores.map((store) => tenantOf(store, 'one'))).flat();
      const results = await Promise.all(
        writers.map((writer, n) => refusal(writer.transact([resource('p1', { body: `writer ${n}` })], at(1)))),
      );
      const winner = results.indexOf(undefined);
      expect(results.toSpliced(winner, 1)).to.deep.equal(Array.from({ length: 49 }, () => 'conflict'));
      expect((await context.tenant().resources.read(key))?.body.toString()).to.equal(`writer ${winner}`);
      expect(await context.tenant().head()).to.deep.equal({ sequence: 1, at: at(1) });
    });

    it('numbers the batches of many writers without a gap, and loses none', async () => {
      const other = tenantOf(await context.another(), 'one');
      const batches = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 === 0 ? context.tenant() : other).transact([resource(`p${n}`)], at(1)),
        ),
      );
      const numbers = batches.map((batch) => batch.sequence).toSorted((a, b) => a - b);
      expect(numbers).to.deep.equal(Array.from({ length: 20 }, (_, n) => n + 1));
      expect(await context.tenant().resources.counts('v1')).to.deep.equal({ Practitioner: 20 });
    });

    it('takes a batch of many megabytes', async () => {
      const body = 'Ŵ\u{1f600}'.repeat(100_000);
      const ops = Array.from({ length: 12 }, (_, n) => resource(`p${n}`, { body: `${n}${body}` }));
      await context.tenant().transact(ops, at(1));
      expect((await context.tenant().resources.read({ ...key, id: 'p11' }))?.body.toString()).to.equal(`11${body}`);
    });

    it('shuts earlier holders out before the next one has written, and refuses to for a lease that is over', async () => {
      const { leases } = context.store().system;
      const first = present(await leases.acquire('ingest/one', 'a', 30, new Date(at(0))), 'the first lease');
      await context.tenant().fence(first);
      expect((await context.tenant().head()).sequence).to.equal(0);
      await context.tenant().transact([resource('p1')], at(1), first);
      const second = present(await leases.acquire('ingest/one', 'b', 30, new Date(at(31))), 'the second lease');
      await tenantOf(await context.another(), 'one').fence(second);
      expect(await refusal(context.tenant().transact([resource('p2')], at(32), first))).to.equal('fenced');
      expect(await refusal(context.tenant().fence(first))).to.equal('fenced');
      await context.tenant().transact([resource('p3')], at(32), second);
      expect(await context.tenant().resources.counts('v1')).to.deep.equal({ Practitioner: 2 });
    });

    it('fences a writer whose lease somebody else took, or who gave it back', async () => {
      const { leases } = context.store().system;
      const now = new Date(at(0));
      const first = await leases.acquire('ingest/one', 'a', 30, now);
      await context.tenant().transact([], at(1), first);
      const second = await leases.acquire('ingest/one', 'b', 30, new Date(at(31)));
      expect(await refusal(context.tenant().transact([resource('p1')], at(32), first))).to.equal('fenced');
      await context.tenant().transact([resource('p1')], at(32), second);
      expect(await refusal(context.tenant().transact([], at(33), first))).to.equal('fenced');
      if (second !== undefined) await leases.release(second);
      expect(await refusal(context.tenant().transact([], at(34), second))).to.equal('fenced');
      expect((await context.tenant().head()).sequence).to.equal(2);
    });
  });
}
