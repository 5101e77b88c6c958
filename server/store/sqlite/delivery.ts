import type { DeliveryStore, NumberedEvent } from '../delivery-port.ts';
import type { Lease } from '../port.ts';
import { attemptsAt, newestAttempts } from './attempt-runs.ts';
import type { Connection } from './connection.ts';
import { type DeliveryBatch, deliveryBatch, writeDelivery } from './delivery-batch.ts';
import { fence } from './transact.ts';

type EventColumns = [string, number, number, number, string, string, string, string];
/** Of `counted` and `happened` together. */
const eventColumns = `counted.subscription, counted.first + happened.n - counted.run AS number,
  happened.sequence, happened.place, happened.topic, happened.focus, happened.at, happened.about`;

/** CROSS JOIN: what the subscription counts comes first, and both are in order then. */
const eventsOf = `SELECT ${eventColumns} FROM counted CROSS JOIN happened
  ON happened.n BETWEEN counted.run + MAX(counted.low, ?) - counted.first
    AND counted.run + MIN(counted.last, ?) - counted.first
  WHERE counted.subscription = ? AND counted.last >= ? AND counted.last <= IFNULL(
    (SELECT last FROM counted WHERE subscription = ? AND last >= ? ORDER BY last LIMIT 1), ?)
  ORDER BY counted.last, happened.n LIMIT ?`;

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
      const end = Number.MAX_SAFE_INTEGER;
      return file.rows<EventColumns>(eventsOf, from, to, subscription, from, subscription, to, end, limit).map(toEvent);
    },

    async lastEvent(subscription) {
      const text = `SELECT ${eventColumns} FROM counted CROSS JOIN happened
        ON happened.n = counted.run + counted.last - counted.first
        WHERE counted.subscription = ? ORDER BY counted.last DESC LIMIT 1`;
      const row = file.row<EventColumns>(text, subscription);
      return row === undefined ? undefined : toEvent(row);
    },

    async about(versions) {
      const text = `SELECT ${eventColumns} FROM happened CROSS JOIN counted ON counted.run = happened.run
        AND happened.n >= counted.run + counted.low - counted.first
        WHERE happened.focus IN (SELECT value FROM json_each(?)) AND happened.focus <> ''
        ORDER BY counted.subscription, number`;
      return file.rows<EventColumns>(text, JSON.stringify(versions)).map(toEvent);
    },

    async attempts(subscription, from, to, limit) {
      return attemptsAt(file, subscription, { from, to }, limit);
    },

    async lastAttempts(subscription, limit) {
      return newestAttempts(file, subscription, limit);
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
