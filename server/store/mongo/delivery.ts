import type { DeliveryAttempt, DeliveryRow, DeliveryStore, NumberedEvent } from '../delivery-port.ts';
import { StoreError } from '../error.ts';
import type { Lease } from '../port.ts';
import { pad } from './journal.ts';
import type { Write } from './part.ts';
import type { Documents } from './schema.ts';
import type { TenantParts } from './tenant-parts.ts';

type EventRow = Extract<DeliveryRow, { readonly row: 'event' }>;

/**
 * Giving a number is inserting `subscription/number`: of two processes that would give it, one does. Events come first
 * and notes after, so that a crash between leaves numbers that whoever goes on finds.
 */
export function deliveryStore(
  parts: () => Promise<TenantParts>,
  held: (lease: Lease) => Promise<boolean>,
): DeliveryStore {
  let writes = 0;
  return {
    async write(rows, lease) {
      // Later holders beat earlier ones, whenever these go on; within one life of a holder the later write.
      writes += 1;
      const order = lease.epoch * 2 ** 31 + writes;
      if (!(await held(lease))) throw new StoreError('fenced', 'a later holder of the lease has taken over');
      const at = await parts();
      await number(
        at,
        rows.filter((row): row is EventRow => row.row === 'event'),
      );
      await at.attempt.insertMissing(rows.flatMap((row) => (row.row === 'attempt' ? [attemptWrite(row)] : [])));
      await at.note.writeAsOf(order, rows.flatMap(noteWrite));
      const done = rows.flatMap((row) => (row.row === 'done' ? [at.asked.id(row.id)] : []));
      if (done.length > 0) await at.asked.remove({ _id: { $in: done } });
      for (const row of rows) if (row.row === 'forget') await forget(at, row.before, row.limit);
    },

    async notes(kind) {
      const { note } = await parts();
      const found = await note.find({ kind }, { sort: { _id: 1 } });
      return new Map(found.map(({ _id, body = '' }) => [note.key(_id).slice(kind.length + 1), body]));
    },

    async note(kind, id) {
      const { note } = await parts();
      return (await note.findOne({ _id: note.id(`${kind}/${id}`) }))?.body;
    },

    async events(subscription, from, to, limit) {
      const { numbered } = await parts();
      const where = { subscription, number: { $gte: from, $lte: to } };
      return limit === 0 ? [] : (await numbered.find(where, { sort: { number: 1 }, limit })).map(toEvent);
    },

    async lastEvent(subscription) {
      const found = await (await parts()).numbered.findOne({ subscription }, { sort: { number: -1 } });
      return found === undefined ? undefined : toEvent(found);
    },

    async about(versions) {
      const where = { focus: { $in: versions.filter((version) => version !== '') } };
      return (await (await parts()).numbered.find(where, { sort: { subscription: 1, number: 1 } })).map(toEvent);
    },

    ...attemptsIn(parts),

    async ask(id, body) {
      await (await parts()).asked.replace(id, { body });
    },

    async asked() {
      const { asked } = await parts();
      return new Map((await asked.find({}, { sort: { _id: 1 } })).map(({ _id, body }) => [asked.key(_id), body]));
    },
  };
}

function attemptsIn(parts: () => Promise<TenantParts>): Pick<DeliveryStore, 'attempts' | 'lastAttempts'> {
  return {
    async attempts(subscription, from, to, limit) {
      const where = { subscription, last: { $gte: from }, first: { $lte: to } };
      const { attempt } = await parts();
      return limit === 0 ? [] : (await attempt.find(where, { sort: { at: 1, _id: 1 }, limit })).map(toAttempt);
    },

    async lastAttempts(subscription, limit) {
      const { attempt } = await parts();
      const found = limit === 0 ? [] : await attempt.find({ subscription }, { sort: { at: -1, _id: -1 }, limit });
      return found.map(toAttempt).reverse();
    },
  };
}

async function forget({ numbered, attempt }: TenantParts, before: string, limit: number): Promise<void> {
  const old = { at: { $lt: before } };
  const events = await numbered.find(old, { sort: { subscription: 1, number: 1 }, limit });
  const newest = new Map<string, number>();
  for (const subscription of new Set(events.map((one) => one.subscription))) {
    const last = await numbered.findOne({ subscription }, { sort: { number: -1 } });
    if (last !== undefined) newest.set(subscription, last.number);
  }
  const gone = events.filter(({ subscription, number }) => number !== newest.get(subscription)).map(({ _id }) => _id);
  if (gone.length > 0) await numbered.remove({ _id: { $in: gone } });
  const attempts = (await attempt.find(old, { sort: { at: 1 }, limit })).map(({ _id }) => _id);
  if (attempts.length > 0) await attempt.remove({ _id: { $in: attempts } });
}

async function number({ numbered }: TenantParts, events: readonly EventRow[]): Promise<void> {
  const lasts = new Map<string, number>();
  for (const event of events) {
    const { subscription } = event;
    const known = lasts.get(subscription);
    const last = known ?? (await numbered.findOne({ subscription }, { sort: { number: -1 } }))?.number ?? 0;
    if (event.number !== last + 1) throw taken();
    lasts.set(subscription, event.number);
  }
  if (!(await numbered.insertInOrder(events.map(eventWrite)))) throw taken();
}

function taken(): StoreError {
  return new StoreError('conflict', "an event's number is not its subscription's next");
}

function eventWrite({ subscription, number, sequence, index, topic, focus, at, about }: NumberedEvent): Write {
  const set = { subscription, number, sequence, place: index, topic, focus, at, about };
  return { key: `${subscription}/${pad(number)}`, set };
}

function attemptWrite(attempt: DeliveryAttempt): Write {
  const { id, subscription, kind, from, to, at, status, error, bytes, sha256, milliseconds } = attempt;
  const answer = { ...(status === null ? {} : { status }), ...(error === null ? {} : { error }) };
  return {
    key: id,
    set: { subscription, kind, first: from, last: to, at, bytes, sha256, ms: milliseconds, ...answer },
  };
}

/** What is forgotten leaves the order of its write behind, without a kind to be found by. */
function noteWrite(row: DeliveryRow): readonly Write[] {
  if (row.row !== 'note') return [];
  return [{ key: `${row.kind}/${row.id}`, set: row.body === null ? {} : { kind: row.kind, body: row.body } }];
}

function toEvent(found: Documents['numbered']): NumberedEvent {
  const { subscription, number, sequence, place: index, topic, focus, at, about } = found;
  return { subscription, number, sequence, index, topic, focus, at, about };
}

function toAttempt(found: Documents['attempt']): DeliveryAttempt {
  const { _id, subscription, kind, first: from, last: to, at, bytes, sha256, ms: milliseconds } = found;
  const { status = null, error = null } = found;
  const id = _id.slice(_id.lastIndexOf('/') + 1);
  return { id, subscription, kind, from, to, at, status, error, bytes, sha256, milliseconds };
}
