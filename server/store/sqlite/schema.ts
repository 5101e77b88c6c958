import { assert, present } from '../../core/assert.ts';
import { contentHash } from '../../core/hash.ts';
import type { IndexEntry, IndexedParameter, IndexKind, IndexSchema, SortField } from '../../search/query.ts';

/**
 * The search tables of one type in one contract (feasibility.md 3, layout b): a wide table with columns for
 * single-valued parameters and a side table per multi-valued one. Keyed by `vid`, the version's number, which rises
 * in `_lastUpdated` order: every index ends in it, so a filtered page in that order is read off an index.
 */
export interface Layout {
  readonly contract: string;
  readonly type: string;
  readonly wide: string;
  readonly columns: readonly string[];
  readonly parameters: ReadonlyMap<string, ParameterLayout>;
  readonly ddl: readonly string[];
}

export interface ParameterLayout {
  readonly param: string;
  readonly kind: IndexKind;
  /** The quoted side table of a multi-valued parameter. */
  readonly side: string | undefined;
  /** Quoted columns, the one that is searched first: in the side table, or in the wide one. */
  readonly columns: readonly string[];
  /** Place of the first column in the wide table's `columns`. */
  readonly slot: number;
  /** A code of few values (`active`, `status`), which rides in the other indexes: filtering by it needs no row. */
  readonly carried: boolean;
}

const columnsOf: Readonly<Record<IndexKind, readonly string[]>> = {
  token: ['code', 'system'],
  string: ['folded', 'value'],
  date: ['low', 'high'],
  reference: ['target'],
  uri: ['value'],
};

/** A WITHOUT ROWID key in which `vid` follows what is searched by equality. */
const sideKeys: Readonly<Record<IndexKind, string>> = {
  token: 'code, vid, system',
  string: 'folded, vid, value',
  date: 'low, high, vid',
  reference: 'target, vid',
  uri: 'value, vid',
};

/** More carried codes would make every index larger than they save. */
const carriedMax = 2;

const contractPattern = /^v[0-9]{1,4}$/;
const typePattern = /^[A-Z][A-Za-z]{0,63}$/;
const paramPattern = /^[A-Za-z_][A-Za-z0-9_:-]{0,63}$/;

/** The values of one entry in the order of its kind's columns. A token without a system has the system ''. */
export function entryValues(entry: IndexEntry): readonly (string | number)[] {
  switch (entry.kind) {
    case 'token':
      return [entry.code, entry.system ?? ''];
    case 'string':
      return [entry.folded, entry.value];
    case 'date':
      return [entry.low, entry.high];
    case 'reference':
      return [entry.target];
    case 'uri':
      return [entry.value];
  }
}

/** The quoted column that holds `field` of a parameter's entries. */
export function columnOf({ kind, columns }: ParameterLayout, field: SortField['field']): string {
  return present(columns[columnsOf[kind].indexOf(field)], `the field ${field} of a ${kind}`);
}

/** Layouts by type for one contract. Contract and type names are asserted: they become part of table names. */
export function layoutsOf(contract: string, schema: IndexSchema): ReadonlyMap<string, Layout> {
  assert(contractPattern.test(contract), 'a contract version is named v and a number');
  return new Map(Object.entries(schema).map(([type, parameters]) => [type, layoutOf(contract, type, parameters)]));
}

/** Tells when the tables of a contract were made for another schema. */
export function layoutHash(layouts: ReadonlyMap<string, Layout>): string {
  return contentHash([...layouts.values()].flatMap((layout) => layout.ddl).join(';'));
}

export function quoted(name: string): string {
  return `"${name}"`;
}

/** `sides` names the side tables that hold rows of this version, so that a delete visits no other. */
const ownColumns = ['vid INTEGER PRIMARY KEY', 'id TEXT NOT NULL', 'sides TEXT NOT NULL'];

function layoutOf(contract: string, type: string, parameters: readonly IndexedParameter[]): Layout {
  assert(typePattern.test(type), 'a resource type is a plain name');
  const columns: string[] = [];
  const layouts = new Map<string, ParameterLayout>();
  let carriedCount = 0;
  for (const { param, kind, multiple } of parameters) {
    assert(paramPattern.test(param), 'a search parameter has a plain name');
    const names = columnsOf[kind].map((column) => quoted(multiple ? column : `${param}.${column}`));
    const side = multiple ? quoted(`${contract}_${type}_${param}`) : undefined;
    const carried = !multiple && kind === 'token' && !param.includes(':') && carriedCount < carriedMax;
    if (carried) carriedCount += 1;
    layouts.set(param, { param, kind, side, columns: names, slot: columns.length, carried });
    if (!multiple) columns.push(...names);
  }
  const wide = quoted(`${contract}_${type}`);
  const ddl = [
    `CREATE TABLE IF NOT EXISTS ${wide}(${[...ownColumns, ...columns].join(', ')})`,
    ...wideIndexes(contract, type, [...layouts.values()]),
    ...[...layouts.values()].flatMap((layout) => sideTables(contract, type, layout)),
  ];
  return { contract, type, wide, columns, parameters: layouts, ddl };
}

function wideIndexes(contract: string, type: string, layouts: readonly ParameterLayout[]): readonly string[] {
  const single = layouts.filter((layout) => layout.side === undefined);
  const carried = single.filter((layout) => layout.carried);
  return single.map((layout) => {
    const codes = carried.filter((other) => other !== layout).map((other) => other.columns[0] ?? '');
    const searched = layout.kind === 'date' ? layout.columns : layout.columns.slice(0, 1);
    const ordered = layout.kind === 'date' || layout.kind === 'string' ? [] : ['vid', ...codes];
    const name = quoted(`${contract}_${type}_${layout.param}.index`);
    const on = `${quoted(`${contract}_${type}`)}(${[...searched, ...ordered].join(', ')})`;
    return `CREATE INDEX IF NOT EXISTS ${name} ON ${on}`;
  });
}

function sideTables(contract: string, type: string, layout: ParameterLayout): readonly string[] {
  if (layout.side === undefined) return [];
  const columns = [...layout.columns, 'vid INTEGER'].join(', ');
  const key = `PRIMARY KEY(${sideKeys[layout.kind]})`;
  const byVersion = quoted(`${contract}_${type}_${layout.param}.vid`);
  return [
    `CREATE TABLE IF NOT EXISTS ${layout.side}(${columns}, ${key}) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS ${byVersion} ON ${layout.side}(vid)`,
  ];
}
