import type { DeliveryAttempt, DeliveryNoteKind, DeliveryRow, DeliveryStore, NumberedEvent } from '../delivery-port.ts';
import { StoreError } from '../error.ts';
import type { Lease } from '../port.ts';
import type { Connection } from './connection.ts';
import { fence } from './transact.ts';

type EventColumns = [string, number, number, number, string, string, string, string];
type AttemptColumns = [
  ...[string, string, DeliveryAttempt['kind'], number, number, string],
  ...[number | null, string | null, number, string, number],
];

const eventColumns = 'subscription, number, sequence, place, topic, focus, at, about';
const attemptColumns = 'id, subscription, kind, first, last, at, status, error, bytes, sha256, ms';

/** A file of its own: a delivery never waits for the ingest that writes `data.db`, nor the ingest for it. */
export function deliveryStore(file: Connection, held: (lease: Lease) => boolean): DeliveryStore {
  return {
    async write(rows, lease) {
      file.immediate(() => {
        fence(file, lease, held);
        const lasts = new Map<string, number>();
        for (const row of rows) writeRow(file, row, lasts);
      });
    },

    async fence(lease) {
      file.immediate(() => fence(file, lease, held));
    },

    async notes(kind) {
      return new Map(file.rows<[string, string]>('SELECT id, body FROM note WHERE kind = ? ORDER BY id', kind));
    },

    async note(kind, id) {
      return file.value<string>('SELECT body FROM note WHERE kind = ? AND id = ?', kind, id);
    },

    async events(subscription, from, to, limit) {
      const text = `SELECT ${eventColumns} FROM event WHERE subscription = ? AND number BETWEEN ? AND ?
        ORDER BY number LIMIT ?`;
      return file.rows<EventColumns>(text, subscription, from, to, limit).map(toEvent);
    },

    async lastEvent(subscription) {
      const text = `SELECT ${eventColumns} FROM event WHERE subscription = ? ORDER BY number DESC LIMIT 1`;
      const row = file.row<EventColumns>(text, subscription);
      return row === undefined ? undefined : toEvent(row);
    },

    async about(versions) {
      const text = `SELECT ${eventColumns} FROM event
        WHERE focus IN (SELECT value FROM json_each(?)) AND focus <> '' ORDER BY subscription, number`;
      return file.rows<EventColumns>(text, JSON.stringify(versions)).map(toEvent);
    },

    async attempts(subscription, from, to, limit) {
      const text = `SELECT ${attemptColumns} FROM attempt WHERE subscription = ? AND last >= ? AND first <= ?
        ORDER BY n LIMIT ?`;
      return file.rows<AttemptColumns>(text, subscription, from, to, limit).map(toAttempt);
    },

    async lastAttempts(subscription, limit) {
      const text = `SELECT ${attemptColumns} FROM attempt WHERE subscription = ? ORDER BY n DESC LIMIT ?`;
      return file.rows<AttemptColumns>(text, subscription, limit).map(toAttempt).reverse();
    },

    async ask(id, body) {
      file.run('INSERT OR REPLACE INTO asked(id, body) VALUES(?, ?)', id, body);
    },

    async asked() {
      return new Map(file.rows<[string, string]>('SELECT id, body FROM asked ORDER BY id'));
    },
  };
}

/** @param lasts the newest number of each subscription, as far as this transaction has asked for it */
function writeRow(file: Connection, row: DeliveryRow, lasts: Map<string, number>): void {
  switch (row.row) {
    case 'event':
      writeEvent(file, row, lasts);
      return;
    case 'attempt':
      file.run(
        `INSERT OR IGNORE INTO attempt(${attemptColumns}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[row.id, row.subscription, row.kind, row.from, row.to, row.at],
        ...[row.status, row.error, row.bytes, row.sha256, row.milliseconds],
      );
      return;
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

function writeEvent(file: Connection, event: NumberedEvent, lasts: Map<string, number>): void {
  const { subscription, number, sequence, index, topic, focus, at, about } = event;
  const last = lasts.get(subscription) ?? newestNumber(file, subscription);
  if (number !== last + 1) throw new StoreError('conflict', "an event's number is not its subscription's next");
  lasts.set(subscription, number);
  const text = `INSERT INTO event(${eventColumns}) VALUES(?, ?, ?, ?, ?, ?, ?, ?)`;
  file.run(text, subscription, number, sequence, index, topic, focus, at, about);
}

function newestNumber(file: Connection, subscription: string): number {
  return file.value<number>('SELECT MAX(number) FROM event WHERE subscription = ?', subscription) ?? 0;
}

function writeNote(file: Connection, kind: DeliveryNoteKind, id: string, body: string | null): void {
  if (body === null) file.run('DELETE FROM note WHERE kind = ? AND id = ?', kind, id);
  else file.run('INSERT OR REPLACE INTO note(kind, id, body) VALUES(?, ?, ?)', kind, id, body);
}

function toEvent([subscription, number, sequence, index, topic, focus, at, about]: EventColumns): NumberedEvent {
  return { subscription, number, sequence, index, topic, focus, at, about };
}

function toAttempt(columns: AttemptColumns): DeliveryAttempt {
  const [id, subscription, kind, from, to, at, status, error, bytes, sha256, milliseconds] = columns;
  return { id, subscription, kind, from, to, at, status, error, bytes, sha256, milliseconds };
}
