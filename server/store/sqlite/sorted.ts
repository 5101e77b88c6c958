import { present } from '../../core/assert.ts';
import { beginningOfTime, type Query, type SortField, type SortValue } from '../../search/query.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import { filter, type Layouts, layoutFor, source } from './predicate.ts';
import { conjuncts, type Driver } from './query.ts';
import { columnOf, type Layout, type ParameterLayout } from './schema.ts';

/**
 * A page in the order of indexed values comes in two parts: first the resources that have a value of the leading key,
 * read in order off that key's own index; then, where the page has room left, those without one, in the order of the
 * other keys. Each part is a keyset page of its own, so no page costs more for lying further down.
 */
export interface SortedPart {
  /** `valued`: those with a value of the leading key. */
  readonly of: 'valued' | 'rest';
  /** The values after which the part begins, one per key; the first is of this part. */
  readonly after: readonly SortValue[] | undefined;
  /** The `vid` of equal resources after which it begins, where `vid` settles ties. */
  readonly boundary: number | undefined;
  readonly limit: number;
}

interface Key extends SortField {
  readonly parameter: ParameterLayout;
  /** The value of a row `t`, no index wanted; NULL where there is none. */
  readonly value: Fragment;
}

/**
 * A SELECT of `vid` and the sort values. `driver`: the conjunct whose few rows are sorted; undefined = the leading
 * key's index is walked and every conjunct checked on the way.
 */
export function compileSorted(query: Query, layouts: Layouts, driver: Driver | undefined, part: SortedPart): Fragment {
  const layout = layoutFor(layouts, query.type);
  const keys = (query.sort.keys ?? []).map((key) => keyOf(key, layout));
  const [leading, ...others] = keys;
  const first = present(leading, 'the leading sort key');
  const parts = conjuncts(query.where);
  const driving = driver === undefined ? undefined : present(parts[driver.place], 'the driving conjunct');
  const rows = driving === undefined ? undefined : present(source(driving, layouts, query.type), 'the driving rows');
  const walk = part.of === 'valued' ? walked(first, layout, rows) : missing(first, layout, rows);
  const checks = parts.filter((one) => one !== driving).map((one) => filter(one, layouts, query.type, 't'));
  const compared = part.of === 'valued' ? [{ ...first, value: walk.value }, ...others] : others;
  const after = part.of === 'valued' ? part.after : part.after?.slice(1);
  const where = [...walk.where, ...checks];
  const tie = query.sort.by === 'id' ? raw('t.id') : walk.vid;
  if (after !== undefined) where.push(...beyond(query, compared, after, part, tie));
  const order = [
    ...compared.flatMap((key, place) => ordered(key, part.of === 'valued' && place === 0)),
    sql`${tie} ${direction(query.sort.descending)}`,
  ];
  const columns = join([raw('t.vid'), walk.value, ...others.map((key) => key.value)], ', ');
  const condition = where.length === 0 ? raw('1') : join(where, ' AND ');
  return sql`SELECT ${columns} FROM ${walk.from} WHERE ${condition} ORDER BY ${join(order, ', ')} LIMIT ${part.limit}`;
}

interface Walk {
  readonly from: Fragment;
  readonly where: readonly Fragment[];
  readonly value: Fragment;
  /** The `vid` of what is walked: its index ends in it. */
  readonly vid: Fragment;
}

/** The resources that have the leading value, in a way that lets SQLite read them in its order. */
function walked(key: Key, layout: Layout, rows: Fragment | undefined): Walk {
  const wide = raw(layout.wide);
  const { parameter, value } = key;
  const vid = raw('t.vid');
  if (rows !== undefined) return { ...drivenBy(rows, wide), where: [sql`${value} IS NOT NULL`], value, vid };
  const column = columnOf(parameter, key.field);
  const least = sql`>= ${parameter.kind === 'date' ? beginningOfTime : ''}`;
  if (parameter.side === undefined) {
    const own = raw(`t.${column}`);
    return { from: sql`${wide} t`, where: [sql`${own} ${least}`], value: own, vid };
  }
  const own = raw(`o.${column}`);
  const chosen = chosenRow(key, parameter.side);
  const from = sql`${raw(parameter.side)} o CROSS JOIN ${wide} t ON t.vid = o.vid`;
  return { from, where: [sql`${own} ${least}`, chosen], value: own, vid: raw('o.vid') };
}

