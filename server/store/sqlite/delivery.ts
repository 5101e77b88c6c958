import type { DeliveryAttempt, DeliveryStore, NumberedEvent } from '../delivery-port.ts';
import type { Lease } from '../port.ts';
import type { Connection } from './connection.ts';
import { attemptColumns, type DeliveryBatch, deliveryBatch, eventColumns, writeDelivery } from './delivery-batch.ts';
import { fence } from './transact.ts';

type EventColumns = [string, number, number, number, string, string, string, string];
type AttemptColumns = [
  ...[string, string, DeliveryAttempt['kind'], number, number, string],
  ...[number | null, string | null, number, string, number],
];

/** @param write writes a batch elsewhere; left out: the caller's thread does */
export function deliveryStore(
  file: Connection,
  held: (lease: Lease) => boolean,
  write?: (batch: DeliveryBatch, lease: Lease) => Promise<void>,
): DeliveryStore {
  return {
    async write(rows, lease) {
      const batch = deliveryBatch(rows);
      if (write === undefined) writeDelivery(file, batch, lease, held);
      else await write(batch, lease);
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

function toEvent([subscription, number, sequence, index, topic, focus, at, about]: EventColumns): NumberedEvent {
  return { subscription, number, sequence, index, topic, focus, at, about };
}

function toAttempt(columns: AttemptColumns): DeliveryAttempt {
  const [id, subscription, kind, from, to, at, status, error, bytes, sha256, milliseconds] = columns;
  return { id, subscription, kind, from, to, at, status, error, bytes, sha256, milliseconds };
}
