import { setImmediate } from 'node:timers/promises';
import { epochSecond, instantText } from '../core/clock.ts';
import { sha256 } from '../core/hash.ts';
import { limits } from '../core/limits.ts';
import type { TenantStore } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';
import { type Attempted, concluded } from './attempt.ts';
import type { Message } from './channels/rest-hook.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { DeliveryWriter } from './delivery-writer.ts';
import type { KeptEvents } from './kept-events.ts';
import { eventMessage, type Listening, type MessageParts, secretsOf, signed, type Unsigned } from './message.ts';
import { nextStep } from './next-step.ts';
import type { ShownEvent } from './notification.ts';
import { notified, type Telling } from './notified.ts';
import { type Range, rangesAfter } from './ranges.ts';
import { shownEvents } from './shown-events.ts';
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
  readonly built: Built | undefined;
  readonly sight: Sight;
}

/** Signed and hashed where it was built: one after the other that takes half of what it does between two answers. */
interface Built {
  readonly message: Unsigned;
  readonly signed: Message;
  /** Since 1970: in another one it is signed anew. */
  readonly second: number;
  readonly sha256: string;
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
      const ready = line.readyNow() ?? (await line.next());
      if (ready === undefined) return undefined;
      const status = await line.send(ready);
      if (status !== undefined) return status;
    }
  } finally {
    await line.written();
  }
}

/** Notifications that are built before an answer that came meanwhile is looked at. */
const buildsPerTurn = 8;

class Line {
  readonly #one: Subscriber;
  readonly #place: SendingPlace;
  readonly #listening: Listening;
  /** What all of its messages are made with. */
  readonly #shared: MessageParts;
  readonly #host: string;
  readonly #untilMs = performance.now() + limits.deliveryTurnMs;
  #queue: Ready[] = [];
  #ahead: Promise<readonly Ready[]> | undefined;
  /** Number of the last event that was prepared. */
  #prepared: number;
  #sight: Sight | undefined;
  /** What the client sees must be looked up. */
  #looksUp = false;
  /** What was asked for the next message and is not known yet, or forbids it. */
  #may: boolean | Promise<boolean> | undefined;
  /** The subscription's secrets as they were in a second. */
  #secrets: { readonly second: number; readonly secrets: readonly Buffer[] } | undefined;
  #sent = 0;
  #ended = false;
  /** Events of which it is not written yet that they were sent. */
  #unwritten = 0;
  /** Those of the newest write. */
  #writing: { readonly done: Promise<void>; events: number } | undefined;
  /** Why something could not be written that was sent. */
  #failure: unknown;

  constructor(one: Subscriber, place: SendingPlace) {
    const { form, terms, contract, progress } = one;
    this.#one = one;
    this.#place = place;
    const { tenant } = place.store;
    const { keys, canonicalBase } = place.parts;
    this.#shared = { store: place.store, keys, canonicalBase };
    this.#listening = { form, terms, contract, base: place.parts.base(tenant, contract), last: progress.last };
    this.#host = hostOf(one, tenant);
    this.#prepared = progress.delivered;
  }

