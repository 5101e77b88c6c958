import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { standingLease } from '../jobs/lease.ts';
import type { DeliveryRow } from '../store/delivery-port.ts';
import { StoreError } from '../store/error.ts';
import type { OutboxPosition, TenantStore } from '../store/port.ts';
import { lettersTaken, obeyed } from './asked.ts';
import { changeStatus, concluded, greet, noted } from './attempt.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { type DeliveryWriter, deliveryWriter } from './delivery-writer.ts';
import { type KeptEvents, keptEvents } from './kept-events.ts';
import { matchCriteria, matchedPosition, matchOutbox } from './matching.ts';
import { nextStep, type Step } from './next-step.ts';
import { hostOf, sendEvents } from './sending.ts';
import { type Roster, refreshRoster, type Subscriber, takeUp } from './subscriber.ts';
import type { SubscriptionStatus } from './subscription-resource.ts';
import { type Unseen, unseen } from './visibility.ts';

/** Delivery for one tenant, in one process at a time: the holder of its lease. */
export interface TenantDelivery {
  /**
   * Takes up what was committed since, numbers it and sets going what is due. One at a time; a look that comes during
   * another one is made after it. `whole`: also what cannot be seen by the number of the last batch.
   */
  look(whole: boolean): Promise<void>;
  /** Does anybody listen here? */
  listening(): boolean;
  /** Epoch milliseconds of the next thing that is due by time. */
  dueMs(): number;
  /** From now on nothing is begun, and what was cut off is not written down. */
  abandon(): void;
  /** Somebody of this process changed a subscription: what is being sent is looked at again. */
  changed(): void;
  release(): Promise<void>;
}

export function tenantDelivery(tenant: string, parts: DeliveryParts): TenantDelivery {
  return new Delivery(tenant, parts);
}

class Delivery implements TenantDelivery {
  readonly #tenant: string;
  readonly #parts: DeliveryParts;
  readonly #lease: ReturnType<typeof standingLease>;
  readonly #writer: DeliveryWriter;
  #kept: KeptEvents;
  /** Ids of subscriptions that a turn is being taken for, also where the roster was read anew meanwhile. */
  readonly #inFlight = new Set<string>();
  #roster: Roster = { subscribers: new Map(), read: new Map() };
  #matched: OutboxPosition | undefined;
  #head = -1;
  #dueMs = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #again: boolean | undefined;
  #released = false;
  /** Another process held the lease when this one looked last. */
  #waiting = false;
  #sweptMs = 0;

