import type { DeliveryAttempt, DeliveryRow, DeliveryStore, NumberedEvent } from '../delivery-port.ts';
import { StoreError } from '../error.ts';
import type { Batch, Lease } from '../port.ts';
import { type Draft, pad, type WritableJournal } from './journal.ts';
import type { Write } from './part.ts';
import type { Documents } from './schema.ts';
import type { TenantParts } from './tenant-parts.ts';
import { fenced, type Leasing, shutOut } from './transact.ts';

type HappenedRow = Extract<DeliveryRow, { readonly row: 'happened' }>;
type AttemptRow = Extract<DeliveryRow, { readonly row: 'attempt' }>;

/** Notes of layouts before 3 carry smaller orders. */
const firstOrder = 2 ** 52;

/**
 * Every write is an entry of a journal of its own, whose `batch` is `turn`: so it is whole or not there, numbers follow
 * each other, and an earlier holder of the lease can write nothing once a later one has fenced.
 */
export function deliveryStore(
  current: () => Promise<TenantParts>,
  journal: WritableJournal<TenantParts>,
  leasing: Leasing,
): DeliveryStore {
  const draft = (rows: readonly DeliveryRow[], lease: Lease) => draftOf(rows, lease, leasing);
  return {
    async write(rows, lease) {
      await journal.commit(draft(rows, lease));
    },
    fence: (lease) => shutOut(journal, lease, leasing, () => draft([], lease)),
    ...deliveryReader(current, journal),
    async ask(id, body) {
      await (await current()).asked.replace(id, { body });
    },
  };
}

/** Only the order of writes counts: as the time of one stands that of its lease. */
function draftOf(rows: readonly DeliveryRow[], lease: Lease, { held }: Leasing): Draft<TenantParts> {
  return {
    at: lease.expiresAt,
    ops: rows,
    async check(parts, head, session) {
      const fences = await fenced(head, lease, (one) => held(one, session));
      await checkNumbers(
        parts,
        rows.filter((row): row is HappenedRow => row.row === 'happened'),
      );
      return fences;
    },
  };
}

async function checkNumbers({ numbered }: TenantParts, rows: readonly HappenedRow[]): Promise<void> {
  const lasts = new Map<string, number>();
  for (const { events, countedBy } of rows) {
    for (const { subscription, first } of countedBy) {
      const known = lasts.get(subscription);
      const last = known ?? (await numbered.findOne({ subscription }, { sort: { number: -1 } }))?.number ?? 0;
      if (first !== last + 1) throw new StoreError('conflict', "an event's number is not its subscription's next");
      lasts.set(subscription, last + events.length);
    }
  }
}

/** Writes what a turn says. */
export async function applyDelivery(parts: TenantParts, turn: Batch, ops: readonly object[]): Promise<void> {
  const { numbered, attempt, note, asked } = parts;
  const rows = ops as readonly DeliveryRow[];
  await numbered.insertMissing(rows.flatMap((row) => (row.row === 'happened' ? eventWrites(row) : [])));
  await writeAttempts(
    attempt,
    rows.filter((row): row is AttemptRow => row.row === 'attempt'),
  );
  await note.writeAsOf(firstOrder + turn.sequence, rows.flatMap(noteWrite));
  const done = rows.flatMap((row) => (row.row === 'done' ? [asked.id(row.id)] : []));
  if (done.length > 0) await asked.remove({ _id: { $in: done } });
  for (const row of rows) if (row.row === 'forget') await forget(parts, turn, row.before, row.limit);
}

/** An attempt that is told again is there already; in a transaction a taken key would be its end. */
async function writeAttempts(attempt: TenantParts['attempt'], rows: readonly AttemptRow[]): Promise<void> {
  if (rows.length === 0) return;
  const found = await attempt.find({ _id: { $in: rows.map(({ id }) => attempt.id(id)) } }, { fields: ['_id'] });
  const there = new Set(found.map(({ _id }) => attempt.key(_id)));
  await attempt.insertMissing(rows.filter(({ id }) => !there.has(id)).map(attemptWrite));
}

