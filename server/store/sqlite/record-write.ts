import type { LineSum } from '../../record/line-sum.ts';
import { type Unit, unitText } from '../../record/unit.ts';
import type { Op } from '../port.ts';
import type { RecordRow } from './batch-rows.ts';
import type { Connection } from './connection.ts';
import type { Bound } from './fragment.ts';
import { insertRows } from './insert-rows.ts';

type Named<Name extends Op['op']> = Extract<Op, { readonly op: Name }>;

/**
 * References and line sums of a batch's records, which go in many to a statement: one by one, the calls take as long as
 * the records themselves.
 */
export class RecordRows {
  readonly #data: Connection;
  readonly #references: Bound[] = [];
  readonly #lineSums: Bound[] = [];
  readonly #rids = new Set<number>();

  constructor(data: Connection) {
    this.#data = data;
  }

  reference(rid: number, type: string, id: string): void {
    this.#rids.add(rid);
    this.#references.push(type, id, rid);
  }

  lineSum(rid: number, { bucket, words, wide }: LineSum): void {
    this.#rids.add(rid);
    this.#lineSums.push(rid, bucket, ...words, wide);
  }

  /** Writes what is gathered, where some of it is of this record: whoever changes its rows finds them. */
  settle(rid: number): void {
    if (this.#rids.has(rid)) this.write();
  }

  write(): void {
    insertRows(this.#data, 'INSERT OR IGNORE INTO reference(type, id, record)', 3, this.#references);
    insertRows(this.#data, 'INSERT OR REPLACE INTO line_sum(rid, bucket, a, b, c, wide)', 6, this.#lineSums);
    this.#references.length = 0;
    this.#lineSums.length = 0;
    this.#rids.clear();
  }
}

/** Where an op stands. */
export interface Place {
  readonly sequence: number;
  /** The op's index in its batch, which orders the outbox. */
  readonly place: number;
  readonly gathered: RecordRows;
}

/** Replaces a record's slices and the references that it made. */
export function writeRecord(data: Connection, row: RecordRow, { gathered }: Place): void {
  const { type, id, hash, file, slices, layers, references, lines } = row;
  const known = ridOf(data, type, id);
  if (known !== undefined) {
    gathered.settle(known);
    const update = 'UPDATE record SET hash = ?, file = ?, slices = ?, layers = ? WHERE rid = ?';
    data.run(update, hash, file, slices, layers, known);
    data.run('DELETE FROM reference WHERE record = ?', known);
  }
  const insert = 'INSERT INTO record(type, id, hash, file, slices, layers) VALUES(?, ?, ?, ?, ?, ?)';
  const rid = known ?? data.insert(insert, type, id, hash, file, slices, layers);
  if (lines !== null && lines !== undefined) gathered.lineSum(rid, lines);
  else if (known !== undefined) data.run('DELETE FROM line_sum WHERE rid = ?', rid);
  for (const [toType, toId] of references) gathered.reference(rid, toType, toId);
}

export function writeLines(data: Connection, { key, lines }: Named<'lines'>, { gathered }: Place): void {
  const rid = ridOf(data, key.type, key.id);
  if (rid === undefined) return;
  gathered.settle(rid);
  gathered.lineSum(rid, lines);
}

export function deleteRecord(data: Connection, { key }: Named<'record-delete'>, { gathered }: Place): void {
  const rid = ridOf(data, key.type, key.id);
  if (rid === undefined) return;
  gathered.settle(rid);
  data.run('DELETE FROM line_sum WHERE rid = ?', rid);
  data.run('DELETE FROM reference WHERE record = ?', rid);
  data.run('DELETE FROM record WHERE rid = ?', rid);
}

function ridOf(data: Connection, type: string, id: string): number | undefined {
  return data.value<number>('SELECT rid FROM record WHERE type = ? AND id = ?', type, id);
}

export function writeDue(data: Connection, { unit, on }: Named<'due'>): void {
  if (on === null) data.run('DELETE FROM due WHERE kind = ? AND id = ?', unit.kind, unit.id);
  else data.run('INSERT OR REPLACE INTO due(kind, id, day) VALUES(?, ?, ?)', unit.kind, unit.id, on);
}

export function writeAnnouncement(data: Connection, { unit, body }: Named<'announcement'>): void {
  if (body === null) data.run('DELETE FROM announcement WHERE unit = ?', unitText(unit));
  else data.run('INSERT OR REPLACE INTO announcement(unit, body) VALUES(?, ?)', unitText(unit), body);
}

/** A unit that is waiting already waits for the newer file. */
export function addWork(data: Connection, { units, file }: Named<'work-add'>): void {
  const insert = `INSERT OR REPLACE INTO work(kind, id, file)
    SELECT value ->> 'kind', value ->> 'id', ? FROM json_each(?)`;
  if (units.length > 0) data.run(insert, file, unitsJson(units));
}

export function finishWork(data: Connection, { units }: Named<'work-done'>): void {
  const text = `DELETE FROM work WHERE (kind, id) IN (SELECT value ->> 'kind', value ->> 'id' FROM json_each(?))`;
  if (units.length > 0) data.run(text, unitsJson(units));
}

function unitsJson(units: readonly Unit[]): string {
  return JSON.stringify(units.map(({ kind, id }) => ({ kind, id })));
}

export function writeFile(data: Connection, { file }: Named<'file'>): void {
  data.run(
    `INSERT INTO file(id, sha256, received, document) VALUES(?, ?, ?, ?)
      ON CONFLICT(id) DO UPDATE SET sha256 = excluded.sha256, received = excluded.received,
      document = excluded.document`,
    file.id,
    file.sha256,
    file.receivedAt,
    JSON.stringify(file),
  );
}

export function writeException(data: Connection, { exception }: Named<'exception'>): void {
  const { id, file, line, state, severity, record, waitsFor, unit } = exception;
  data.run(
    `INSERT INTO exception(id, file, line, state, severity, record, waits, unit, document)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(id) DO UPDATE SET file = excluded.file, line = excluded.line, state = excluded.state,
      severity = excluded.severity, record = excluded.record, waits = excluded.waits, unit = excluded.unit,
      document = excluded.document`,
    id,
    file,
    line,
    state,
    severity,
    `${record.type}/${record.id}`,
    waitsFor === null ? null : `${waitsFor.type}/${waitsFor.id}`,
    unit === null ? null : unitText(unit),
    JSON.stringify(exception),
  );
}

export function writeEvent(data: Connection, { topic, body }: Named<'event'>, { sequence, place }: Place): void {
  data.run('INSERT INTO event(sequence, place, topic, body) VALUES(?, ?, ?, ?)', sequence, place, topic, body);
}

export function writeAudit(data: Connection, { row }: Named<'audit'>, { sequence, place }: Place): void {
  data.run('INSERT INTO audit_outbox(sequence, place, row) VALUES(?, ?, ?)', sequence, place, row);
}