  constructor(tenant: string, parts: DeliveryParts) {
    this.#tenant = tenant;
    this.#parts = parts;
    this.#kept = this.#noneKept();
    this.#lease = standingLease(parts.leases, `delivery/${tenant}`, parts.clock, () => this.#store().delivery);
    this.#writer = deliveryWriter(async (rows) => {
      const lease = await this.#lease.held();
      if (lease === undefined) throw new StoreError('fenced', 'another process delivers');
      await this.#store().delivery.write(rows, lease);
    });
  }

  listening(): boolean {
    return this.#roster.subscribers.size > 0;
  }

  dueMs(): number {
    return this.#dueMs;
  }

  async look(whole: boolean): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = whole || this.#again === true;
      return this.#looking;
    }
    this.#looking = this.#lookUntilDone(whole);
    try {
      await this.#looking;
    } finally {
      this.#looking = undefined;
    }
  }

  abandon(): void {
    this.#released = true;
  }

  changed(): void {
    for (const one of this.#roster.subscribers.values()) one.checkedMs = 0;
  }

  async release(): Promise<void> {
    this.abandon();
    await this.#looking;
    await this.#lease.release();
  }

  async #lookUntilDone(whole: boolean): Promise<void> {
    for (let next: boolean | undefined = whole; next !== undefined && !this.#released; next = this.#again) {
      this.#again = undefined;
      try {
        await this.#lookOnce(next);
      } catch (error) {
        this.#giveWay(error);
        return;
      }
    }
  }

  /** Another process may hold the lease, or have numbered what we were about to: begin anew from what is stored. */
  #giveWay(error: unknown): void {
    const expected = error instanceof StoreError && (error.code === 'fenced' || error.code === 'conflict');
    if (!expected) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#parts.logger.error('delivery failed, it will be tried again', { tenant: this.#tenant, why });
    }
    if (error instanceof StoreError && error.code === 'fenced') this.#lease.lost();
    this.#forgetAll();
  }

  /** What nobody expected would fail again at once: it is tried ever more rarely, and keeps nobody else waiting. */
  #stumble(one: Subscriber, error: unknown): void {
    const { clock, logger } = this.#parts;
    one.faults += 1;
    const waitMs = Math.min(1000 * 2 ** Math.min(one.faults, 20), limits.deliveryFaultSecondsMax * 1000);
    one.holdUntilMs = clock.now().getTime() + waitMs;
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error('delivery failed, it will be tried again', {
      tenant: this.#tenant,
      subscription: one.id,
      waitMs,
      why,
    });
  }

  #noneKept(): KeptEvents {
    return keptEvents(() => this.#store().delivery);
  }

  #forgetAll(): void {
    this.#kept = this.#noneKept();
    this.#roster = { subscribers: new Map(), read: new Map() };
    this.#matched = undefined;
    this.#head = -1;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  async #lookOnce(whole: boolean): Promise<void> {
    const { registry, clock } = this.#parts;
    const found = registry.tenant(this.#tenant);
    if (found?.status !== 'active') return;
    const store = this.#store();
    // While another process delivers, it alone needs to know for whom.
    if (this.#waiting && (await this.#lease.held()) === undefined) return;
    this.#waiting = false;
    const { sequence: head } = await store.head();
    if (!whole && head === this.#head && clock.now().getTime() < this.#dueMs) return;
    if (head !== this.#head) await refreshRoster(this.#roster, store, found.contracts, head, this.#parts);
    if (whole) await this.#forgetDeleted(store);
    if (!this.listening()) {
      this.#head = head;
      this.#dueMs = Number.POSITIVE_INFINITY;
      return;
    }
    const lease = await this.#lease.held();
    if (lease === undefined) {
      this.#waiting = true;
      this.#forgetAll();
      return;
    }
    const subscribers = [...this.#roster.subscribers.values()];
    const { write } = this.#writer;
    const matching = { store, write, head, subscribers, parts: this.#parts, kept: this.#kept };
    if (head !== this.#head || this.#matched === undefined) {
      this.#matched = await matchOutbox(matching, this.#matched ?? (await matchedPosition(store)));
    }
    for (const one of subscribers) if (one.terms.to.is === 'criteria') await matchCriteria(matching, one);
    this.#head = head;
    if (whole) {
      await this.#obey(store);
      for (const one of subscribers) {
        const why = this.#lostBy(one);
        one.rightLost = why !== undefined && why !== 'tenant-not-active';
      }
    }
    await this.#sweep();
    this.#setGoing(subscribers, clock.now().getTime());
  }

  #setGoing(subscribers: readonly Subscriber[], nowMs: number): void {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const one of subscribers) {
      if (one.inFlight || this.#inFlight.has(one.id)) continue;
      const step = nextStep(one, nowMs);
      if (step.is === 'wait') {
        dueMs = Math.min(dueMs, step.untilMs);
        continue;
      }
      one.inFlight = true;
      this.#inFlight.add(one.id);
      this.#parts.turns.add(this.#tenant, one.terms.endpoint?.host ?? '', () => this.#take(one, step.is));
    }
    this.#dueMs = dueMs;
  }

  /** A step of one subscription, when its turn has come. Never rejects. */
  async #take(one: Subscriber, step: Step['is']): Promise<void> {
    try {
      if (this.#released || !(await this.#isCurrent(one))) return;
      if (step !== 'events') await this.#do(one, step);
      // What follows at once is sent in the same turn: a look at everybody costs more than a request.
      const { is } = nextStep(one, this.#parts.clock.now().getTime());
      if (is === 'events' && !this.#released && (await this.#mayBeTold(one))) await this.#sendEvents(one);
    } catch (error) {
      const { clock } = this.#parts;
      one.holdUntilMs = clock.now().getTime() + limits.deliveryIdleLookMs;
      if (error instanceof AppError && error.code === 'conflict') this.#head = -1;
      else if (error instanceof StoreError) this.#giveWay(error);
      else this.#stumble(one, error);
    } finally {
      const asked = one.askedMeanwhile;
      one.inFlight = false;
      one.askedMeanwhile = false;
      this.#inFlight.delete(one.id);
      this.#dueMs = 0;
      if (!this.#released) void this.look(asked);
    }
  }

  async #do(one: Subscriber, step: Step['is']): Promise<void> {
    const { clock, breaker } = this.#parts;
    one.rightLost = false;
    if (!(await this.#mayBeTold(one))) return;
    if (step === 'end') return this.#change(one, 'off', 'ended');
    if (step === 'give-up') return this.#change(one, 'off', one.form.error ?? 'given-up');
    if (step === 'activate') return this.#change(one, 'active', undefined);
    if (step !== 'handshake' && step !== 'heartbeat' && step !== 'test') return;
    const host = hostOf(one, this.#tenant);
    // A handshake is asked for by a client, who may know better.
    const waitMs = step === 'heartbeat' ? breaker.waitUntil(host, clock.now().getTime()) : undefined;
    if (waitMs !== undefined) {
      one.holdUntilMs = waitMs;
      return;
    }
    const attempted = await greet(one, step === 'handshake' ? step : 'heartbeat', this.#store(), this.#parts);
    // Cut off by the end of this process: nobody's failure, and sent again.
    if (this.#released) return;
    breaker.noted(host, attempted.outcome.error, clock.now().getTime());
    one.faults = 0;
    if (step === 'test') {
      one.testAsked = false;
      return this.#writer.write([noted(one, attempted)], []);
    }
    const { rows, status } = concluded(one, attempted, this.#parts);
    await this.#writer.write([noted(one, attempted), ...rows], [one]);
    if (status !== undefined) await this.#change(one, status, attempted.outcome.error ?? undefined);
  }

  async #sendEvents(one: Subscriber): Promise<void> {
    const next = await sendEvents(one, {
      ...{ store: this.#store(), parts: this.#parts, writer: this.#writer, kept: this.#kept },
      mayGoOn: () => this.#mayGoOn(one),
      over: () => this.#released,
    });
    if (next !== undefined && !this.#released) await this.#change(one, next.status, next.reason);
  }

  /** Before each message of a turn; what was read for the last one holds for a moment. */
  #mayGoOn(one: Subscriber): boolean | Promise<boolean> {
    if (this.#released || this.#roster.subscribers.get(one.id) !== one || this.#lostBy(one) !== undefined) return false;
    if (performance.now() - one.checkedMs < limits.deliveryCheckMs) return true;
    return this.#isCurrent(one).then((current) => current && this.#lostBy(one) === undefined);
  }

  #lostBy(one: Subscriber): Unseen | undefined {
    const { clock, registry } = this.#parts;
    const listener = { tenant: this.#tenant, contract: one.contract, client: one.client };
    return unseen(listener, one.terms, registry, clock.now());
  }

  /** False: its client may be told of nothing, and it was seen to. */
  async #mayBeTold(one: Subscriber): Promise<boolean> {
    const why = this.#lostBy(one);
    if (why === undefined) return true;
    if (why === 'tenant-not-active') one.holdUntilMs = this.#parts.clock.now().getTime() + limits.deliveryIdleLookMs;
    else await this.#change(one, 'off', why);
    return false;
  }

  async #change(one: Subscriber, status: SubscriptionStatus, reason: string | undefined): Promise<void> {
    await changeStatus(one, status, reason, this.#store(), this.#parts);
    await this.#writer.write([], [one]);
  }

  /** What the registry and the resource say now, not when it was queued. False: there is something else to do first. */
  async #isCurrent(one: Subscriber): Promise<boolean> {
    const { registry } = this.#parts;
    const nowMs = performance.now();
    await registry.refresh();
    const store = this.#store();
    const version = await store.resources.read({ contract: one.contract, type: 'Subscription', id: one.id });
    if (version === undefined || version.change === 'delete') {
      await this.#forget(one);
      return false;
    }
    if (version.version === one.version.version) {
      one.checkedMs = nowMs;
      return this.#roster.subscribers.get(one.id) === one;
    }
    await takeUp(this.#roster, store, version, this.#parts);
    return false;
  }

  async #forgetDeleted(store: TenantStore): Promise<void> {
    const all = [...this.#roster.subscribers.values()];
    const keys = all.map(({ contract, id }) => ({ contract, type: 'Subscription', id }));
    const gone = new Set((await store.resources.heads(keys)).filter(({ deleted }) => deleted).map(({ id }) => id));
    for (const one of all) if (gone.has(one.id) && !one.inFlight) await this.#forget(one);
  }

  async #forget(one: Subscriber): Promise<void> {
    this.#roster.subscribers.delete(one.id);
    this.#kept.drop(one.id);
    // Nothing that waits to be written may bring it back.
    await this.#writer.write([], [one]);
    const letters = await this.#store().delivery.notes('dead-letter');
    const own = [...letters.keys()].filter((id) => id === one.id || id.startsWith(`${one.id}/`));
    const gone: readonly DeliveryRow[] = [
      { row: 'note', kind: 'progress', id: one.id, body: null },
      ...own.map((id): DeliveryRow => ({ row: 'note', kind: 'dead-letter', id, body: null })),
    ];
    await this.#writer.write(gone, []);
  }

  async #obey(store: TenantStore): Promise<void> {
    // Asked one after the other, obeyed so, though the turn of one may end meanwhile.
    const busy = new Set([...this.#roster.subscribers.values()].filter(({ inFlight }) => inFlight));
    for (const [id, body] of await store.delivery.asked()) {
      const one = obeyed(body, this.#roster.subscribers, busy);
      if (one !== undefined && busy.has(one)) {
        one.askedMeanwhile = true;
        continue;
      }
      const letters = await store.delivery.notes('dead-letter');
      const taken = lettersTaken(body, letters.keys());
      await this.#writer.write([...taken, { row: 'done', id }], one === undefined ? [] : [one]);
    }
  }

  /** Now and then forgets what was told long ago. */
  async #sweep(): Promise<void> {
    const nowMs = this.#parts.clock.now().getTime();
    if (nowMs - this.#sweptMs < limits.deliverySweepMs) return;
    this.#sweptMs = nowMs;
    const before = new Date(nowMs - limits.deliveryRetentionDays * 86_400_000).toISOString();
    await this.#writer.write([{ row: 'forget', before, limit: limits.deliverySweptRowsMax }], []);
  }

  #store(): TenantStore {
    return this.#parts.tenantStore(this.#tenant);
  }
}
