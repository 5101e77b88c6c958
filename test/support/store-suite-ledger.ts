import { expect } from 'chai';
import type { Lineage } from '../../server/store/lineage.ts';
import type { ExceptionFilter, ExceptionRow } from '../../server/store/port.ts';
import { at, deletion, exceptionRow, fileRow, op, resource, type StoreContext } from './store-fixture.ts';

export function describeLedger(context: StoreContext): void {
  describe('ledger', () => {
    const ledger = () => context.tenant().ledger;

    it('keeps the newest state of a file, and finds files by their bytes', async () => {
      const first = fileRow('f1', { receivedAt: at(0) });
      const second = fileRow('f2', { receivedAt: at(9), sha256: first.sha256 });
      await context.tenant().transact([op('file', { file: second }), op('file', { file: first })], at(10));
      const applied = { ...first, state: 'applied', checkpoint: null, applied: 3 } as const;
      await context.tenant().transact([op('file', { file: applied })], at(11));
      expect(await ledger().file('f1')).to.deep.equal(applied);
      expect(await ledger().file('none')).to.equal(undefined);
      expect(await ledger().files()).to.deep.equal([second, applied]);
      expect((await ledger().filesBySha256(first.sha256)).map((file) => file.id)).to.have.members(['f1', 'f2']);
      expect(await ledger().filesBySha256('none')).to.deep.equal([]);
    });

    it('filters exceptions by everything asked at once, ordered by file and line', async () => {
      const record = { type: 'person', id: '7' } as const;
      const unit = { kind: 'person', id: '7' } as const;
      const rows: readonly ExceptionRow[] = [
        exceptionRow('e1', { file: 'f2', line: 3, record }),
        exceptionRow('e2', { file: 'f1', line: 10, waitsFor: record, row: '{}' }),
        exceptionRow('e3', { file: 'f1', line: 9, severity: 'warning', unit }),
        exceptionRow('e4', { file: 'f1', line: 9, state: 'released', record }),
      ];
      await context.tenant().transact(
        rows.map((exception) => op('exception', { exception })),
        at(1),
      );
      const ids = async (filter: ExceptionFilter) => (await ledger().exceptions(filter)).map((row) => row.id);
      const many = Array.from({ length: 900 }, (_, n) => ({ type: 'person', id: String(n) }) as const);
      expect(await ids({})).to.deep.equal(['e3', 'e4', 'e2', 'e1']);
      expect(await ids({ file: 'f1', state: 'open' })).to.deep.equal(['e3', 'e2']);
      expect(await ids({ severity: 'warning' })).to.deep.equal(['e3']);
      expect(await ids({ records: many })).to.deep.equal(['e4', 'e1']);
      expect(await ids({ records: many, state: 'open' })).to.deep.equal(['e1']);
      expect(await ids({ waitingFor: many })).to.deep.equal(['e2']);
      expect(await ids({ units: [unit, { kind: 'person', id: '8' }] })).to.deep.equal(['e3']);
      expect(await ids({ units: [] })).to.deep.equal([]);
      expect(await ledger().exception('e2')).to.deep.equal(rows[1]);
      expect(await ledger().exception('none')).to.equal(undefined);
    });

    it('replaces an exception by its newer state', async () => {
      const closed = exceptionRow('e1', { state: 'closed', closedAt: at(2), waitsFor: null });
      const waiting = exceptionRow('e1', { waitsFor: { type: 'person', id: '7' } });
      await context.tenant().transact([op('exception', { exception: waiting })], at(1));
      await context.tenant().transact([op('exception', { exception: closed })], at(2));
      expect(await ledger().exceptions({})).to.deep.equal([closed]);
      expect(await ledger().exceptions({ waitingFor: [{ type: 'person', id: '7' }] })).to.deep.equal([]);
    });

    it('tells where a version came from, and what a file made', async () => {
      const source = { type: 'person', id: '7', file: 'f1', lines: [2, 5] } as const;
      const lineage = (file: string | null): Lineage => ({
        file,
        cause: file === null ? 'date' : 'file',
        sources: [source],
        mapping: 'v1-abc',
        software: '0.1.0',
      });
      const key = { contract: 'v1', type: 'Practitioner', id: 'p1' };
      await context.tenant().transact([resource('p1', { lineage: lineage('f1') }), resource('p0')], at(1));
      await context.tenant().transact([resource('p1', { version: 2, lineage: lineage(null) })], at(2));
      await context.tenant().transact([deletion('p1', 3, { lineage: lineage('f1') })], at(3));
      expect(await ledger().lineage(key, 1)).to.deep.equal(lineage('f1'));
      expect(await ledger().lineage(key, 2)).to.deep.equal(lineage(null));
      expect(await ledger().lineage(key, 4)).to.equal(undefined);
      expect(await ledger().lineage({ ...key, id: 'p0' }, 1)).to.equal(undefined);
      expect(await ledger().versionsOf('f1')).to.deep.equal([
        { ...key, version: 1, sequence: 1, at: at(1), change: 'create' },
        { ...key, version: 3, sequence: 3, at: at(3), change: 'delete' },
      ]);
      expect(await ledger().versionsOf('f2')).to.deep.equal([]);
    });
  });

  describe('outbox', () => {
    it('hands out events after a position, in order, with the time of their batch', async () => {
      const event = (topic: string) => op('event', { topic, body: `{"t":"${topic}"}` });
      await context.tenant().transact([resource('p1'), event('a'), event('b')], at(1));
      await context.tenant().transact([event('c')], at(2));
      const { outbox } = context.tenant();
      const all = await outbox.events({ sequence: 0, index: 0 }, 9);
      expect(all).to.deep.equal([
        { sequence: 1, index: 1, topic: 'a', body: '{"t":"a"}', at: at(1) },
        { sequence: 1, index: 2, topic: 'b', body: '{"t":"b"}', at: at(1) },
        { sequence: 2, index: 0, topic: 'c', body: '{"t":"c"}', at: at(2) },
      ]);
      expect(await outbox.events({ sequence: 1, index: 1 }, 1)).to.deep.equal([all[1]]);
      expect(await outbox.events({ sequence: 2, index: 0 }, 9)).to.deep.equal([]);
    });

    it('keeps audit rows until they are carried', async () => {
      const audit = (row: string) => op('audit', { row });
      await context.tenant().transact([audit('a'), audit('b')], at(1));
      await context.tenant().transact([audit('c')], at(2));
      const { outbox } = context.tenant();
      expect((await outbox.audits(2)).map(({ row }) => row)).to.deep.equal(['a', 'b']);
      await outbox.auditsCarried({ sequence: 1, index: 0 });
      expect(await outbox.audits(9)).to.deep.equal([
        { position: { sequence: 1, index: 1 }, row: 'b' },
        { position: { sequence: 2, index: 0 }, row: 'c' },
      ]);
      await outbox.auditsCarried({ sequence: 2, index: 0 });
      expect(await outbox.audits(9)).to.deep.equal([]);
    });
  });
}
