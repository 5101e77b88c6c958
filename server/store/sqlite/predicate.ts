import { assert, present } from '../../core/assert.ts';
import { fold } from '../../search/fold.ts';
import type { DatePredicate, DatePrefix, Predicate, StringPredicate, TokenPredicate } from '../../search/query.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import type { Layout, ParameterLayout } from './schema.ts';

/** Layouts of the query's contract, by type. */
export type Layouts = ReadonlyMap<string, Layout>;

type Leaf = Exclude<Extract<Predicate, { readonly param: string }>, { readonly is: 'has' }>;

const never = raw('0');
const always = raw('1');

export function layoutFor(layouts: Layouts, type: string): Layout {
  return present(layouts.get(type), `the search layout of ${type}`);
}

function parameterFor(layout: Layout, param: string): ParameterLayout {
  return present(layout.parameters.get(param), `the search parameter ${layout.type}.${param}`);
}

/**
 * `predicate` over a row `alias` of the type's wide table, as a condition that no index serves: what drives the
 * statement is chosen elsewhere (`query.ts`), and `+` keeps the planner from choosing otherwise. NULL means no.
 */
export function filter(predicate: Predicate, layouts: Layouts, type: string, alias: string): Fragment {
  const vid = raw(`${alias}.vid`);
  switch (predicate.is) {
    case 'all':
      return always;
    case 'none':
      return never;
    case 'and':
    case 'or': {
      const parts = predicate.of.map((part) => filter(part, layouts, type, alias));
      if (parts.length === 0) return predicate.is === 'and' ? always : never;
      return sql`(${join(parts, predicate.is === 'and' ? ' AND ' : ' OR ')})`;
    }
    case 'not':
      return sql`(${filter(predicate.of, layouts, type, alias)}) IS NOT TRUE`;
    case 'id':
      return sql`+${raw(`${alias}.id`)} IN (${list(predicate.ids)})`;
    case 'lastUpdated':
      return lastUpdated(predicate.prefix, predicate.low, predicate.high, raw(`+${alias}.vid`));
    case 'has':
      return sql`+${vid} IN (${hasSource(predicate, layouts, type)})`;
    default:
      return leafFilter(predicate, layouts, type, alias);
  }
}

function leafFilter(leaf: Leaf, layouts: Layouts, type: string, alias: string): Fragment {
  const parameter = parameterFor(layoutFor(layouts, type), leaf.param);
  if (parameter.side === undefined) {
    const columns = parameter.columns.map((column) => `+${alias}.${column}`);
    return leaf.is === 'missing' ? sql`${raw(columns[0] ?? '')} IS NULL` : condition(leaf, parameter, columns, layouts);
  }
  const side = raw(parameter.side);
  const inner = raw(`${alias}s`);
  if (leaf.is === 'missing') {
    return sql`NOT EXISTS (SELECT 1 FROM ${side} ${inner} WHERE ${inner}.vid = ${raw(alias)}.vid)`;
  }
  const columns = parameter.columns.map((column) => `${alias}s.${column}`);
  const matches = condition(leaf, parameter, columns, layouts);
  return sql`EXISTS (SELECT 1 FROM ${side} ${inner} WHERE ${matches} AND ${inner}.vid = ${raw(alias)}.vid)`;
}

/**
 * A SELECT of the `vid`s that match, served by an index; undefined where only looking at every row helps.
 */
export function source(predicate: Predicate, layouts: Layouts, type: string): Fragment | undefined {
  const layout = layoutFor(layouts, type);
  switch (predicate.is) {
    case 'id':
      return sql`SELECT current AS vid FROM resource WHERE ${partition(layout)} AND deleted = 0
        AND id IN (${list(predicate.ids)})`;
    case 'has':
      return hasSource(predicate, layouts, type);
    case 'and': {
      const place = predicate.of.findIndex((part) => source(part, layouts, type) !== undefined);
      const served = place < 0 ? undefined : source(present(predicate.of[place], 'the part'), layouts, type);
      if (served === undefined) return undefined;
      const others = predicate.of.filter((_, index) => index !== place);
      const rest = filter({ is: 'and', of: others }, layouts, type, 'w');
      return sql`SELECT w.vid AS vid FROM ${raw(layout.wide)} w WHERE w.vid IN (${served}) AND ${rest}`;
    }
    case 'or': {
      const parts = predicate.of.map((part) => source(part, layouts, type));
      const served = parts.filter((part) => part !== undefined);
      if (served.length === 0 || served.length < parts.length || served.length > compoundMax) return undefined;
      return sql`SELECT DISTINCT vid FROM (${join(served, ' UNION ALL ')})`;
    }
    case 'token':
    case 'string':
    case 'date':
    case 'reference':
    case 'uri':
    case 'chain': {
      const parameter = parameterFor(layout, predicate.param);
      if (!indexed(predicate)) return undefined;
      const matches = condition(predicate, parameter, parameter.columns, layouts);
      const from = raw(parameter.side ?? layout.wide);
      const distinct = parameter.side === undefined || unique(predicate) ? raw('') : raw('DISTINCT');
      return sql`SELECT ${distinct} vid FROM ${from} WHERE ${matches}`;
    }
    default:
      return undefined;
  }
}

