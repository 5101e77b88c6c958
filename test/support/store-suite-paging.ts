import { expect } from 'chai';
import fc from 'fast-check';
import type { Query, Sort, SortKey } from '../../server/search/query.ts';
import { at, resource, type StoreContext, token } from './store-fixture.ts';

/** Seventeen resources over three batches, some of them updated later: ids and sequence orders differ. */
const names = 'q w e r t y u i o p a s d f g h j'.split(' ');

export function describePaging(context: StoreContext): void {
  describe('paging', () => {
    const first: Query = {
      contract: 'v1',
      type: 'Practitioner',
      where: { is: 'all' },
      sort: { by: 'sequence', descending: false },
      count: 20,
      total: false,
    };
    const search = (more: Partial<Query>) => context.tenant().resources.search({ ...first, ...more });

    const fill = async () => {
      const coded = (id: string) => [token('active', null, id < 'm' ? 'true' : 'false')];
      const create = (ids: readonly string[]) => ids.map((id) => resource(id, { index: coded(id) }));
      await context.tenant().transact(create(names.slice(0, 9)), at(1));
      await context.tenant().transact(create(names.slice(9)), at(2));
      const again = ['w', 'a', 'p'].map((id) => resource(id, { version: 2, index: coded(id) }));
      await context.tenant().transact(again, at(2));
    };

    const walk = async (more: Partial<Query>) => {
      const seen: { id: string; sequence: number }[] = [];
      let after: SortKey | undefined;
      do {
        const page = await search(after === undefined ? more : { ...more, after });
        seen.push(...page.matches);
        after = page.next;
      } while (after !== undefined);
      return seen;
    };

    it('gives every match once, in order, whatever the page size, direction and driver', async () => {
      await fill();
      const sorts: readonly Sort[] = (['sequence', 'id'] as const).flatMap((by) =>
        [false, true].map((descending) => ({ by, descending })),
      );
      const wheres: readonly Query['where'][] = [
        { is: 'all' },
        { is: 'token', param: 'active', code: 'true' },
        { is: 'id', ids: ['w', 'q', 'a', 'f', 'p', 'zz'] },
      ];
      const property = fc.asyncProperty(
        fc.constantFrom(...sorts),
        fc.constantFrom(...wheres),
        fc.integer({ min: 1, max: 20 }),
        async (sort, where, count) => {
          const seen = await walk({ sort, where, count });
          const position = ({ sequence, id }: SortKey) => (sort.by === 'id' ? id : `${sequence} ${id}`);
          const places = seen.map(position);
          const ordered = places.toSorted();
          expect(places).to.deep.equal(sort.descending ? ordered.reverse() : ordered);
          expect(new Set(seen.map((one) => one.id)).size).to.equal(seen.length);
          expect(seen.length).to.equal((await search({ where, count: 0, total: true })).total);
        },
      );
      await fc.assert(property, { numRuns: 60 });
    });

    it('goes on behind a cursor whose resource has moved since', async () => {
      await fill();
      const page = await search({ count: 3 });
      const last = page.matches.at(-1);
      await context.tenant().transact([resource(last?.id ?? '', { version: 2 })], at(3));
      const rest = await search(page.next === undefined ? {} : { after: page.next });
      const ids = [...page.matches, ...rest.matches].map((one) => one.id);
      expect(ids.filter((id) => id === last?.id)).to.have.length(2);
      expect(new Set(ids).size).to.equal(names.length);
    });

    it('takes a cursor at any place', async () => {
      await fill();
      const following = async (sequence: number, id: string, descending: boolean) =>
        (await search({ after: { sequence, id }, sort: { by: 'sequence', descending }, count: 2 })).matches.map(
          (one) => one.id,
        );
      expect(await following(0, '', false)).to.deep.equal(['e', 'i']);
      expect(await following(1, 'n', false)).to.deep.equal(['o', 'q']);
      expect(await following(1, 'n', true)).to.deep.equal(['i', 'e']);
      expect(await following(9, 'z', true)).to.deep.equal(['w', 'p']);
      expect(await following(9, 'z', false)).to.deep.equal([]);
      expect(await following(0, 'z', true)).to.deep.equal([]);
    });

    it('answers a count of 0 with the total alone', async () => {
      await fill();
      const page = await search({ count: 0, total: true });
      expect(page).to.deep.equal({ matches: [], next: undefined, total: names.length });
    });

    it('gives no total that was not asked for', async () => {
      await fill();
      expect((await search({ count: 5 })).total).to.equal(undefined);
    });
  });
}
