import { expect } from 'chai';
import { matchedPage, type Placed, type Resolver } from '../../server/search/match.ts';
import { beginningOfTime, endOfTime, type Query, type Sort, type SortField } from '../../server/search/query.ts';
import type { ResourceOp } from '../../server/store/port.ts';
import { needs } from './needs.ts';
import { at, deletion, period, reference, resource, type StoreContext, text, token } from './store-fixture.ts';

const role = (id: string, index: ResourceOp['index']) => resource(id, { type: 'PractitionerRole', index });

/** Ids are neither in the order of any value nor of their batches; `x…` have none of most values. */
const batches: readonly (readonly ResourceOp[])[] = [
  [
    resource('m', { index: [text('family', 'Owens'), text('family', 'Abel'), text('title', 'Dr')] }),
    resource('c', { index: [text('family', 'owens'), text('title', 'Dr'), token('active', null, 'true')] }),
    resource('x1', { index: [token('active', null, 'false')] }),
    resource('k', { index: [text('family', '\ufffd'), { param: 'url', kind: 'uri', value: 'http://b' }] }),
  ],
  [
    resource('a', { index: [text('family', '\uffff'), text('title', 'Ms'), token('identifier', 'b', '2')] }),
    resource('b', { index: [text('family', 'Zed'), text('family', 'owens'), token('identifier', 'a', '2')] }),
    resource('x2', { index: [token('identifier', 'z', '1'), token('identifier', 'a', '3')] }),
    role('r3', [period('date', 10, 20), reference('organization', 'Organization/b')]),
    role('r1', [period('date', 10, endOfTime), period('held', 1, 9), period('held', 5, 6)]),
    role('r2', [period('date', beginningOfTime, 5), reference('organization', 'Organization/a')]),
    role('x3', []),
    role('r0', [period('date', 10, 20), reference('location', 'Location/z'), reference('location', 'Location/b')]),
  ],
  [
    resource('c', { version: 2, index: [text('family', 'owens'), text('title', 'Dr'), token('gender', 'g', 'f')] }),
    resource('gone', { index: [text('family', 'Aaron')] }),
  ],
  [deletion('gone', 2)],
];

const up = (param: string, field: SortField['field']): SortField => ({ param, field, descending: false });
const down = (param: string, field: SortField['field']): SortField => ({ param, field, descending: true });
const sorted = (...keys: readonly SortField[]): Sort => ({
  by: 'sequence',
  descending: keys.at(-1)?.descending ?? false,
  keys,
});

const P = 'Practitioner';
const R = 'PractitionerRole';

/** Written by hand from what `Sort` and `SortField` say. */
const cases: readonly (readonly [name: string, type: string, sort: Sort, ids: string])[] = [
  ['the least of several strings, without case, by code point', P, sorted(up('family', 'folded')), 'm b c k a x1 x2'],
  ['the greatest of several, none last', P, sorted(down('family', 'folded')), 'a k b c m x2 x1'],
  ['a single string, ties by _lastUpdated', P, sorted(up('title', 'folded')), 'm c a k x1 b x2'],
  ['a single string, ties by the rest', P, sorted(up('title', 'folded'), down('family', 'folded')), 'c m a k b x2 x1'],
  ['ties by id', P, { ...sorted(down('title', 'folded')), by: 'id' }, 'a m c x2 x1 k b'],
  [
    'ties by id, the other way',
    P,
    { ...sorted(down('title', 'folded')), by: 'id', descending: false },
    'a c m b k x1 x2',
  ],
  ['codes, whatever their system', P, sorted(up('identifier', 'code')), 'x2 a b k m x1 c'],
  ['codes, descending', P, sorted(down('identifier', 'code')), 'x2 b a c x1 m k'],
  ['the start and the end of a period', R, sorted(up('date', 'low'), up('date', 'high')), 'r2 r0 r3 r1 x3'],
  ['the same, descending', R, sorted(down('date', 'low'), down('date', 'high')), 'r1 r3 r0 r2 x3'],
  ['the least of several ends', R, sorted(up('held', 'high')), 'r1 r0 r2 r3 x3'],
  ['a reference', R, sorted(up('organization', 'target')), 'r2 r3 r0 r1 x3'],
  ['the greatest of several references', R, sorted(down('location', 'target')), 'r0 x3 r3 r2 r1'],
  ['a URI', P, sorted(up('url', 'value')), 'k m x1 a b x2 c'],
];