/** A single-valued leaf as a condition on the wide table's own index. */
export function columnSource(
  predicate: Predicate,
  layouts: Layouts,
  layout: Layout,
  alias: string,
): Fragment | undefined {
  if (!isLeaf(predicate) || predicate.is === 'missing') return undefined;
  const parameter = parameterFor(layout, predicate.param);
  if (parameter.side !== undefined) return undefined;
  return condition(predicate, parameter, aliased(parameter, alias), layouts);
}

/** A multi-valued leaf as its side table and the condition on that table's key. */
export function sideSource(
  predicate: Predicate,
  layouts: Layouts,
  layout: Layout,
  alias: string,
): { readonly from: Fragment; readonly where: Fragment } | undefined {
  if (!isLeaf(predicate) || predicate.is === 'missing') return undefined;
  const parameter = parameterFor(layout, predicate.param);
  if (parameter.side === undefined) return undefined;
  return { from: raw(parameter.side), where: condition(predicate, parameter, aliased(parameter, alias), layouts) };
}

function isLeaf(predicate: Predicate): predicate is Leaf {
  return 'param' in predicate && predicate.is !== 'has';
}

function aliased(parameter: ParameterLayout, alias: string): readonly string[] {
  return parameter.columns.map((column) => `${alias}.${column}`);
}

/** SQLITE_MAX_COMPOUND_SELECT is 500. */
const compoundMax = 400;

/** Is there an index whose first column the predicate bounds? */
function indexed(leaf: Leaf): boolean {
  if (leaf.is === 'token') return leaf.code !== undefined;
  if (leaf.is === 'string') return leaf.match !== 'contains';
  if (leaf.is === 'date') return leaf.prefix !== 'ne' && leaf.prefix !== 'ge' && leaf.prefix !== 'gt';
  return true;
}

/** Does it fix every value of a side row, so that a resource comes once, and in order of `vid`? */
export function unique(leaf: Predicate): boolean {
  if (leaf.is === 'token') return leaf.code !== undefined && leaf.system !== undefined;
  if (leaf.is === 'reference') return leaf.targets.length === 1;
  return leaf.is === 'uri';
}

/** The condition of a leaf over the columns of its parameter. */
function condition(leaf: Leaf, parameter: ParameterLayout, columns: readonly string[], layouts: Layouts): Fragment {
  const first = raw(present(columns[0], 'the searched column'));
  const second = raw(columns[1] ?? '');
  const expected = leaf.is === 'chain' ? 'reference' : leaf.is;
  assert(expected === parameter.kind, `${leaf.param} is searched as what it is`);
  switch (leaf.is) {
    case 'token':
      return tokenCondition(leaf, first, second);
    case 'string':
      return stringCondition(leaf, first, second);
    case 'date':
      return dateCondition(leaf, first, second);
    case 'uri':
      return sql`${first} = ${leaf.value}`;
    case 'reference': {
      const [only, ...more] = leaf.targets;
      return only !== undefined && more.length === 0
        ? sql`${first} = ${only}`
        : sql`${first} IN (${list(leaf.targets)})`;
    }
    case 'chain': {
      const target = layoutFor(layouts, leaf.type);
      const rows = source(leaf.where, layouts, leaf.type);
      const matching = rows === undefined ? filter(leaf.where, layouts, leaf.type, 'c') : sql`c.vid IN (${rows})`;
      return sql`${first} IN (SELECT ${`${leaf.type}/`} || c.id FROM ${raw(target.wide)} c WHERE ${matching})`;
    }
    case 'missing':
      throw new Error('assertion failed: absence has no condition of its own');
  }
}

function tokenCondition(leaf: TokenPredicate, code: Fragment, system: Fragment): Fragment {
  const parts: Fragment[] = [];
  if (leaf.code !== undefined) parts.push(sql`${code} = ${leaf.code}`);
  if (leaf.system !== undefined) parts.push(sql`${system} = ${leaf.system ?? ''}`);
  assert(parts.length > 0, 'a token names a code or a system');
  return join(parts, ' AND ');
}

