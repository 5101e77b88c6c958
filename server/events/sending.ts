import { setImmediate } from 'node:timers/promises';
import { sha256 } from '../core/hash.ts';
import { limits } from '../core/limits.ts';
import type { NumberedEvent } from '../store/delivery-port.ts';
import type { TenantStore } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';
import { type Attempted, concluded } from './attempt.ts';
import type { Message } from './channels/rest-hook.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { DeliveryWriter } from './delivery-writer.ts';
import type { KeptEvents } from './kept-events.ts';
import { eventMessage, type Listening, signed, type Unsigned } from './message.ts';
import { nextStep } from './next-step.ts';
import { notified } from './notified.ts';
import { type Range, rangesAfter } from './ranges.ts';
import type { Subscriber } from './subscriber.ts';
import type { SubscriptionStatus } from './subscription-resource.ts';
import { sightOf } from './visibility.ts';

/** What the sending of one subscription's events needs of its tenant's delivery. */
export interface SendingPlace {
  readonly store: TenantStore;
  readonly parts: DeliveryParts;
  readonly writer: DeliveryWriter;
  readonly kept: Pick<KeptEvents, 'take'>;
  /** May the next message leave, by what is known of client, tenant and subscription now? */
  mayGoOn(): boolean | Promise<boolean>;
  /** The process ends: what was cut off is nobody's failure. */
  over(): boolean;
}

/** A notification that is built and recorded in the audit: it leaves while it is seen as it was when it was built. */
interface Ready extends Range {
  /** It leaves once all until this number were taken. */
  readonly after: number;
  /** Undefined where its events are kept no longer. */
  readonly message: Unsigned | undefined;
  readonly sight: Sight;
}

/**
 * Sends what waits of a subscription, one message after the other, until nothing does, one fails, or others must have
 * their turn. While one is on its way the next ones are built and recorded in the audit, as many as the receiver takes
 * in `deliveryAheadMs`; what came of it is written while the next one is on its way. So neither the audit nor the store
 * is waited for by a receiver that keeps up, and one that does not has little prepared for it in vain.
 *
 * @returns the status that the subscription must have from now on, where that changes, with the reason
 */
export async function sendEvents(
  one: Subscriber,
  place: SendingPlace,
): Promise<{ readonly status: SubscriptionStatus; readonly reason: string | undefined } | undefined> {
  const line = new Line(one, place);
  try {
    for (;;) {
      const ready = await line.next();
      if (ready === undefined) return undefined;
      const status = await line.send(ready);
      if (status !== undefined) return status;
    }
  } finally {
    await line.written();
  }
}

/** Notifications that are built before an answer that came meanwhile is looked at. */
const buildsPerTurn = 4;

class Line {
  readonly #one: Subscriber;
  readonly #place: SendingPlace;
  readonly #listening: Listening;
  readonly #host: string;
  readonly #untilMs = performance.now() + limits.deliveryTurnMs;
  #queue: Ready[] = [];
  #ahead: Promise<readonly Ready[]> | undefined;
  /** Number of the last event that was prepared. */
  #prepared: number;
  #sight: Sight | undefined;
  /** The message that was signed last. */
  #signature: { readonly of: Unsigned; readonly second: number; readonly message: Message } | undefined;
  #sent = 0;
  #ended = false;
  /** Messages and events of which it is not written yet that they were sent. */
  #unwritten = { messages: 0, events: 0 };
  #writing: Promise<void> = Promise.resolve();

  constructor(one: Subscriber, place: SendingPlace) {
    const { form, terms, contract, progress } = one;
    this.#one = one;
    this.#place = place;
    const { tenant } = place.store;
    this.#listening = { form, terms, contract, base: place.parts.base(tenant, contract), last: progress.last };
    this.#host = hostOf(one, tenant);
    this.#prepared = progress.delivered;
  }

