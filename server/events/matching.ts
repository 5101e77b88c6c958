import { setImmediate } from 'node:timers/promises';
import { present } from '../core/assert.ts';
import { derivedId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import type { DeliveryRow, Happened } from '../store/delivery-port.ts';
import type { EventRow, OutboxPosition, StoredVersion, TenantStore } from '../store/port.ts';
import type { About } from './about.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { KeptEvents } from './kept-events.ts';
import { numberEvents } from './numbering.ts';
import { filtersHold } from './seen-filters.ts';
import type { KeptEvent } from './shown-to.ts';
import type { Subscriber } from './subscriber.ts';
import { asksOfMasked, seesEvent, sightOf, unseen } from './visibility.ts';

/** A tenant whose events are being numbered, as of one batch. */
export interface Matching {
  readonly store: TenantStore;
  /** Writes rows with the progress of these, in one. */
  write(rows: readonly DeliveryRow[], counted: Iterable<Subscriber>): Promise<void>;
  /** Events of later batches wait: a reader may see part of a batch that is still being written. */
  readonly head: number;
  readonly subscribers: readonly Subscriber[];
  readonly parts: DeliveryParts;
  readonly kept: Pick<KeptEvents, 'keep'>;
}

const outboxNote = 'outbox';

/** How far the outbox was matched; where nobody ever did, nothing was. */
export async function matchedPosition(store: TenantStore): Promise<OutboxPosition> {
  const note = await store.delivery.note('matched', outboxNote);
  return note === undefined ? { sequence: 0, index: 0 } : (JSON.parse(note) as OutboxPosition);
}

/**
 * Numbers the events of the outbox that follow `from`, each in one write with the progress of those who count it.
 * Authorisation is looked at here too: who may not be told of an event does not count it.
 *
 * @returns how far it got
 */
export async function matchOutbox(matching: Matching, from: OutboxPosition): Promise<OutboxPosition> {
  const { store, write, head, parts, kept } = matching;
  const topics = byTopic(matching);
  if (topics.size === 0) return from;
  let position = later(from, earliest([...topics.values()].flat()));
  while (position.sequence <= head) {
    const found = await store.outbox.events(position, limits.eventsPerMatchMax);
    const events = found.filter(({ sequence }) => sequence <= head);
    if (events.length === 0) break;
    const withheld = await withheldFrom(matching, topics, events);
    for (const some of inWrites(events, topics)) {
      const last = present(some.at(-1), 'an event');
      const { rows, counted } = numberEvents(
        some,
        (topic) => topics.get(topic) ?? [],
        (one, event) => withheld.get(one.id)?.has(event) !== true,
      );
      position = { sequence: last.sequence, index: last.index };
      if (rows.length === 0) continue;
      const matched: DeliveryRow = { row: 'note', kind: 'matched', id: outboxNote, body: JSON.stringify(position) };
      await write([...rows, matched], counted as Iterable<Subscriber>);
      kept.keep(rows);
      parts.numbered(
        store.tenant,
        [...counted].map(({ id }) => id),
      );
      // Whoever asks the server for something, and whose turn it is to be told, does not wait for all of them.
      await setImmediate();
    }
    if (events.length < limits.eventsPerMatchMax) break;
  }
  return position;
}

/** Events in their order, in portions that make at most `numberedPerWriteMax` numbers, or of one event. */
function inWrites(
  events: readonly EventRow[],
  topics: ReadonlyMap<string, readonly Subscriber[]>,
): readonly (readonly EventRow[])[] {
  const portions: EventRow[][] = [];
  let room = 0;
  for (const event of events) {
    const rows = topics.get(event.topic)?.length ?? 0;
    if (rows > room || portions.length === 0) {
      portions.push([]);
      room = limits.numberedPerWriteMax;
    }
    portions.at(-1)?.push(event);
    room -= rows;
  }
  return portions;
}

/** Which of the events are about something that a subscriber does not see; most see all, and are not looked at. */
async function withheldFrom(
  { store, parts }: Matching,
  topics: ReadonlyMap<string, readonly Subscriber[]>,
  events: readonly EventRow[],
): Promise<ReadonlyMap<string, ReadonlySet<EventRow>>> {
  const withheld = new Map<string, Set<EventRow>>();
  for (const one of [...topics.values()].flat()) {
    const { contract, client, terms, id } = one;
    const sight = await sightOf({ tenant: store.tenant, contract, client }, store, parts);
    const base = parts.base(store.tenant, contract);
    if (sight.resources === store.resources) continue;
    const masked = asksOfMasked(terms, sight, { all: parts.parameters, contract, base });
    const hidden = new Set<EventRow>();
    for (const event of events) {
      if (terms.to.is !== 'topic' || event.topic !== terms.to.topic) continue;
      const kept = JSON.parse(event.body) as KeptEvent;
      const told =
        !masked && (await seesEvent(sight, kept, contract)) && (await filtersHold(terms, kept, sight, contract));
      if (!told) hidden.add(event);
    }
    withheld.set(id, hidden);
  }
  return withheld;
}

function byTopic({ subscribers, store, parts }: Matching): ReadonlyMap<string, readonly Subscriber[]> {
  const now = parts.clock.now();
  const topics = new Map<string, Subscriber[]>();
  for (const one of subscribers) {
    const { to } = one.terms;
    if (to.is !== 'topic' || one.progress.status === 'off') continue;
    const listener = { tenant: store.tenant, contract: one.contract, client: one.client };
    if (unseen(listener, one.terms, parts.registry, now) !== undefined) continue;
    const same = topics.get(to.topic);
    if (same === undefined) topics.set(to.topic, [one]);
    else same.push(one);
  }
  return topics;
}

/** Nobody counts what was before the first of them. */
function earliest(subscribers: readonly Subscriber[]): OutboxPosition {
  const sequence = Math.min(...subscribers.map(({ progress }) => progress.after.sequence));
  return { sequence, index: Number.MAX_SAFE_INTEGER };
}

function later(a: OutboxPosition, b: OutboxPosition): OutboxPosition {
  return a.sequence > b.sequence || (a.sequence === b.sequence && a.index > b.index) ? a : b;
}

const changesPerMatch = 200;

/**
 * Numbers, for one subscription with plain R4 criteria, the resources that were made or changed since and match now. Of
 * several versions between two looks the newest counts: R4 evaluates the new state.
 */
export async function matchCriteria({ store, write, head, parts }: Matching, one: Subscriber): Promise<void> {
  const { to } = one.terms;
  if (to.is !== 'criteria' || one.progress.status === 'off' || one.seen === head) return;
  const listener = { tenant: store.tenant, contract: one.contract, client: one.client };
  if (unseen(listener, one.terms, parts.registry, parts.clock.now()) !== undefined) return;
  const sight = await sightOf(listener, store, parts);
  const place = { all: parts.parameters, contract: one.contract, base: parts.base(store.tenant, one.contract) };
  if (asksOfMasked(one.terms, sight, place)) return;
  const sort = { by: 'sequence', descending: false } as const;
  for (;;) {
    const query = {
      contract: one.contract,
      type: to.type,
      where: to.where,
      sort,
      count: changesPerMatch,
      total: false,
    };
    const { matches } = await sight.resources.search({ ...query, after: one.progress.after });
    const settled = matches.filter(({ sequence }) => sequence <= head);
    const newest = settled.at(-1);
    if (newest === undefined) break;
    const events = settled.map(changeOf);
    const first = one.progress.last + 1;
    const after = { sequence: newest.sequence, id: newest.id };
    one.progress = { ...one.progress, last: one.progress.last + events.length, after };
    await write([{ row: 'happened', events, countedBy: [{ subscription: one.id, first }] }], [one]);
    if (settled.length < changesPerMatch) break;
  }
  one.seen = head;
}

function changeOf({ contract, type, id, version, sequence, at }: StoredVersion): Happened {
  const focus = `${type}/${id}/${version}`;
  const event = derivedId('change', contract, focus, at);
  const about: About = { event, correlationId: event, contract };
  return { sequence, index: 0, topic: 'resource-changed', focus, at, about: JSON.stringify(about) };
}
