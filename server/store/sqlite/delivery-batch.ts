import { assert } from '../../core/assert.ts';
import type { DeliveryAttempt, DeliveryNoteKind, DeliveryRow } from '../delivery-port.ts';
import { StoreError } from '../error.ts';
import type { Lease } from '../port.ts';
import { type AttemptRun, attemptRuns, forgetAttempts, writeAttempts } from './attempt-runs.ts';
import type { Connection } from './connection.ts';
import type { Bound } from './fragment.ts';
import { insertRows } from './insert-rows.ts';
import { fence } from './transact.ts';

const happenedColumns = 'sequence, place, topic, focus, at, about';
const happenedWidth = happenedColumns.split(', ').length;
const countedWidth = 2;

type Other = Exclude<DeliveryRow, { readonly row: 'happened' | 'attempt' }>;

/** How many events a run has, and how many subscriptions count it. */
type Run = readonly [events: number, countedBy: number];

/** Rows of one write. Of events and who counts them the values stand one behind the other, to be bound many at once. */
export interface DeliveryBatch {
  readonly runs: readonly Run[];
  /** Events of all runs, each as its columns. */
  readonly happened: readonly Bound[];
  /** Who counts the runs: subscription and number of the first event. */
  readonly counted: readonly Bound[];
  readonly attempts: readonly AttemptRun[];
  readonly others: readonly Other[];
}

export function deliveryBatch(rows: readonly DeliveryRow[]): DeliveryBatch {
  const runs: Run[] = [];
  const happened: Bound[] = [];
  const counted: Bound[] = [];
  const attempts: DeliveryAttempt[] = [];
  const others: Other[] = [];
  for (const row of rows) {
    if (row.row === 'happened') {
      runs.push([row.events.length, row.countedBy.length]);
      for (const { sequence, index, topic, focus, at, about } of row.events) {
        happened.push(sequence, index, topic, focus, at, about);
      }
      for (const { subscription, first } of row.countedBy) counted.push(subscription, first);
    } else if (row.row === 'attempt') attempts.push(row);
    else others.push(row);
  }
  return { runs, happened, counted, attempts: attemptRuns(attempts), others };
}

/** A batch for another thread. */
export interface PackedDelivery extends Pick<DeliveryBatch, 'runs' | 'attempts' | 'others'> {
  readonly happened: string;
  readonly counted: string;
}

/** U+0000 is in none of the values: they are JSON, ids, times and names of ours. */
const between = '\0';

/** Values as one text: cloned, the values themselves cost twice as much, objects six times. */
export function packedDelivery({ runs, happened, counted, attempts, others }: DeliveryBatch): PackedDelivery {
  const text = (values: readonly Bound[]) => values.join(between);
  return { runs, happened: text(happened), counted: text(counted), attempts, others };
}

/** Numbers come back as text, which a column of numbers takes as such. Throws where a text is not of whole rows. */
export function unpackedDelivery({ runs, happened, counted, attempts, others }: PackedDelivery): DeliveryBatch {
  const values = (text: string, width: number) => {
    const found = text === '' ? [] : text.split(between);
    assert(found.length % width === 0, 'no value of a delivery holds U+0000');
    return found;
  };
  const told = { happened: values(happened, happenedWidth), counted: values(counted, countedWidth) };
  return { runs, ...told, attempts, others };
}

/** Writes rows whole or not at all: see `DeliveryStore.write`. */
export function writeDelivery(
  file: Connection,
  batch: DeliveryBatch,
  lease: Lease,
  held: (lease: Lease) => boolean,
): void {
  file.immediate(() => {
    fence(file, lease, held);
    writeRuns(file, batch);
    writeAttempts(file, batch.attempts);
    for (const row of batch.others) writeOther(file, row);
  });
}

