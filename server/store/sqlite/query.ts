import { present } from '../../core/assert.ts';
import type { Predicate, Query } from '../../search/query.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import {
  columnSource,
  filter,
  type Layouts,
  lastUpdated,
  layoutFor,
  partition,
  sideSource,
  source,
  unique,
} from './predicate.ts';
import type { Layout } from './schema.ts';

/**
 * Compiles a query to one SELECT. SQLite has no statistics of ours to plan by, so the statement fixes its own plan:
 * one conjunct, the driver, is read off its index; all others are checked on the rows that come. Without a driver the
 * type's rows are walked in the order asked, and the page ends the walk.
 */
export interface Driver {
  /** Which conjunct. */
  readonly place: number;
  /** Its rows come in `vid` order: a page needs no sort. */
  readonly ordered: boolean;
  /** Counts its rows up to a bound: the fewest rows drive. */
  readonly probe: () => Fragment;
}

/** Rows looked at by a probe: enough to tell few from many. */
export const probeRowsMax = 256;

/** The parts that must all hold. */
export function conjuncts(where: Predicate): readonly Predicate[] {
  if (where.is === 'and') return where.of.flatMap(conjuncts);
  return where.is === 'all' ? [] : [where];
}

/**
 * What could drive the statement. Codes of single-valued elements (`active`, `status`) split a type into few large
 * parts and ride in other indexes: they drive only where nothing else can.
 */
export function drivers(query: Query, layouts: Layouts): readonly Driver[] {
  const layout = layoutFor(layouts, query.type);
  const found = conjuncts(query.where).flatMap((part, place) => {
    const rows = source(part, layouts, query.type);
    if (rows === undefined) return [];
    const probe = () => sql`SELECT COUNT(*) FROM (${rows} LIMIT ${probeRowsMax})`;
    const ordered = unique(part) || (part.is === 'token' && part.code !== undefined);
    const coarse = part.is === 'token' && layout.parameters.get(part.param)?.carried === true;
    return [{ place, ordered, probe, coarse }];
  });
  const fine = found.filter((driver) => !driver.coarse);
  return fine.length > 0 ? fine : found;
}

/** A page's `vid`s, one more than asked. `boundary`: the `vid` next to which the page begins, where sorted by it. */
export function compilePage(
  query: Query,
  layouts: Layouts,
  driver: Driver | undefined,
  boundary: number | undefined,
): Fragment {
  const { from, where, vid, distinct, id } = statement(query, layouts, driver);
  const parts = [...where];
  const { by, descending } = query.sort;
  const beyond = raw(descending ? '<' : '>');
  if (boundary !== undefined) parts.push(sql`${vid} ${beyond} ${boundary}`);
  if (by === 'id' && query.after !== undefined) parts.push(sql`${id} ${beyond} ${query.after.id}`);
  const order = sql`${by === 'id' ? id : vid} ${raw(descending ? 'DESC' : 'ASC')}`;
  const columns = distinct ? sql`DISTINCT ${vid}` : vid;
  return sql`SELECT ${columns} FROM ${from}${whereClause(parts)} ORDER BY ${order} LIMIT ${query.count + 1}`;
}

/** How many resources match in all. */
export function compileCount(query: Query, layouts: Layouts, driver: Driver | undefined): Fragment {
  const { from, where, vid, distinct } = statement({ ...query, sort: bySequence }, layouts, driver);
  const counted = distinct ? sql`COUNT(DISTINCT ${vid})` : raw('COUNT(*)');
  return sql`SELECT ${counted} FROM ${from}${whereClause(where)}`;
}

/** The greatest `vid` of batch `sequence` at or before `id` (ascending), or the least at or after it; see `read.ts`. */
export function compileBoundary(query: Query, layouts: Layouts): Fragment | undefined {
  if (query.sort.by === 'id' || query.after === undefined) return undefined;
  const wide = raw(layoutFor(layouts, query.type).wide);
  const { sequence, id } = query.after;
  const inBatch = sql`FROM ${wide} WHERE vid BETWEEN
    (SELECT first FROM batch WHERE sequence = ${sequence}) AND (SELECT last FROM batch WHERE sequence = ${sequence})`;
  return query.sort.descending
    ? sql`SELECT COALESCE((SELECT MIN(vid) ${inBatch} AND id >= ${id}),
        (SELECT last + 1 FROM batch WHERE sequence <= ${sequence} ORDER BY sequence DESC LIMIT 1), 0)`
    : sql`SELECT COALESCE((SELECT MAX(vid) ${inBatch} AND id <= ${id}),
        (SELECT last FROM batch WHERE sequence < ${sequence} ORDER BY sequence DESC LIMIT 1), 0)`;
}

const bySequence = { by: 'sequence', descending: false } as const;

interface Statement {
  readonly from: Fragment;
  readonly where: readonly Fragment[];
  readonly vid: Fragment;
  readonly id: Fragment;
  /** The driver may bring a resource twice. */
  readonly distinct: boolean;
}

function statement(query: Query, layouts: Layouts, driver: Driver | undefined): Statement {
  const layout = layoutFor(layouts, query.type);
  const parts = conjuncts(query.where);
  const driving = driver === undefined ? undefined : present(parts[driver.place], 'the driving conjunct');
  const others = parts.filter((part) => part !== driving);
  const t = { vid: raw('t.vid'), id: raw('t.id'), from: sql`${raw(layout.wide)} t` };
  if (driving === undefined && query.sort.by === 'id') {
    const from = sql`resource r CROSS JOIN ${t.from} ON t.vid = r.current`;
    const where = [sql`r.${partition(layout)} AND r.deleted = 0`, ...checks(others, layouts, query.type, t.vid)];
    return { from, where, vid: t.vid, id: raw('r.id'), distinct: false };
  }
  if (driving === undefined) {
    return { ...t, where: checks(others, layouts, query.type, t.vid), distinct: false };
  }
  const column = columnSource(driving, layouts, layout, 't');
  if (column !== undefined) {
    return { ...t, where: [column, ...checks(others, layouts, query.type, t.vid)], distinct: false };
  }
  return sideStatement(query, layouts, layout, driving, others);
}

function sideStatement(
  query: Query,
  layouts: Layouts,
  layout: Layout,
  driving: Predicate,
  others: readonly Predicate[],
): Statement {
  const side = sideSource(driving, layouts, layout, 'd');
  const vid = raw('d.vid');
  const rows = present(side?.from ?? source(driving, layouts, query.type), 'the driving rows');
  const alone = query.sort.by === 'sequence' && others.every((part) => part.is === 'lastUpdated');
  const first = side === undefined ? sql`(${rows}) d` : sql`${rows} d`;
  const from = alone ? first : sql`${first} CROSS JOIN ${raw(layout.wide)} t ON t.vid = d.vid`;
  const where = [...(side === undefined ? [] : [side.where]), ...checks(others, layouts, query.type, vid)];
  return { from, where, vid, id: raw('t.id'), distinct: side !== undefined && !unique(driving) };
}

function checks(parts: readonly Predicate[], layouts: Layouts, type: string, vid: Fragment): readonly Fragment[] {
  return parts.map((part) =>
    part.is === 'lastUpdated' ? lastUpdated(part.prefix, part.low, part.high, vid) : filter(part, layouts, type, 't'),
  );
}

function whereClause(parts: readonly Fragment[]): Fragment {
  return parts.length === 0 ? raw('') : sql` WHERE ${join(parts, ' AND ')}`;
}