function stringCondition(leaf: StringPredicate, folded: Fragment, value: Fragment): Fragment {
  if (leaf.match === 'exact') return sql`${folded} = ${fold(leaf.value)} AND ${value} = ${leaf.value}`;
  if (leaf.match === 'contains') return sql`instr(${folded}, ${leaf.value}) > 0`;
  const end = afterPrefix(leaf.value);
  const from = sql`${folded} >= ${leaf.value}`;
  return end === undefined ? from : sql`${from} AND ${folded} < ${end}`;
}

/**
 * The least text above all that begin with `prefix`, by code point, as SQLite's BINARY collation compares UTF-8;
 * undefined where there is none.
 */
function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // Surrogates are no characters of their own.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

/** R4 3.1.1.4.4 over half-open ranges; `ge` and `le` as overlap, so that `le D` and `ge D` mean in force on D. */
function dateCondition(leaf: DatePredicate, low: Fragment, high: Fragment): Fragment {
  const conditions: Readonly<Record<DatePrefix, Fragment>> = {
    eq: sql`${low} >= ${leaf.low} AND ${high} <= ${leaf.high}`,
    ne: sql`(${low} < ${leaf.low} OR ${high} > ${leaf.high})`,
    gt: sql`${high} > ${leaf.high}`,
    lt: sql`${low} < ${leaf.low}`,
    ge: sql`${high} > ${leaf.low}`,
    le: sql`${low} < ${leaf.high}`,
    sa: sql`${low} >= ${leaf.high}`,
    eb: sql`${low} < ${leaf.low} AND ${high} <= ${leaf.low}`,
    ap: sql`${low} < ${leaf.high} AND ${high} > ${leaf.low}`,
  };
  return conditions[leaf.prefix];
}

/** A batch's time, a millisecond long, against [low, high), as a range of versions. */
export function lastUpdated(prefix: DatePrefix, low: number, high: number, vid: Fragment): Fragment {
  const lastBefore = (ms: number) =>
    sql`COALESCE((SELECT last FROM batch WHERE ms < ${ms} ORDER BY ms DESC, sequence DESC LIMIT 1), 0)`;
  const fromLow = sql`${vid} > ${lastBefore(low)}`;
  const fromHigh = sql`${vid} > ${lastBefore(high)}`;
  const belowLow = sql`${vid} <= ${lastBefore(low)}`;
  const belowHigh = sql`${vid} <= ${lastBefore(high)}`;
  const conditions: Readonly<Record<DatePrefix, Fragment>> = {
    eq: sql`(${fromLow} AND ${belowHigh})`,
    ne: sql`(${belowLow} OR ${fromHigh})`,
    gt: fromHigh,
    lt: belowLow,
    ge: fromLow,
    le: belowHigh,
    sa: fromHigh,
    eb: belowLow,
    ap: sql`(${fromLow} AND ${belowHigh})`,
  };
  return conditions[prefix];
}

type Has = Extract<Predicate, { readonly is: 'has' }>;

/** Current versions of this type to which a matching resource of the other type refers. */
function hasSource(has: Has, layouts: Layouts, type: string): Fragment {
  const from = layoutFor(layouts, has.type);
  const parameter = parameterFor(from, has.param);
  assert(parameter.kind === 'reference', 'a reverse chain goes over a reference');
  const target = raw(`${parameter.side === undefined ? 'h' : 'hs'}.${present(parameter.columns[0], 'the target')}`);
  const side = parameter.side === undefined ? raw('') : raw(`JOIN ${parameter.side} hs ON hs.vid = h.vid`);
  const rows = source(has.where, layouts, has.type);
  const matching = rows === undefined ? filter(has.where, layouts, has.type, 'h') : sql`h.vid IN (${rows})`;
  const prefix = `${type}/`;
  return sql`SELECT current AS vid FROM resource WHERE ${partition(layoutFor(layouts, type))} AND deleted = 0
    AND id IN (SELECT substr(${target}, ${prefix.length + 1}) FROM ${raw(from.wide)} h ${side}
      WHERE ${matching} AND ${target} >= ${prefix} AND ${target} < ${`${type}0`})`;
}

export function partition(layout: Layout): Fragment {
  return sql`partition = (SELECT id FROM partition WHERE contract = ${layout.contract} AND type = ${layout.type})`;
}

/** The values of a list, as one bound JSON text: one statement serves every length, and no limit on values is met. */
function list(values: readonly string[]): Fragment {
  return sql`SELECT value FROM json_each(${JSON.stringify(values)})`;
}
