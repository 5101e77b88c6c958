import { assert } from '../../core/assert.ts';
import type { DeliveryNoteKind, DeliveryRow } from '../delivery-port.ts';
import { StoreError } from '../error.ts';
import type { Lease } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Bound } from './fragment.ts';
import { insertRows } from './insert-rows.ts';
import { fence } from './transact.ts';

export const eventColumns = 'subscription, number, sequence, place, topic, focus, at, about';
export const attemptColumns = 'id, subscription, kind, first, last, at, status, error, bytes, sha256, ms';
const eventWidth = eventColumns.split(', ').length;
const attemptWidth = attemptColumns.split(', ').length;

type Other = Exclude<DeliveryRow, { readonly row: 'event' | 'attempt' }>;

/** Rows of one write. Of events and attempts the values stand one behind the other, to be bound many to a statement. */
export interface DeliveryBatch {
  readonly events: readonly Bound[];
  readonly attempts: readonly Bound[];
  readonly others: readonly Other[];
}

export function deliveryBatch(rows: readonly DeliveryRow[]): DeliveryBatch {
  const events: Bound[] = [];
  const attempts: Bound[] = [];
  const others: Other[] = [];
  for (const row of rows) {
    if (row.row === 'event') {
      events.push(row.subscription, row.number, row.sequence, row.index, row.topic, row.focus, row.at, row.about);
    } else if (row.row === 'attempt') {
      attempts.push(row.id, row.subscription, row.kind, row.from, row.to, row.at);
      attempts.push(row.status, row.error, row.bytes, row.sha256, row.milliseconds);
    } else others.push(row);
  }
  return { events, attempts, others };
}

/** A batch for another thread. */
export interface PackedDelivery {
  readonly events: string;
  readonly attempts: string;
  readonly others: readonly Other[];
}

/** U+0000 is in none of the values: they are JSON, ids, times and names of ours. */
const between = '\0';

/** Values as one text: cloned, the values themselves cost twice as much, objects six times. */
export function packedDelivery({ events, attempts, others }: DeliveryBatch): PackedDelivery {
  return { events: events.join(between), attempts: attempts.join(between), others };
}

/** Numbers come back as text, which a column of numbers takes as such. Throws where a text is not of whole rows. */
export function unpackedDelivery({ events, attempts, others }: PackedDelivery): DeliveryBatch {
  const values = (text: string, width: number) => {
    const found = text === '' ? [] : text.split(between);
    assert(found.length % width === 0, 'no value of a delivery holds U+0000');
    return found;
  };
  // No attempt has an empty text: it stands for null.
  const noted = values(attempts, attemptWidth).map((value) => (value === '' ? null : value));
  return { events: values(events, eventWidth), attempts: noted, others };
}

/** Writes rows whole or not at all: see `DeliveryStore.write`. */
export function writeDelivery(
  file: Connection,
  { events, attempts, others }: DeliveryBatch,
  lease: Lease,
  held: (lease: Lease) => boolean,
): void {
  file.immediate(() => {
    fence(file, lease, held);
    assertNumbers(file, events);
    insertRows(file, `INSERT INTO event(${eventColumns})`, eventWidth, events);
    insertRows(file, `INSERT OR IGNORE INTO attempt(${attemptColumns})`, attemptWidth, attempts);
    for (const row of others) writeOther(file, row);
  });
}

/** Throws `conflict` where an event's number is not its subscription's next. */
function assertNumbers(file: Connection, events: readonly Bound[]): void {
  const lasts = new Map<string, number>();
  for (let at = 0; at < events.length; at += eventWidth) {
    const subscription = String(events[at]);
    const number = Number(events[at + 1]);
    const last = lasts.get(subscription) ?? newestNumber(file, subscription);
    if (number !== last + 1) throw new StoreError('conflict', "an event's number is not its subscription's next");
    lasts.set(subscription, number);
  }
}

function newestNumber(file: Connection, subscription: string): number {
  return file.value<number>('SELECT MAX(number) FROM event WHERE subscription = ?', subscription) ?? 0;
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

/**
 * Of each subscription in turn, the oldest first: numbers and times rise together, so that what is not old is hardly
 * looked at, and no index by time has to be written with every event.
 */
function forget(file: Connection, before: string, limit: number): void {
  const first = 'SELECT subscription, at FROM event WHERE subscription > ? ORDER BY subscription, number LIMIT 1';
  const gone = `DELETE FROM event WHERE subscription = ? AND at < ?
    AND number < (SELECT MAX(number) FROM event WHERE subscription = ?)
    AND number IN (SELECT number FROM event WHERE subscription = ? ORDER BY number LIMIT ?)`;
  let left = limit;
  for (let row = file.row<[string, string]>(first, ''); row !== undefined && left > 0; ) {
    const [subscription, at] = row;
    if (at < before) left -= file.run(gone, subscription, before, subscription, subscription, left);
    row = file.row<[string, string]>(first, subscription);
  }
  const oldest = file.value<string>('SELECT at FROM attempt ORDER BY n LIMIT 1');
  if (oldest === undefined || oldest >= before) return;
  file.run('DELETE FROM attempt WHERE at < ? AND n IN (SELECT n FROM attempt ORDER BY n LIMIT ?)', before, limit);
}
