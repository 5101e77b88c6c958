import { assert } from '../core/assert.ts';
import { contentHash } from '../core/hash.ts';
import { limits } from '../core/limits.ts';
import { wideMark } from '../record/line-sum.ts';
import type { StagedRow } from '../store/port.ts';
import { type Fault, type FaultRule, fault } from './fault.ts';
import type { Column, Columns, RowTable } from './formats/go2/columns.ts';
import { hasControls } from './formats/go2/decode.ts';
import type { Go2Row } from './formats/go2/row.ts';
import { normaliseDate } from './normalise-date.ts';
import { normaliseFlag } from './normalise-flag.ts';
import { normaliseNumber } from './normalise-number.ts';
import { idIn } from './row-key.ts';

export interface NormalisedRows {
  /** Rows to stage, in the order of the file; bad ones carry their faults. */
  readonly staged: readonly StagedRow[];
  /** Rows of a kind that is not kept (other extra information, other lookups), by record type. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Rows with more fields than the record type is known to have; the further ones are dropped. */
  readonly wide: number;
}

/**
 * Normalises rows to the record schema (`mappings/esr/record.schema.json`): trim, null table, dates, numbers, flags,
 * flexfields. Pure. Fields that no column table names are dropped here and appear nowhere in the result.
 *
 * @param rows rows of record types that `columns` has
 * @returns per row a `StagedRow`: upsert, delete, or `bad` with `fault` = JSON of `Fault[]`. A bad row keeps none of
 *   its fields: one delimiter too many shifts them, and then a name that is allowed may hold a value that is not. The
 *   id of a row without a usable key is empty
 */
export function normaliseRows(rows: readonly Go2Row[], columns: Columns): NormalisedRows {
  const staged: StagedRow[] = [];
  const dropped: Record<string, number> = {};
  let wide = 0;
  for (const row of rows) {
    const table = columns.byCode.get(row.type);
    assert(table !== undefined, 'the reader gives out only rows that a column table keeps');
    const cells = row.text.split(row.delimiter);
    if (cells.length > table.widthKnown) wide += 1;
    if (isOtherKind(cells, table)) {
      dropped[row.type] = (dropped[row.type] ?? 0) + 1;
      continue;
    }
    staged.push(normaliseRow(row, cells, table));
  }
  return { staged, dropped, wide };
}

/** A row too short to say its kind is not dropped: it may be one of those that are kept. */
function isOtherKind(cells: readonly string[], { only }: RowTable): boolean {
  if (only === null) return false;
  const kind = cells[only.index];
  return kind !== undefined && kind.trim() !== only.equals;
}

function normaliseRow(row: Go2Row, cells: readonly string[], table: RowTable): StagedRow {
  const reading: Reading = { cells, controls: row.flaw === 'control-character', faults: null, json: '' };
  const id = readKey(reading, row, table);
  if (row.flaw === 'line-too-long') fail(reading, 'line-too-long');
  else if (cells.length < table.widthMin) fail(reading, 'row-too-short');
  if (reading.faults !== null) return badRow(row, table, id, reading.faults);
  const start = table.slice === null ? null : readSliceDate(reading, table, 'start', table.slice.start);
  const end = table.slice === null ? null : readSliceDate(reading, table, 'end', table.slice.end);
  if (start !== null && end !== null && end < start) fail(reading, 'end-before-start', 'end', sliceField(table, 'end'));
  for (const column of table.columns) readColumn(reading, column);
  if (reading.faults !== null) return badRow(row, table, id, reading.faults);
  const dates = `${start},${end},`;
  const contents = `${dates}{${reading.json}}`;
  const hash = contentHash(contents);
  // Cut out of what was just hashed, and so is flat: the string as it grew holds every cell of the row alive.
  const fields = contents.slice(dates.length);
  const key = { type: table.record, id };
  const { rank, action } = table;
  const { line } = row;
  if (row.raw === undefined || action === 'delete') {
    return { rank, key, action, line, start, end, hash, fields, fault: null, from: null };
  }
  const raw = row.raw + (cells.length > table.widthKnown ? wideMark : '');
  return { rank, key, action, line, start, end, hash, fields, fault: null, from: null, raw };
}