function deliveryReader(
  current: () => Promise<TenantParts>,
  journal: WritableJournal<TenantParts>,
): Omit<DeliveryStore, 'write' | 'fence' | 'ask'> {
  const reading = <T>(work: (parts: TenantParts) => Promise<T>): Promise<T> =>
    journal.reading(async () => work(await current()));
  return {
    notes: (kind) =>
      reading(async ({ note }) => {
        const found = await note.find({ kind }, { sort: { _id: 1 } });
        return new Map(found.map(({ _id, body = '' }) => [note.key(_id).slice(kind.length + 1), body]));
      }),

    note: (kind, id) => reading(async ({ note }) => (await note.findOne({ _id: note.id(`${kind}/${id}`) }))?.body),

    events: (subscription, from, to, limit) =>
      reading(async ({ numbered }) => {
        const where = { subscription, number: { $gte: from, $lte: to } };
        return limit === 0 ? [] : (await numbered.find(where, { sort: { number: 1 }, limit })).map(toEvent);
      }),

    lastEvent: (subscription) =>
      reading(async ({ numbered }) => {
        const found = await numbered.findOne({ subscription }, { sort: { number: -1 } });
        return found === undefined ? undefined : toEvent(found);
      }),

    about: (versions) =>
      reading(async ({ numbered }) => {
        const where = { focus: { $in: versions.filter((version) => version !== '') } };
        return (await numbered.find(where, { sort: { subscription: 1, number: 1 } })).map(toEvent);
      }),

    attempts: (subscription, from, to, limit) =>
      reading(async ({ attempt }) => {
        const where = { subscription, last: { $gte: from }, first: { $lte: to } };
        return limit === 0 ? [] : (await attempt.find(where, { sort: { at: 1, _id: 1 }, limit })).map(toAttempt);
      }),

    lastAttempts: (subscription, limit) =>
      reading(async ({ attempt }) => {
        const found = limit === 0 ? [] : await attempt.find({ subscription }, { sort: { at: -1, _id: -1 }, limit });
        return found.map(toAttempt).reverse();
      }),

    asked: () =>
      reading(async ({ asked }) => {
        const found = await asked.find({}, { sort: { _id: 1 } });
        return new Map(found.map(({ _id, body }) => [asked.key(_id), body]));
      }),
  };
}

/** Turns go with what they wrote: nobody is held up for that long between looking at one and inserting the next. */
/**
 * Of each subscription in turn, the oldest first, by the index that begins with it: `order` and times rise together, so
 * that what is not old is hardly looked at.
 *
 * @param keepLast the newest of each stays
 */
async function forgetOldest(
  part: TenantParts['numbered'] | TenantParts['attempt'],
  order: 'number' | 'at',
  before: string,
  limit: number,
  keepLast: boolean,
): Promise<void> {
  const first = (after: string) =>
    part.findOne({ subscription: { $gt: after } }, { sort: { subscription: 1, [order]: 1 } });
  let left = limit;
  for (let one = await first(''); one !== undefined && left > 0; one = await first(one.subscription)) {
    const { subscription, at } = one;
    if (at >= before) continue;
    const found = await part.find({ subscription }, { sort: { [order]: 1 }, limit: left + 1, fields: ['_id', 'at'] });
    const able = keepLast || found.length > left ? found.slice(0, -1) : found;
    const gone = able.filter((row) => row.at < before).map(({ _id }) => _id);
    if (gone.length > 0) left -= await part.remove({ _id: { $in: gone } });
  }
}

async function forget(
  { numbered, attempt, turn }: TenantParts,
  { sequence }: Batch,
  before: string,
  limit: number,
): Promise<void> {
  await forgetOldest(numbered, 'number', before, limit, true);
  await forgetOldest(attempt, 'at', before, limit, false);
  const past = { ms: { $lt: Date.parse(before) }, sequence: { $lt: sequence } };
  const turns = (await turn.find(past, { sort: { ms: 1, sequence: 1 }, limit, fields: ['_id'] })).map(({ _id }) => _id);
  if (turns.length > 0) await turn.remove({ _id: { $in: turns } });
}

/** A document for each number: found by subscription as well as by what the event is about. */
function eventWrites({ events, countedBy }: HappenedRow): readonly Write[] {
  return countedBy.flatMap(({ subscription, first }) =>
    events.map(({ sequence, index, topic, focus, at, about }, place): Write => {
      const number = first + place;
      const set = { subscription, number, sequence, place: index, topic, focus, at, about };
      return { key: `${subscription}/${pad(number)}`, set };
    }),
  );
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