  /** The next message that may leave now; undefined: nothing more in this turn. */
  async next(): Promise<Ready | undefined> {
    const { parts, store } = this.#place;
    if (this.#ended) return undefined;
    const may = this.#place.mayGoOn();
    if (may !== true && !(await may)) return undefined;
    if (nextStep(this.#one, parts.clock.now().getTime()).is !== 'events') return undefined;
    const { contract, client } = this.#one;
    const sight = await sightOf({ tenant: store.tenant, contract, client }, store, parts);
    const same = sight === this.#sight;
    this.#sight = sight;
    if (this.#queue.length === 0) {
      if (this.#ahead === undefined && this.#isTurnOver()) return undefined;
      this.#queue = [...(await (this.#ahead ?? this.#prepare(sight, 1)))];
      this.#ahead = undefined;
    }
    const [first] = this.#queue;
    if (first?.sight !== sight || first.after !== this.#one.progress.delivered) await this.#prepareAnew(sight);
    const ready = this.#queue.shift();
    const count = aheadOf(this.#one);
    if (same && count > 1 && this.#queue.length <= count / 2) this.#prepareAhead(sight, count);
    return ready;
  }

  async send(ready: Ready) {
    const { message, from, to } = ready;
    const one = this.#one;
    const { parts, store, writer } = this.#place;
    if (message === undefined) {
      one.progress = { ...one.progress, delivered: Math.max(one.progress.delivered, to) };
      await writer.write([], [one]);
      return undefined;
    }
    const now = parts.clock.now();
    const waitMs = parts.breaker.waitUntil(this.#host, now.getTime());
    if (waitMs !== undefined) {
      one.holdUntilMs = waitMs;
      this.#ended = true;
      return undefined;
    }
    const sending = parts.channel.send(store.tenant, this.#signed(message, now));
    // What follows needs no answer: a receiver that answers at once waits for none of it.
    const { body, unreadable } = message;
    const told = { bytes: body.length, sha256: sha256(body), at: now.toISOString(), unreadable };
    const following = this.#queue[0]?.message;
    if (following !== undefined) this.#signed(following, now);
    const outcome = await sending;
    if (this.#place.over()) return undefined;
    parts.breaker.noted(this.#host, outcome.error, parts.clock.now().getTime());
    this.#sent += 1;
    one.faults = 0;
    // What failed comes again before anything that was prepared after it, in a turn of its own.
    this.#ended = outcome.error !== null;
    one.paceMs = outcome.error === null ? paced(one.paceMs, outcome.milliseconds) : Number.POSITIVE_INFINITY;
    return this.#conclude({ kind: 'event-notification', from, to, outcome, ...told });
  }

  /** As it leaves now; where it was signed ahead, within the same second, as it was signed then. */
  #signed(message: Unsigned, now: Date): Message {
    const second = Math.floor(now.getTime() / 1000);
    const { parts, store } = this.#place;
    if (this.#signature?.of === message && this.#signature.second === second) return this.#signature.message;
    const shared = { store, keys: parts.keys, canonicalBase: parts.canonicalBase };
    const made = signed(message, this.#listening, shared, now);
    this.#signature = { of: message, second, message: made };
    return made;
  }

  /** Waits until it is written what was sent. Rejects where it could not be. */
  async written(): Promise<void> {
    this.#ended = true;
    this.#place.writer.hurry();
    await this.#writing;
    await this.#ahead?.catch(() => undefined);
  }

  async #conclude(attempted: Attempted) {
    const one = this.#one;
    const { parts, store, writer } = this.#place;
    for (const number of attempted.unreadable) {
      parts.logger.error('an event cannot be read: a dead letter is kept of it', {
        tenant: store.tenant,
        subscription: one.id,
        number,
      });
    }
    const { rows, status } = concluded(one, attempted, parts);
    const events = attempted.to - attempted.from + 1;
    this.#unwritten.messages += 1;
    this.#unwritten.events += events;
    const written = writer.add(rows, one).then(() => {
      this.#unwritten.messages -= 1;
      this.#unwritten.events -= events;
    });
    written.catch(() => undefined);
    this.#writing = written;
    const { deliveriesUnwrittenMax, notificationEventsMax } = limits;
    const much = this.#unwritten.messages >= deliveriesUnwrittenMax || this.#unwritten.events > notificationEventsMax;
    if (much || status !== undefined || attempted.outcome.error !== null) {
      writer.hurry();
      await written;
    }
    return status === undefined ? undefined : { status, reason: attempted.outcome.error ?? undefined };
  }

  #isTurnOver(): boolean {
    const others = this.#sent >= limits.deliveriesPerTurnMax && this.#place.parts.turns.crowded();
    return others || this.#one.askedMeanwhile || performance.now() >= this.#untilMs;
  }

  /** Once the message of this moment has left: what is prepared meanwhile keeps no receiver waiting. */
  #prepareAhead(sight: Sight, count: number): void {
    if (this.#ahead !== undefined || this.#isTurnOver()) return;
    if (rangesAfter(this.#one, this.#prepared, count).length === 0) return;
    this.#ahead = setImmediate().then(() => (this.#ended ? [] : this.#prepare(sight, count)));
    this.#ahead.catch(() => undefined);
  }

  /** What is seen, or what is there, is not as it was: the next one alone, from what has been taken on. */
  async #prepareAnew(sight: Sight): Promise<void> {
    await this.#ahead?.catch(() => undefined);
    this.#ahead = undefined;
    this.#prepared = this.#one.progress.delivered;
    this.#queue = [...(await this.#prepare(sight, 1))];
  }

  /** Builds the notifications that follow the last one, and records them in the audit. */
  async #prepare(sight: Sight, count: number): Promise<readonly Ready[]> {
    const { parts, store } = this.#place;
    const one = this.#one;
    const ranges = rangesAfter(one, this.#prepared, count);
    const [first] = ranges;
    const last = ranges.at(-1);
    if (first === undefined || last === undefined) return [];
    const before = this.#prepared;
    this.#prepared = last.to;
    const events = await this.#place.kept.take(one.id, first.from, last.to);
    const now = parts.clock.now();
    const shared = { store, keys: parts.keys, canonicalBase: parts.canonicalBase, sight };
    const ready: Ready[] = [];
    let at = 0;
    for (const { from, to } of ranges) {
      const mine: NumberedEvent[] = [];
      for (let event = events[at]; event !== undefined && event.number <= to; event = events[at]) {
        mine.push(event);
        at += 1;
      }
      const newest = mine.at(-1);
      if (newest === undefined && (await isForgotten(one.id, to, store))) {
        ready.push({ from, to, after: from - 1, message: undefined, sight });
        continue;
      }
      // Numbers are counted a moment before their events are written.
      if (newest === undefined) break;
      if (ready.length % buildsPerTurn === buildsPerTurn - 1) await setImmediate();
      const message = await eventMessage(this.#listening, mine, shared, now);
      ready.push({ from: mine[0]?.number ?? from, to: newest.number, after: from - 1, message, sight });
      if (newest.number !== to) break;
    }
    this.#prepared = ready.at(-1)?.to ?? before;
    const told = ready.flatMap(({ message }) => (message === undefined ? [] : [message]));
    await Promise.all(
      told.map((message) =>
        parts.audit(
          notified({ tenant: store.tenant, client: one.client, id: one.id, address: null }, message, sight, now),
        ),
      ),
    );
    return ready;
  }
}

/** Is an event kept no longer that newer ones are kept of? */
async function isForgotten(subscription: string, number: number, { delivery }: TenantStore): Promise<boolean> {
  return ((await delivery.lastEvent(subscription))?.number ?? 0) > number;
}

/** Failures of a host are one tenant's own. */
export function hostOf({ terms }: Subscriber, tenant: string): string {
  return `${tenant} ${terms.endpoint?.host ?? ''}`;
}

/** How many messages the receiver takes in the time that is prepared ahead. */
function aheadOf({ paceMs }: Subscriber): number {
  return Math.min(Math.floor(limits.deliveryAheadMs / Math.max(paceMs, 1)), limits.deliveriesAheadMax);
}

function paced(beforeMs: number, ms: number): number {
  return beforeMs === Number.POSITIVE_INFINITY ? ms : beforeMs * 0.8 + ms * 0.2;
}