/** Of a resource's side rows, the one that comes first in this order. */
function chosenRow({ parameter, descending, field }: Key, side: string): Fragment {
  const leading = columnOf(parameter, field);
  const columns = [leading, ...parameter.columns.filter((column) => column !== leading)];
  const tuple = (alias: string) => raw(columns.map((column) => `${alias}.${column}`).join(', '));
  const before = raw(descending ? '>' : '<');
  const earlier = sql`(${tuple('e')}) ${before} (${tuple('o')})`;
  return sql`NOT EXISTS (SELECT 1 FROM ${raw(side)} e WHERE e.vid = o.vid AND ${earlier})`;
}

/** The resources without the leading value. */
function missing({ parameter, field, value }: Key, layout: Layout, rows: Fragment | undefined): Walk {
  const wide = raw(layout.wide);
  const from = rows === undefined ? sql`${wide} t` : drivenBy(rows, wide).from;
  const absent =
    parameter.side === undefined
      ? sql`${rows === undefined ? raw(`t.${columnOf(parameter, field)}`) : value} IS NULL`
      : sql`NOT EXISTS (SELECT 1 FROM ${raw(parameter.side)} o WHERE o.vid = t.vid)`;
  return { from, where: [absent], value: raw('NULL'), vid: raw('t.vid') };
}

function drivenBy(rows: Fragment, wide: Fragment): { readonly from: Fragment } {
  return { from: sql`(${rows}) d CROSS JOIN ${wide} t ON t.vid = d.vid` };
}

function keyOf(key: SortField, layout: Layout): Key {
  const parameter = present(layout.parameters.get(key.param), `the search parameter ${layout.type}.${key.param}`);
  const column = columnOf(parameter, key.field);
  const value =
    parameter.side === undefined
      ? raw(`+t.${column}`)
      : raw(`(SELECT ${key.descending ? 'MAX' : 'MIN'}(k.${column}) FROM ${parameter.side} k WHERE k.vid = t.vid)`);
  return { ...key, parameter, value };
}

/** NULL last, both ways: in SQLite it is the least. A leading value is never NULL, and its index gives the order. */
function ordered({ value, descending }: Key, leading: boolean): readonly Fragment[] {
  const byValue = sql`${value} ${direction(descending)}`;
  return leading || descending ? [byValue] : [sql`${value} IS NULL`, byValue];
}

function direction(descending: boolean): Fragment {
  return raw(descending ? 'DESC' : 'ASC');
}

/** All that comes after the cursor: equal in the first keys and beyond in the next, and so on down to the tie. */
function beyond(
  query: Query,
  keys: readonly Key[],
  after: readonly SortValue[],
  { of, boundary }: SortedPart,
  tie: Fragment,
): readonly Fragment[] {
  const equal: Fragment[] = [];
  const ways: Fragment[] = [];
  for (const [place, { value, descending }] of keys.entries()) {
    const at = after[place] ?? null;
    if (at !== null) {
      const further = sql`${value} ${raw(descending ? '<' : '>')} ${at}`;
      ways.push(join([...equal, sql`(${further} OR ${value} IS NULL)`], ' AND '));
    }
    equal.push(sql`${value} IS ${at}`);
  }
  const position = query.sort.by === 'id' ? present(query.after, 'the cursor').id : present(boundary, 'the boundary');
  ways.push(join([...equal, sql`${tie} ${raw(query.sort.descending ? '<' : '>')} ${position}`], ' AND '));
  const any = sql`(${join(
    ways.map((way) => sql`(${way})`),
    ' OR ',
  )})`;
  const [leading] = keys;
  const start = after[0] ?? null;
  // What bounds the index that is walked; the alternatives above bound nothing.
  return of === 'valued' && leading !== undefined && start !== null
    ? [sql`${leading.value} ${raw(leading.descending ? '<=' : '>=')} ${start}`, any]
    : [any];
}