/** Throws `conflict` where a number is not its subscription's next. */
function writeRuns(file: Connection, { runs, happened, counted }: DeliveryBatch): void {
  if (runs.length === 0) return;
  const lasts = new Map<string, number>();
  const events: Bound[] = [];
  const counts: Bound[] = [];
  let next = (file.value<number>('SELECT MAX(n) FROM happened') ?? 0) + 1;
  let told = 0;
  let by = 0;
  for (const [length, countedBy] of runs) {
    const run = next;
    for (; next < run + length; next += 1, told += happenedWidth) {
      events.push(next, run, ...happened.slice(told, told + happenedWidth));
    }
    for (const end = by + countedBy * countedWidth; by < end; by += countedWidth) {
      const subscription = String(counted[by]);
      const first = Number(counted[by + 1]);
      const last = lasts.get(subscription) ?? newestNumber(file, subscription);
      if (first !== last + 1) throw new StoreError('conflict', "an event's number is not its subscription's next");
      lasts.set(subscription, last + length);
      counts.push(subscription, last + length, first, first, run);
    }
  }
  insertRows(file, `INSERT INTO happened(n, run, ${happenedColumns})`, happenedWidth + 2, events);
  insertRows(file, 'INSERT INTO counted(subscription, last, first, low, run)', 5, counts);
}

function newestNumber(file: Connection, subscription: string): number {
  return file.value<number>('SELECT MAX(last) FROM counted WHERE subscription = ?', subscription) ?? 0;
}

function writeOther(file: Connection, row: Other): void {
  switch (row.row) {
    case 'note':
      writeNote(file, row.kind, row.id, row.body);
      return;
    case 'done':
      file.run('DELETE FROM asked WHERE id = ?', row.id);
      return;
    case 'forget':
      forget(file, row.before, row.limit);
      return;
  }
}

function writeNote(file: Connection, kind: DeliveryNoteKind, id: string, body: string | null): void {
  if (body === null) file.run('DELETE FROM note WHERE kind = ? AND id = ?', kind, id);
  else file.run('INSERT OR REPLACE INTO note(kind, id, body) VALUES(?, ?, ?)', kind, id, body);
}

function forget(file: Connection, before: string, limit: number): void {
  forgetEvents(file, before, limit);
  forgetAttempts(file, before, limit);
}

/** The oldest row of a subscription in `counted`. */
type Oldest = [last: number, first: number, low: number, run: number];

/**
 * Of each subscription in turn, the oldest first: numbers and times rise together, so that what is not old is hardly
 * looked at, and no index by time has to be written with every event. Its part of a run shrinks from the beginning;
 * events that nobody counts any more go.
 */
function forgetEvents(file: Connection, before: string, limit: number): void {
  const next = 'SELECT subscription FROM counted WHERE subscription > ? ORDER BY subscription LIMIT 1';
  const oldest = 'SELECT last, first, low, run FROM counted WHERE subscription = ? ORDER BY last LIMIT 1';
  const began = 'SELECT at FROM happened WHERE n = ?';
  const old = 'SELECT COUNT(*) FROM happened WHERE n BETWEEN ? AND ? AND at < ?';
  const touched = new Set<number>();
  let left = limit;
  for (let one = file.value<string>(next, ''); one !== undefined && left > 0; one = file.value<string>(next, one)) {
    const newest = newestNumber(file, one);
    for (let row = file.row<Oldest>(oldest, one); row !== undefined && left > 0; ) {
      const [last, first, low, run] = row;
      if ((file.value<string>(began, run + low - first) ?? before) >= before) break;
      const most = last === newest ? last - low : last - low + 1;
      const found = file.value<number>(old, run + low - first, run + last - first, before) ?? 0;
      const count = Math.min(found, most, left);
      if (count === 0) break;
      left -= count;
      touched.add(run);
      if (low + count > last) file.run('DELETE FROM counted WHERE subscription = ? AND last = ?', one, last);
      else file.run('UPDATE counted SET low = ? WHERE subscription = ? AND last = ?', low + count, one, last);
      row = low + count > last ? file.row<Oldest>(oldest, one) : undefined;
    }
  }
  for (const run of touched) dropUncounted(file, run);
}

function dropUncounted(file: Connection, run: number): void {
  const kept = file.value<number | null>('SELECT MIN(run + low - first) FROM counted WHERE run = ?', run);
  const end = kept ?? file.value<number | null>('SELECT MIN(n) FROM happened WHERE n > ? AND run > ?', run, run);
  if (end === null || end === undefined) file.run('DELETE FROM happened WHERE n >= ?', run);
  else file.run('DELETE FROM happened WHERE n >= ? AND n < ?', run, end);
}