function badRow(row: Go2Row, table: RowTable, id: string, faults: readonly Fault[]): StagedRow {
  const reasons = JSON.stringify(faults);
  const key = { type: table.record, id };
  const contents = { start: null, end: null, hash: contentHash(reasons), fields: '{}', fault: reasons, from: null };
  return { rank: table.rank, key, action: 'bad', line: row.line, ...contents };
}

/** A row being read: `json` grows by one `"name":value` per field that is there. */
interface Reading {
  readonly cells: readonly string[];
  /** Does the line hold control characters at all? */
  readonly controls: boolean;
  faults: Fault[] | null;
  json: string;
}

function fail(reading: Reading, rule: FaultRule, field: string | null = null, where: string | null = null): void {
  reading.faults ??= [];
  reading.faults.push(fault(rule, field, where));
}

function readKey(reading: Reading, row: Go2Row, table: RowTable): string {
  const { index, where } = table.key;
  // The last field of a line that was cut off may be half a key: worse than none.
  const cut = row.flaw === 'line-too-long' && index >= reading.cells.length - 1;
  const cell = cut ? '' : (reading.cells[index] ?? '');
  const id = idIn(cell, table.key);
  if (id === '') fail(reading, 'missing-key', 'id', where);
  else if (id.length > limits.keyCharactersMax || (reading.controls && hasControls(id))) {
    fail(reading, 'bad-key', 'id', where);
    return '';
  }
  return id;
}

function readSliceDate(reading: Reading, table: RowTable, name: 'start' | 'end', index: number): string | null {
  const date = normaliseDate((reading.cells[index] ?? '').trim());
  if (date === undefined) fail(reading, 'bad-date', name, sliceField(table, name));
  else if (date === '' && name === 'start') fail(reading, 'missing-field', name, sliceField(table, name));
  return date === undefined || date === '' ? null : date;
}

function sliceField(table: RowTable, name: 'start' | 'end'): string {
  const index = table.slice === null ? 0 : table.slice[name];
  return `Effective ${name} (${table.code} ${index + 1})`;
}

function readColumn(reading: Reading, column: Column): void {
  const cell = reading.cells[column.index] ?? '';
  const text = cell === '' ? '' : cell.trim();
  if (text === '') {
    if (column.required) fail(reading, 'missing-field', column.name, column.where);
    return;
  }
  if (reading.controls && hasControls(text)) {
    fail(reading, 'control-character', column.name, column.where);
    return;
  }
  switch (column.kind) {
    case 'text':
      readText(reading, column, text);
      return;
    case 'flexfield':
      readFlexfield(reading, column, text);
      return;
    case 'date': {
      const date = normaliseDate(text);
      if (date === undefined) fail(reading, 'bad-date', column.name, column.where);
      else if (date !== '') add(reading, column.json, `"${date}"`);
      return;
    }
    case 'number': {
      const number = normaliseNumber(text);
      if (number === undefined) fail(reading, 'bad-number', column.name, column.where);
      else add(reading, column.json, String(number));
      return;
    }
    case 'yes-no': {
      const flag = normaliseFlag(text);
      if (flag === undefined) fail(reading, 'bad-flag', column.name, column.where);
      else add(reading, column.json, String(flag));
    }
  }
}

function readText(reading: Reading, column: Column, text: string): void {
  const prefix = column.prefixIndex < 0 ? '' : (reading.cells[column.prefixIndex] ?? '').trim();
  const rest = prefix !== '' && text.startsWith(prefix) ? text.slice(prefix.length).trim() : text;
  if (rest !== '') add(reading, column.json, quote(rest));
}

/** Missing parts are absent, parts beyond the known ones are ignored (esr.md 1.3, key flexfields). */
function readFlexfield(reading: Reading, column: Column, text: string): void {
  const { separator, parts } = column;
  let start = 0;
  for (let at = 0; at < parts.length && start <= text.length; at += 1) {
    const found = text.indexOf(separator, start);
    const end = found < 0 ? text.length : found;
    const json = parts[at];
    const value = typeof json === 'string' ? text.slice(start, end).trim() : '';
    if (typeof json === 'string' && value !== '') add(reading, json, quote(value));
    start = end + 1;
  }
}

function add(reading: Reading, json: string, value: string): void {
  reading.json += reading.json === '' ? json + value : `,${json}${value}`;
}

const special = /["\\]/;

/** JSON of text without control characters; the general function costs five times as much per field (measured). */
function quote(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`;
}
