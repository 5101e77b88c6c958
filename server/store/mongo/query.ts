import type { Query, SortKey } from '../../search/query.ts';
import type { Filter, Part, Reading } from './part.ts';
import { filterOf, type Resolver } from './predicate.ts';
import type { Documents } from './schema.ts';

/** A query as one filter and one order, with everything that chains ask already answered. */
export interface Compiled {
  readonly matching: Filter;
  /** `matching`, from the cursor on. */
  readonly page: Filter;
  readonly reading: Reading;
}

export async function compile(query: Query, resolver: Resolver): Promise<Compiled> {
  const { contract, type, sort, after, count } = query;
  const where = await filterOf(query.where, type, resolver);
  const matching: Filter = { of: `${contract}/${type}`, ...conjunction(where) };
  const direction = sort.descending ? -1 : 1;
  const order = sort.by === 'id' ? { _id: direction } : { sequence: direction, _id: direction };
  const page =
    after === undefined || sort.keys !== undefined
      ? matching
      : { ...matching, $and: [where, ...beyond(query, after, resolver)] };
  const reading = { sort: order as Readonly<Record<string, 1 | -1>>, limit: count + 1 };
  return { matching, page, reading };
}

/** Kept below one name: a filter has each field once. */
function conjunction(where: Filter): Filter {
  return Object.keys(where).length === 0 ? {} : { $and: [where] };
}

function beyond({ type, sort }: Query, { sequence, id }: SortKey, resolver: Resolver): readonly Filter[] {
  const further = sort.descending ? '$lt' : '$gt';
  const notBefore = sort.descending ? '$lte' : '$gte';
  const resource = { _id: { [further]: resolver.id(type, id) } };
  if (sort.by === 'id') return [resource];
  // The first part bounds the index, the second takes the cursor's own batch apart.
  return [
    { sequence: { [notBefore]: sequence } },
    { $or: [{ sequence: { [further]: sequence } }, { sequence, ...resource }] },
  ];
}

/** Asks the collections of one tenant. */
export function resolverOf(
  contract: string,
  resources: Part<Documents['resource']>,
  batches: Part<Documents['batch']>,
): Resolver {
  const idOf = (document: { readonly _id: string }) => document._id.slice(document._id.lastIndexOf('/') + 1);
  return {
    id: (type, id) => resources.id(`${contract}/${type}/${id}`),
    async matching(type, where, max) {
      const filter = { of: `${contract}/${type}`, ...conjunction(where) };
      return (await resources.find(filter, { fields: ['_id'], limit: max + 1 })).map(idOf);
    },
    async referred(from, param, where, type, max) {
      const before = `${param}>${type}/`;
      const rows = await resources.aggregate<{ readonly _id: string }>(
        { of: `${contract}/${from}`, ...conjunction(where) },
        [
          { $project: { keys: 1 } },
          { $unwind: '$keys' },
          { $match: { keys: { $gte: before, $lt: `${param}>${type}0` } } },
          { $group: { _id: '$keys' } },
          { $limit: max + 1 },
        ],
      );
      return rows.map((row) => row._id.slice(before.length));
    },
    async lastBefore(ms) {
      const last = await batches.findOne({ ms: { $lt: ms } }, { sort: { ms: -1, sequence: -1 }, fields: ['sequence'] });
      return last?.sequence ?? 0;
    },
  };
}
