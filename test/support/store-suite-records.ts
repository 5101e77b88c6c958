import { expect } from 'chai';
import type { LineSum } from '../../server/record/line-sum.ts';
import type { RecordKey, SourceRecord } from '../../server/record/record.ts';
import type { Reference, Unit } from '../../server/record/unit.ts';
import type { Op } from '../../server/store/port.ts';
import { at, op, type StoreContext } from './store-fixture.ts';

const record = (type: RecordKey['type'], id: string, more: Partial<SourceRecord> = {}): SourceRecord => ({
  type,
  id,
  file: 'f1',
  hash: `h-${id}`,
  slices: [{ start: '2026-01-01', end: null, line: 2, fields: { lastName: 'Owens', fte: 0.5, primary: true } }],
  ...more,
});

export function describeRecords(context: StoreContext): void {
  describe('records', () => {
    const reader = () => context.tenant().records;
    let seconds = 0;
    const write = (...ops: Parameters<ReturnType<StoreContext['tenant']>['transact']>[0]) => {
      seconds += 1;
      return context.tenant().transact(ops, at(seconds));
    };
    const put = (one: SourceRecord, ...references: readonly Reference[]) => op('record', { record: one, references });
    const byId = (a: RecordKey, b: RecordKey) => (a.id < b.id ? -1 : 1);

    beforeEach(() => {
      seconds = 0;
    });

    it('knows the line sums of records until these are put without one or deleted', async () => {
      const sum = (bucket: number, wide = 0) => ({ bucket, words: [1, 2 ** 32 - 1, bucket] as const, wide });
      const lines = async () => {
        const found: LineSum[] = [];
        const count = await reader().lineSums((one) => found.push(one));
        expect(count).to.equal(found.length);
        expect(await reader().summed()).to.equal(count);
        return found.toSorted((a, b) => a.bucket - b.bucket);
      };
      const with7 = { ...put(record('person', '7')), lines: sum(7) };
      const with8 = { ...put(record('person', '8')), lines: sum(2 ** 32 - 1, 3) };
      await write(with7, with8, put(record('person', '9')));
      expect(await lines()).to.deep.equal([sum(7), sum(2 ** 32 - 1, 3)]);
      const renewed = op('lines', { key: { type: 'person', id: '9' }, lines: sum(9) });
      await write(renewed, op('lines', { key: { type: 'person', id: 'none' }, lines: sum(1) }));
      expect(await lines()).to.deep.equal([sum(7), sum(9), sum(2 ** 32 - 1, 3)]);
      await write(put(record('person', '7')), op('record-delete', { key: { type: 'person', id: '8' } }));
      expect(await lines()).to.deep.equal([sum(9)]);
    });

    it('has another state after every write of a record or of its lines, and after no other', async () => {
      const seen = [await reader().state()];
      const another = async (one: Op) => {
        await write(one);
        seen.push(await reader().state());
      };
      const lines = { bucket: 1, words: [1, 2, 3] as const, wide: 0 };
      const key = { type: 'person', id: '7' } as const;
      await another(put(record('person', '7')));
      await another(op('lines', { key, lines }));
      await another(put(record('person', '7')));
      await another(op('record-delete', { key }));
      expect(new Set(seen).size).to.equal(5);
      await write(op('work-add', { units: [{ kind: 'person', id: '7' }], file: 'f1' }));
      expect(await reader().state()).to.equal(seen.at(-1));
    });

    it('gives records back as they were put, each once, and their hashes', async () => {
      await write(put(record('person', '7')), put(record('assignment', '7')), put(record('person', '8')));
      const keys = [
        { type: 'person', id: '7' },
        { type: 'person', id: '7' },
        { type: 'assignment', id: '7' },
        { type: 'person', id: 'none' },
      ] as const;
      const got = (await reader().get(keys)).toSorted((a, b) => (a.type < b.type ? -1 : 1));
      expect(got).to.deep.equal([record('assignment', '7'), record('person', '7')]);
      expect([...(await reader().hashes(keys))].toSorted()).to.deep.equal([
        ['assignment/7', 'h-7'],
        ['person/7', 'h-7'],
      ]);
      expect(await context.tenant('two').records.get(keys)).to.deep.equal([]);
    });

    it('takes lists of any length', async () => {
      const ids = Array.from({ length: 700 }, (_, n) => String(n));
      await write(...ids.map((id) => put(record('person', id), { type: 'root', id: 'top' })));
      const keys = ids.map((id) => ({ type: 'person' as const, id }));
      expect(await reader().get(keys)).to.have.length(700);
      expect((await reader().hashes(keys)).size).to.equal(700);
      expect(await reader().referring([{ type: 'root', id: 'top' }])).to.have.length(700);
    });

    it('replaces slices, hash and file, and the references that were', async () => {
      await write(put(record('assignment', '7'), { type: 'person', id: '1' }, { type: 'organisation', id: '2' }));
      const newer = record('assignment', '7', { hash: 'new', file: 'f2', slices: [] });
      await write(put(newer, { type: 'person', id: '3' }));
      expect(await reader().get([{ type: 'assignment', id: '7' }])).to.deep.equal([newer]);
      expect(await reader().referring([{ type: 'person', id: '1' }])).to.deep.equal([]);
      expect(await reader().referring([{ type: 'person', id: '3' }])).to.deep.equal([{ type: 'assignment', id: '7' }]);
      expect(await reader().byFile('f1')).to.deep.equal([]);
      expect(await reader().byFile('f2')).to.deep.equal([newer]);
    });

    it('takes several words about one record in one batch: the last one stands', async () => {
      const key = { type: 'assignment', id: '7' } as const;
      const lines = { bucket: 1, words: [1, 2, 3] as const, wide: 0 };
      const first = { ...put(record('assignment', '7'), { type: 'person', id: '1' }), lines };
      const newer = record('assignment', '7', { hash: 'new' });
      await write(first, put(newer, { type: 'person', id: '2' }));
      expect(await reader().get([key])).to.deep.equal([newer]);
      expect(await reader().summed()).to.equal(0);
      expect(await reader().referring([{ type: 'person', id: '1' }])).to.deep.equal([]);
      expect(await reader().referring([{ type: 'person', id: '2' }])).to.deep.equal([key]);
      await write(first, op('lines', { key, lines: { ...lines, bucket: 2 } }), op('record-delete', { key }));
      expect(await reader().get([key])).to.deep.equal([]);
      expect(await reader().summed()).to.equal(0);
      for (const id of ['1', '2']) expect(await reader().referring([{ type: 'person', id }])).to.deep.equal([]);
    });

    it('keeps what stands behind a record, and forgets it with the next word', async () => {
      const absence = { lastSeen: '2026-01-01', files: 1, file: 'f1', means: 'doubt' } as const;
      const statements = [{ feed: 'go2', file: 'f1', hash: 'h', precedence: 0 }];
      const layers = { statements, absences: { go2: absence }, esrId: '70' };
      await write(put(record('person', '7', { layers })));
      expect(await reader().get([{ type: 'person', id: '7' }])).to.deep.equal([record('person', '7', { layers })]);
      await write(put(record('person', '7')));
      expect(await reader().get([{ type: 'person', id: '7' }])).to.deep.equal([record('person', '7')]);
    });

    it('lists the ids of a type in pages, and whether their lines are known', async () => {
      const lines = { bucket: 1, words: [1, 2, 3] as const, wide: 0 };
      const known = op('record', { record: record('person', 'b'), references: [], lines });
      await write(put(record('person', 'c')), known, put(record('person', 'a')), put(record('assignment', 'a')));
      expect(await reader().ids('person', '', 2)).to.deep.equal([
        { id: 'a', lines: false },
        { id: 'b', lines: true },
      ]);
      expect(await reader().ids('person', 'b', 2)).to.deep.equal([{ id: 'c', lines: false }]);
      expect(await reader().ids('person', 'c', 2)).to.deep.equal([]);
    });

    it('names each referring record once', async () => {
      const to = [
        { type: 'person', id: '1' },
        { type: 'organisation', id: '1' },
        { type: 'root', id: '1' },
      ] as const;
      await write(put(record('assignment', 'a'), ...to, to[0]), put(record('assignment', 'b'), to[2]));
      expect((await reader().referring(to)).toSorted(byId)).to.deep.equal([
        { type: 'assignment', id: 'a' },
        { type: 'assignment', id: 'b' },
      ]);
    });

    it('forgets a deleted record and its references, and takes the delete of none', async () => {
      await write(put(record('registration', '7'), { type: 'person', id: '1' }));
      const key = { type: 'registration', id: '7' } as const;
      await write(op('record-delete', { key }), op('record-delete', { key: { type: 'person', id: 'none' } }));
      expect(await reader().get([key])).to.deep.equal([]);
      expect(await reader().referring([{ type: 'person', id: '1' }])).to.deep.equal([]);
    });

    it('counts records by type', async () => {
      await write(put(record('person', '1')), put(record('person', '2')), put(record('nacs', '1')));
      expect(await reader().counts()).to.deep.equal({ person: 2, nacs: 1 });
    });

    it('hands out work in the order of unit kinds, then id, until it is done', async () => {
      const units = (['person', 'location', 'position'] as const).flatMap((kind) =>
        ['2', '10'].map((id) => ({ kind, id })),
      );
      await write(op('work-add', { units, file: 'f1' }));
      await write(op('work-add', { units: [{ kind: 'location', id: '2' }], file: 'f2' }));
      const work = async (limit: number) =>
        (await reader().work(limit)).map((row) => `${row.unit.kind}/${row.unit.id} ${row.file}`);
      expect(await work(3)).to.deep.equal(['location/10 f1', 'location/2 f2', 'position/10 f1']);
      await write(op('work-done', { units: units.filter((unit) => unit.kind !== 'person') }));
      expect(await work(9)).to.deep.equal(['person/10 f1', 'person/2 f1']);
    });

    it('remembers what was announced of a unit, one body per unit, until it is forgotten', async () => {
      const person = { kind: 'person', id: '7' } as const;
      const position = { kind: 'position', id: '7' } as const;
      const announce = (unit: Unit, body: string | null) => op('announcement', { unit, body });
      const told = async (...units: readonly Unit[]) => [...(await reader().announcements(units))].toSorted();
      await write(announce(person, '{"a":1}'), announce(position, '["é"]'), announce({ ...person, id: '8' }, 'x'));
      expect(await told(person, position, person, { ...person, id: 'none' })).to.deep.equal([
        ['person/7', '{"a":1}'],
        ['position/7', '["é"]'],
      ]);
      await write(announce(person, 'newer'), announce(position, null), announce({ ...person, id: 'none' }, null));
      expect(await told(person, position)).to.deep.equal([['person/7', 'newer']]);
      expect(await told()).to.deep.equal([]);
      const many = Array.from({ length: 700 }, (_, n): Unit => ({ kind: 'person', id: String(n) }));
      expect(await told(...many)).to.deep.equal([
        ['person/7', 'newer'],
        ['person/8', 'x'],
      ]);
      expect([...(await context.tenant('two').records.announcements([person]))]).to.deep.equal([]);
    });

    it('tells which units are due on a day, one day per unit', async () => {
      const due = (id: string, on: string | null) => op('due', { unit: { kind: 'person', id }, on });
      await write(due('a', '2026-04-03'), due('b', '2026-04-01'), due('c', '2026-04-02'), due('d', '2026-04-01'));
      await write(due('b', '2026-05-01'), due('d', null), due('e', null));
      const ids = async (date: string, limit = 9) => (await reader().due(date, limit)).map((unit) => unit.id);
      expect(await ids('2026-04-03')).to.deep.equal(['c', 'a']);
      expect(await ids('2026-04-03', 1)).to.deep.equal(['c']);
      expect(await ids('2026-04-01')).to.deep.equal([]);
    });
  });
}