  /** The next message, where it is ready and nothing stands against it: the way of nearly all. */
  readyNow(): Ready | undefined {
    const { parts, store } = this.#place;
    const [ready] = this.#queue;
    const one = this.#one;
    if (ready === undefined || this.#ended || this.#looksUp || ready.after !== one.progress.delivered) return undefined;
    if (this.#isOutdated() || nextStep(one, parts.clock.now().getTime()).is !== 'events') return undefined;
    const may = this.#place.mayGoOn();
    if (may !== true) {
      // Asked once: what is read anew for the answer is found unchanged by whoever asks again.
      this.#may = may;
      if (may !== false) may.catch(() => undefined);
      return undefined;
    }
    const sight = sightOf({ tenant: store.tenant, contract: one.contract, client: one.client }, store, parts);
    if (sight instanceof Promise) {
      this.#looksUp = true;
      sight.catch(() => undefined);
      return undefined;
    }
    if (sight !== ready.sight || sight !== this.#sight) return undefined;
    this.#queue.shift();
    this.#refill(sight);
    return ready;
  }

  /** The next message that may leave now; undefined: nothing more in this turn. */
  async next(): Promise<Ready | undefined> {
    const { parts, store } = this.#place;
    const asked = this.#may;
    this.#may = undefined;
    if (this.#ended) return undefined;
    const may = asked ?? this.#place.mayGoOn();
    if (may !== true && !(await may)) return undefined;
    if (this.#isOutdated()) return undefined;
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
    if (same) this.#refill(sight);
    return ready;
  }

  async send({ built, from, to }: Ready) {
    const one = this.#one;
    const { parts, store, writer } = this.#place;
    if (built === undefined) {
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
    const { message, sha256: hash } = built;
    const leaving = built.second === epochSecond(now) ? built.signed : this.#signed(message, now);
    const at = instantText(now);
    if (this.#isOver()) return undefined;
    const outcome = await parts.channel.send(store.tenant, leaving);
    if (this.#isOver()) return undefined;
    parts.breaker.noted(this.#host, outcome.error, parts.clock.now().getTime());
    this.#sent += 1;
    one.faults = 0;
    // What failed comes again before anything that was prepared after it, in a turn of its own.
    if (outcome.error !== null) this.#ended = true;
    one.paceMs = outcome.error === null ? paced(one.paceMs, outcome.milliseconds) : Number.POSITIVE_INFINITY;
    const { body, unreadable } = message;
    const told = { bytes: body.length, sha256: hash, at, unreadable };
    return this.#conclude({ kind: 'event-notification', from, to, outcome, ...told });
  }

  #built(message: Unsigned, now: Date): Built {
    return { message, signed: this.#signed(message, now), second: epochSecond(now), sha256: sha256(message.body) };
  }

  #signed(message: Unsigned, now: Date): Message {
    const second = epochSecond(now);
    if (this.#secrets?.second !== second) {
      this.#secrets = { second, secrets: secretsOf(this.#listening, this.#shared, now) };
    }
    return signed(message, this.#listening.terms, this.#secrets.secrets, second);
  }

  /** Waits until it is written what was sent. Rejects where it could not be. */
  async written(): Promise<void> {
    this.#ended = true;
    this.#place.writer.hurry();
    await this.#writing?.done;
    await this.#ahead?.catch(() => undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #conclude(attempted: Attempted) {
    // Its progress would say of what could not be written that it was.
    if (this.#failure !== undefined) throw this.#failure;
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
    const written = writer.add(attempted, rows, one);
    this.#awaitsWriting(written, attempted.to - attempted.from + 1);
    const { eventsUnwrittenMax } = limits;
    // Begun early enough, the write is done before anything waits for it.
    if (this.#unwritten >= eventsUnwrittenMax / 2) writer.hurry();
    const much = this.#unwritten >= eventsUnwrittenMax;
    if (much || status !== undefined || attempted.outcome.error !== null) {
      writer.hurry();
      await written;
    }
    return status === undefined ? undefined : { status, reason: attempted.outcome.error ?? undefined };
  }

  /** Counts events as unwritten until they are. Those of many messages are of one write. */
  #awaitsWriting(done: Promise<void>, events: number): void {
    if (this.#writing?.done !== done) {
      const writing = { done, events: 0 };
      this.#writing = writing;
      done.then(
        () => {
          this.#unwritten -= writing.events;
        },
        (error: unknown) => {
          this.#failure ??= error;
          this.#ended = true;
        },
      );
    }
    this.#unwritten += events;
    this.#writing.events += events;
  }

  /** Was the subscription taken up anew meanwhile? What was prepared, secrets too, is of its version before. */
  #isOutdated(): boolean {
    return this.#one.form !== this.#listening.form;
  }

  /** The process ends: nothing is sent any more, and nothing written down of what was cut off. */
  #isOver(): boolean {
    const over = this.#place.over();
    if (over) this.#ended = true;
    return over;
  }

  #isTurnOver(): boolean {
    const others = this.#sent >= limits.deliveriesPerTurnMax && this.#place.parts.turns.crowded();
    return others || this.#one.askedMeanwhile || performance.now() >= this.#untilMs;
  }

  /** Has more prepared where half of what may wait has left. */
  #refill(sight: Sight): void {
    const count = aheadOf(this.#one);
    if (count > 1 && this.#queue.length <= count / 2) this.#prepareAhead(sight, count);
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
    const shown = await shownEvents(one.contract, events, one.terms.content, sight);
    const now = parts.clock.now();
    const ready: Ready[] = [];
    let at = 0;
    for (const { from, to } of ranges) {
      const mine: ShownEvent[] = [];
      for (let next = shown[at]; next !== undefined && next.event.number <= to; next = shown[at]) {
        mine.push(next);
        at += 1;
      }
      const newest = mine.at(-1)?.event;
      if (newest === undefined && (await isForgotten(one.id, to, store))) {
        ready.push({ from, to, after: from - 1, built: undefined, sight });
        continue;
      }
      // Numbers are counted a moment before their events are written.
      if (newest === undefined) break;
      if (ready.length % buildsPerTurn === buildsPerTurn - 1) await setImmediate();
      const message = eventMessage(this.#listening, mine, this.#shared, now);
      const built = this.#built(message, now);
      ready.push({ from: mine[0]?.event.number ?? from, to: newest.number, after: from - 1, built, sight });
      if (newest.number !== to) break;
    }
    this.#prepared = ready.at(-1)?.to ?? before;
    const tellings = ready.flatMap(({ from, to, built }): readonly Telling[] => {
      if (built === undefined) return [];
      const { disclosed, correlationId } = built.message;
      return [{ from, to, disclosed, correlationId }];
    });
    const told = { tenant: store.tenant, client: one.client, id: one.id, address: null };
    await Promise.all(notified(told, tellings, sight, now).map((entry) => parts.audit(entry)));
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
