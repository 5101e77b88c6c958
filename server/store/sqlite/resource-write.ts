import { assert, present } from '../../core/assert.ts';
import { entriesIn } from '../../search/extract.ts';
import { StoreError } from '../error.ts';
import type { VersionRow } from './batch-rows.ts';
import type { Connection } from './connection.ts';
import type { Contracts } from './contracts.ts';
import type { Bound } from './fragment.ts';
import { insertRows } from './insert-rows.ts';
import { entryValues, type Layout, quoted } from './schema.ts';

const emptyBody = Buffer.alloc(0);

/** The order in which a batch's versions get their numbers: what makes `vid` the order of (sequence, id). */
export function inVersionOrder(ops: readonly VersionRow[]): readonly VersionRow[] {
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return ops.toSorted((a, b) => compare(a.contract, b.contract) || compare(a.type, b.type) || compare(a.id, b.id));
}

/** Writes versions, numbered from `first`, and their search rows. Inside the batch's transaction. */
export function writeResources(
  data: Connection,
  contracts: Contracts,
  versions: readonly VersionRow[],
  first: number,
  sequence: number,
): void {
  const sides: SideRows = new Map();
  const batch: VersionBatch = { sequence, sides, outdated: new Map() };
  for (const [index, row] of versions.entries()) writeResource(data, contracts, row, first + index, batch);
  insertSides(data, sides);
  deleteSides(data, batch.outdated);
}

/** What the side tables gain and lose by a batch's versions is written at its end, the gains first. */
interface VersionBatch {
  readonly sequence: number;
  readonly sides: SideRows;
  /** By side table the versions whose rows go. */
  readonly outdated: Map<string, number[]>;
}

/** Rows to come of each side table: the number of its columns, and the values of one row after the other. */
type SideRows = Map<string, { readonly width: number; readonly values: Bound[] }>;

/** One version: history, current state, search rows, lineage. */
function writeResource(
  data: Connection,
  contracts: Contracts,
  op: VersionRow,
  vid: number,
  { sequence, sides, outdated }: VersionBatch,
): void {
  const layout = present(contracts.ensure(op.contract).get(op.type), `the search layout of ${op.type}`);
  const partition = contracts.ensurePartition(op.contract, op.type);
  const before = data.row<[rid: number, current: number, version: number, deleted: number]>(
    'SELECT rid, current, version, deleted FROM resource WHERE partition = ? AND id = ?',
    partition,
    op.id,
  );
  if (op.version !== (before?.[2] ?? 0) + 1) {
    throw new StoreError('conflict', `version ${op.version} of a ${op.type} does not follow the stored one`);
  }
  const rid = writeCurrent(data, op, partition, before?.[0], vid);
  const body = op.change === 'delete' ? emptyBody : Buffer.from(op.body);
  data.run(
    'INSERT INTO version(vid, rid, version, sequence, change, body) VALUES(?, ?, ?, ?, ?, ?)',
    vid,
    rid,
    op.version,
    sequence,
    op.change,
    body,
  );
  if (before !== undefined && before[3] === 0) {
    removeIndex(data, layout, before[1], outdated);
  }
  if (op.change !== 'delete') writeIndex(data, layout, op, vid, sides);
  if (op.lineage !== null) {
    data.run('INSERT INTO lineage(vid, file, lineage) VALUES(?, ?, ?)', vid, op.file, op.lineage);
  }
}

function writeCurrent(
  data: Connection,
  op: VersionRow,
  partition: number,
  rid: number | undefined,
  vid: number,
): number {
  const deleted = op.change === 'delete' ? 1 : 0;
  const state = [vid, op.version, deleted, op.hash, op.unit];
  if (rid !== undefined) {
    const update = 'UPDATE resource SET current = ?, version = ?, deleted = ?, hash = ?, unit = ? WHERE rid = ?';
    data.run(update, ...state, rid);
    return rid;
  }
  // The first version's number is the resource's: it is free, and needs no second counter.
  const insert = `INSERT INTO resource(rid, partition, id, current, version, deleted, hash, unit)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?)`;
  data.run(insert, vid, partition, op.id, ...state);
  return vid;
}

function writeIndex(data: Connection, layout: Layout, op: VersionRow, vid: number, sides: SideRows): void {
  const wide: Bound[] = layout.columns.map(() => null);
  const own = new Set<string>();
  for (const entry of entriesIn(op.index, op.body)) {
    const { param, kind } = entry;
    const values = entryValues(entry);
    const parameter = layout.parameters.get(param);
    assert(parameter !== undefined && parameter.kind === kind, `${op.type}.${param} is in the schema`);
    if (parameter.side === undefined) {
      assert(wide[parameter.slot] === null, `${op.type}.${param} has one value`);
      for (const [at, value] of values.entries()) wide[parameter.slot + at] = value;
    } else {
      own.add(param);
      let rows = sides.get(parameter.side);
      if (rows === undefined) {
        rows = { width: values.length + 1, values: [] };
        sides.set(parameter.side, rows);
      }
      rows.values.push(...values, vid);
    }
  }
  data.run(insertWide(layout), vid, op.id, [...own].join(' '), ...wide);
}

/** Inserts the rows that came together, and forgets them. */
function insertSides(data: Connection, sides: SideRows): void {
  for (const [side, { width, values }] of sides) {
    insertRows(data, `INSERT OR IGNORE INTO ${side}`, width, values);
  }
  sides.clear();
}

/** One statement for a table's versions: of a resource's dozen tables, each call costs as much as its rows. */
function deleteSides(data: Connection, outdated: VersionBatch['outdated']): void {
  for (const [side, vids] of outdated) {
    data.run(`DELETE FROM ${side} WHERE vid IN (SELECT value FROM json_each(?))`, JSON.stringify(vids));
  }
}

function removeIndex(data: Connection, layout: Layout, vid: number, outdated: VersionBatch['outdated']): void {
  const sides = data.value<string>(`DELETE FROM ${layout.wide} WHERE vid = ? RETURNING sides`, vid);
  assert(sides !== undefined, 'a live resource has its search row');
  for (const param of sides === '' ? [] : sides.split(' ')) {
    const side = quoted(`${layout.contract}_${layout.type}_${param}`);
    const vids = outdated.get(side);
    if (vids === undefined) outdated.set(side, [vid]);
    else vids.push(vid);
  }
}

const wideInserts = new WeakMap<Layout, string>();

function insertWide(layout: Layout): string {
  const known = wideInserts.get(layout);
  if (known !== undefined) return known;
  const columns = ['vid', 'id', 'sides', ...layout.columns];
  const text = `INSERT INTO ${layout.wide}(${columns.join(', ')}) VALUES(${columns.map(() => '?').join(', ')})`;
  wideInserts.set(layout, text);
  return text;
}
