import { assert, present } from '../../core/assert.ts';
import { sortValue } from '../../search/order.ts';
import type { IndexEntry, IndexKind, Query, SortField, SortKey, SortValue } from '../../search/query.ts';
import type { Filter, Stage } from './part.ts';
import type { Resolver } from './predicate.ts';

/** Fields of a kind that a sort may name. */
const sortedFields: Readonly<Record<IndexKind, readonly SortField['field'][]>> = {
  token: ['code'],
  string: ['folded'],
  date: ['low', 'high'],
  reference: ['target'],
  uri: ['value'],
};

type Extremes = Readonly<Record<string, SortValue>>;

/** The least and the greatest value of every parameter, for sorts: by `param~field`. */
export function extremesOf(index: readonly IndexEntry[]): { readonly least: Extremes; readonly most: Extremes } {
  const least: Record<string, SortValue> = {};
  const most: Record<string, SortValue> = {};
  const kinds = new Map(index.map(({ param, kind }) => [param, kind]));
  for (const [param, kind] of kinds) {
    for (const field of sortedFields[kind]) {
      least[`${param}~${field}`] = sortValue(index, { param, field, descending: false });
      most[`${param}~${field}`] = sortValue(index, { param, field, descending: true });
    }
  }
  return { least, most };
}

/** A match with the values that it is sorted by: `v0` and so on, `n0` = 1 where there is none. */
export type Sorted = { readonly _id: string; readonly sequence: number } & Readonly<Record<string, SortValue>>;

/**
 * The page of a search that is sorted by parameters, without its bodies. No index serves such an order, as a collection
 * has 64 at the most: every match is looked at, but none leaves the server that is not on the page.
 */
export function sortedPage({ sort, after, count }: Query, cursorId: string | undefined): readonly Stage[] {
  const keys = present(sort.keys, 'the sort keys');
  const values = keys.flatMap(({ param, field, descending }, place) => {
    const path = `$${descending ? 'most' : 'least'}.${param}~${field}`;
    return [
      [`v${place}`, path],
      [`n${place}`, { $cond: [{ $gt: [path, null] }, 0, 1] }],
    ] as const;
  });
  const direction = sort.descending ? -1 : 1;
  const order = keys.flatMap(({ descending }, place) => [
    [`n${place}`, 1] as const,
    [`v${place}`, descending ? (-1 as const) : (1 as const)] as const,
  ]);
  const ties = sort.by === 'id' ? { _id: direction } : { sequence: direction, _id: direction };
  const cursor = after === undefined ? [] : [{ $match: beyond(keys, after, 0, tieBeyond(sort, after, cursorId)) }];
  return [
    { $project: { sequence: 1, ...Object.fromEntries(values) } },
    ...cursor,
    { $sort: { ...Object.fromEntries(order), ...ties } as Readonly<Record<string, 1 | -1>> },
    { $limit: count + 1 },
  ];
}

/** The values that a match was sorted by. */
export function sortedValues(match: Sorted, keys: readonly SortField[]): readonly SortValue[] {
  return keys.map((_, place) => (match[`n${place}`] === 1 ? null : (match[`v${place}`] ?? null)));
}

/** Behind the cursor: by the first value that differs, then by `ties`. A resource without a value comes last. */
function beyond(keys: readonly SortField[], after: SortKey, place: number, ties: Filter): Filter {
  const key = keys[place];
  if (key === undefined) return ties;
  const rest = beyond(keys, after, place + 1, ties);
  const value = after.values?.[place];
  assert(value !== undefined, 'a cursor has a value for every sort key');
  const none = `n${place}`;
  const field = `v${place}`;
  if (value === null) return { $and: [{ [none]: 1 }, rest] };
  const further = { [none]: 0, [field]: { [key.descending ? '$lt' : '$gt']: value } };
  return { $or: [{ [none]: 1 }, further, { $and: [{ [none]: 0, [field]: value }, rest] }] };
}

function tieBeyond({ by, descending }: Query['sort'], { sequence }: SortKey, cursorId: string | undefined): Filter {
  const further = descending ? '$lt' : '$gt';
  const resource = { _id: { [further]: present(cursorId, 'the id of the cursor') } };
  return by === 'id' ? resource : { $or: [{ sequence: { [further]: sequence } }, { sequence, ...resource }] };
}

/** `_id` of the resource that a query's cursor names. */
export function cursorOf({ type, after }: Query, resolver: Resolver): string | undefined {
  return after === undefined ? undefined : resolver.id(type, after.id);
}