/** More orders, for which `match.ts` says what is right. */
const compared: readonly Sort[] = [
  sorted(up('active', 'code'), down('family', 'folded'), up('title', 'folded')),
  sorted(down('gender', 'code'), up('family', 'folded')),
  { ...sorted(down('family', 'folded'), up('identifier', 'code')), by: 'id' },
];

export function describeSorting(context: StoreContext): void {
  describe('sorting by values', () => {
    const asked = (type: string, sort: Sort, more: Partial<Query> = {}): Query => ({
      contract: 'v1',
      type,
      where: { is: 'all' },
      sort,
      count: 50,
      total: false,
      ...more,
    });

    const fill = async () => {
      for (const [n, batch] of batches.entries()) await context.tenant().transact(batch, at(n + 1));
    };

    const walk = async (query: Query) => {
      const ids: string[] = [];
      let next: Query | undefined = query;
      while (next !== undefined) {
        const page = await context.tenant().resources.search(next);
        ids.push(...page.matches.map((match) => match.id));
        next = page.next === undefined ? undefined : { ...query, after: page.next };
      }
      return ids.join(' ');
    };

    it(`keeps every order, whole and in pages of 1, 2 and 3 (${cases.length} cases)`, async () => {
      await fill();
      const wrong: string[] = [];
      for (const [name, type, sort, ids] of cases) {
        for (const count of [50, 1, 2, 3]) {
          const found = await walk(asked(type, sort, { count }));
          if (found !== ids) wrong.push(`${name}, ${count}: ${found}, not ${ids}`);
        }
      }
      expect(wrong).to.deep.equal([]);
    });

    it('sorts characters beyond U+FFFF behind all others', async function () {
      needs(this, 'text sorted by code point', context.proves('code-point-order'));
      const names = [
        ['a', '\u{1f600}'],
        ['b', '\ud7ff'],
        ['c', '\uffff'],
        ['d', 'z'],
        ['e', '\u{10ffff}'],
      ] as const;
      const ops = names.map(([id, name]) => resource(id, { index: [text('family', name)] }));
      await context.tenant().transact(ops, at(1));
      expect(await walk(asked(P, sorted(up('family', 'folded')), { count: 2 }))).to.equal('d b c a e');
      expect(await walk(asked(P, sorted(down('family', 'folded')), { count: 2 }))).to.equal('e a c b d');
    });

    it('agrees with match.ts on orders of several keys, with filters of few and of many matches', async () => {
      await fill();
      const live = await context.tenant().resources.readMany(
        [...new Set(batches.flat().map(({ type, id }) => `${type}/${id}`))].map((name) => {
          const [type = '', id = ''] = name.split('/');
          return { contract: 'v1', type, id };
        }),
      );
      const indexOf = ({ type, id, version }: { type: string; id: string; version: number }) =>
        (batches.flat().find((op) => op.type === type && op.id === id && op.version === version)?.index ??
          []) as Placed['index'];
      const resources = live.map((one): Placed => ({ ...one, at: Date.parse(one.at), index: indexOf(one) }));
      const resolver: Resolver = { get: () => undefined, referring: () => [] };
      const wheres: readonly Query['where'][] = [
        { is: 'all' },
        { is: 'string', param: 'family', match: 'prefix', value: 'owens' },
        { is: 'not', of: { is: 'missing', param: 'family' } },
        { is: 'id', ids: ['x1', 'm', 'c', 'gone'] },
      ];
      for (const sort of compared) {
        for (const where of wheres) {
          const expected = matchedPage(asked(P, sort, { where }), resources, resolver).ids.join(' ');
          expect(await walk(asked(P, sort, { where }))).to.equal(expected);
          expect(await walk(asked(P, sort, { where, count: 2 }))).to.equal(expected);
        }
      }
    });

    it('gives the values of the last match as the cursor, and goes on behind one that has gone', async () => {
      await fill();
      const sort = sorted(up('family', 'folded'));
      const page = await context.tenant().resources.search(asked(P, sort, { count: 2, total: true }));
      expect(page.total).to.equal(7);
      expect(page.next).to.deep.equal({ sequence: 2, id: 'b', values: ['owens'] });
      await context.tenant().transact([deletion('b', 2)], at(9));
      const rest = page.next === undefined ? '' : await walk(asked(P, sort, { after: page.next }));
      expect(rest).to.equal('c k a x1 x2');
      const last = { sequence: 1, id: 'x1', values: [null] };
      expect(await walk(asked(P, sort, { after: last }))).to.equal('x2');
    });
  });
}
