import { expect } from 'chai';
import type { GroupKey, Stage } from '../../server/store/port.ts';
import { type StoreContext, stagedRow } from './store-fixture.ts';

export function describeStage(context: StoreContext): void {
  describe('stage', () => {
    const walk = async (stage: Stage, rowsMax: number) => {
      const pages: string[][] = [];
      let after: GroupKey | null = null;
      for (;;) {
        const groups = await stage.groups(after, rowsMax);
        const last = groups.at(-1);
        if (last === undefined) return pages;
        pages.push(groups.map((group) => `${group.rank}/${group.key.id}:${group.rows.length}`));
        after = { rank: last.rank, id: last.key.id };
      }
    };

    it('gives rows back by record, in (rank, id) order, rows by start and line', async () => {
      const stage = await context.tenant().stage('f1');
      const rows = [
        stagedRow('2', { start: '2026-02-01', line: 3 }),
        stagedRow('2', { start: '2026-01-01', line: 9, fault: '[]', action: 'bad', from: 'e1' }),
        stagedRow('2', { start: '2026-01-01', line: 4, end: '2026-01-31' }),
        stagedRow('2', { start: '2026-01-01', line: 4, from: 'e1' }),
        stagedRow('1', { rank: 5, key: { type: 'assignment', id: '1' }, start: null, action: 'delete' }),
        stagedRow('10', { raw: '0123456789abcdef0123456789abcdef+' }),
      ];
      await stage.put(rows.slice(0, 2));
      await stage.put(rows.slice(2));
      const groups = await stage.groups(null, 100);
      expect(groups.map((group) => group.key.id)).to.deep.equal(['10', '2', '1']);
      expect(groups[1]?.rows).to.have.deep.members(rows.slice(0, 4));
      expect(groups[1]?.rows.map((row) => row.line)).to.deep.equal([4, 4, 9, 3]);
      expect(groups[2]?.rows).to.deep.equal([rows[4]]);
      expect(groups[0]?.rows).to.deep.equal([rows[5]]);
      expect(await stage.rows()).to.equal(6);
      expect(await stage.rows({ rank: 4, id: '2' })).to.equal(5);
      expect(await stage.rows({ rank: 4, id: '10' })).to.equal(1);
      await stage.drop();
    });

    it('pages whole groups, at least one', async () => {
      const stage = await context.tenant().stage('f1');
      const sizes: Readonly<Record<string, number>> = { a: 1, b: 3, c: 2, d: 1 };
      for (const [id, size] of Object.entries(sizes)) {
        await stage.put(Array.from({ length: size }, (_, line) => stagedRow(id, { line })));
      }
      expect(await walk(stage, 2)).to.deep.equal([['4/a:1', '4/b:3'], ['4/c:2'], ['4/d:1']]);
      expect(await walk(stage, 1)).to.deep.equal([['4/a:1'], ['4/b:3'], ['4/c:2'], ['4/d:1']]);
      expect((await walk(stage, 100)).flat()).to.have.length(4);
      await stage.drop();
    });

    it('tells which records are staged and whether they are good', async () => {
      const stage = await context.tenant().stage('f1');
      await stage.put([
        stagedRow('good'),
        stagedRow('bad'),
        stagedRow('bad', { action: 'bad' }),
        stagedRow('gone', { action: 'delete' }),
        stagedRow('good', { rank: 5, key: { type: 'assignment', id: 'good' }, action: 'bad' }),
      ]);
      const found = await stage.find(['good', 'bad', 'gone', 'none'].map((id) => ({ type: 'person', id })));
      expect([...found].toSorted()).to.deep.equal([
        ['person/bad', { good: false, deleted: false }],
        ['person/gone', { good: false, deleted: true }],
        ['person/good', { good: true, deleted: false }],
      ]);
      await stage.drop();
    });

    it('lists the ids of a type in pages, each once', async () => {
      const stage = await context.tenant().stage('f1');
      const other = stagedRow('a', { rank: 5, key: { type: 'assignment', id: 'a' } });
      await stage.put([stagedRow('c'), stagedRow('a'), stagedRow('a', { line: 9 }), stagedRow('b'), other]);
      expect(await stage.ids('person', '', 2)).to.deep.equal(['a', 'b']);
      expect(await stage.ids('person', 'b', 2)).to.deep.equal(['c']);
      expect(await stage.ids('registration', '', 2)).to.deep.equal([]);
      await stage.drop();
    });

    it('begins empty each time, and apart for each tenant', async () => {
      const first = await context.tenant().stage('f1');
      await first.put([stagedRow('1')]);
      const second = await context.tenant().stage('f1');
      expect(await second.rows()).to.equal(0);
      const other = await context.tenant('two').stage('f1');
      await other.put([stagedRow('2')]);
      expect(await second.rows()).to.equal(0);
      await second.drop();
      await other.drop();
      expect(await (await context.tenant().stage('f2')).groups(null, 5)).to.deep.equal([]);
    });
  });
}
