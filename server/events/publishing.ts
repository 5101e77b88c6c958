import type { AuditEntry } from '../audit/entry.ts';
import { randomId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import { type StandingLease, standingLease } from '../jobs/lease.ts';
import { StoreError } from '../store/error.ts';
import type { EventRow, LeaseStore, OutboxPosition, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import type { HeadWatch } from './head-watch.ts';
import type { KeptEvent } from './shown-to.ts';

/** An event on its way to a broker. */
export interface PublishedEvent {
  readonly tenant: string;
  readonly topic: string;
  /** A broker that sees it twice keeps it once. */
  readonly id: string;
  /** CloudEvents 1.0 JSON. */
  readonly body: string;
}

/** A message broker. NATS is one; another implements this. */
export interface EventPublisher {
  /** Resolves when the broker has stored it; rejects where that is not known. Those of a tenant come in order. */
  publish(event: PublishedEvent): Promise<void>;
  close(): Promise<void>;
}

/** Publishes the events of the tenants that want it, until it is stopped: at least once, in order per tenant. */
export interface EventPublishing {
  stop(): Promise<void>;
}

type Wish = Pick<Tenant, 'status' | 'settings'>;

type Parts = Pick<DeliveryParts, 'tenantStore' | 'audit' | 'clock' | 'logger'> & {
  readonly registry: { tenants(): Iterable<Pick<Tenant, 'id'> & Wish>; tenant(id: string): Wish | undefined };
  readonly leases: LeaseStore;
  readonly publisher: EventPublisher;
  readonly watch: HeadWatch;
};

const note = 'publisher';

export function eventPublishing(parts: Parts): EventPublishing {
  const { registry, publisher } = parts;
  const ended = new AbortController();
  const running = new Map<string, Promise<void>>();
  const look = () => {
    for (const { id, ...wish } of registry.tenants()) {
      if (!isPublished(wish) || running.has(id)) continue;
      const run = publishTenant(id, parts, ended.signal).finally(() => running.delete(id));
      running.set(id, run);
    }
  };
  const timer = setInterval(look, limits.deliveryIdleLookMs);
  look();
  return {
    async stop() {
      clearInterval(timer);
      ended.abort();
      await publisher.close();
      await Promise.all(running.values());
    },
  };
}

function isPublished({ status, settings }: Wish): boolean {
  return status === 'active' && settings.publishEvents;
}

/** One tenant's events, in the process that holds its lease, until the tenant rests or all of it ends. */
async function publishTenant(tenant: string, parts: Parts, ended: AbortSignal): Promise<void> {
  const { registry, leases, clock, logger } = parts;
  const lease = standingLease(leases, `publish/${tenant}`, clock, () => parts.tenantStore(tenant).delivery);
  let failures = 0;
  let position: OutboxPosition | undefined;
  const wanted = () => {
    const found = registry.tenant(tenant);
    return found !== undefined && isPublished(found);
  };
  while (!ended.aborted && wanted()) {
    try {
      position = await publishNext(parts.tenantStore(tenant), position, lease, parts, ended, wanted);
      failures = 0;
    } catch (error) {
      if (ended.aborted) break;
      failures += 1;
      position = undefined;
      if (error instanceof StoreError && error.code === 'fenced') lease.lost();
      logger.warn('events cannot be published, it will be tried again', { tenant, failures, why: String(error) });
      await rest(Math.min(1000 * 2 ** Math.min(failures - 1, 10), limits.publishWaitMsMax), ended);
    }
  }
  await lease.release().catch(() => undefined);
}

/** @returns how far it got; undefined: another process publishes */
async function publishNext(
  store: TenantStore,
  from: OutboxPosition | undefined,
  lease: StandingLease,
  { publisher, audit, clock, watch }: Parts,
  ended: AbortSignal,
  wanted: () => boolean,
): Promise<OutboxPosition | undefined> {
  const held = await lease.held();
  if (held === undefined) {
    await rest(limits.deliveryIdleLookMs, ended);
    return undefined;
  }
  const position = from ?? (await publishedUntil(store));
  const { sequence: head } = await store.head();
  const found = await store.outbox.events(position, limits.publishBatchEventsMax);
  const rows = found.filter(({ sequence }) => sequence <= head);
  if (rows.length === 0) {
    await watch.beyond(store.tenant, Math.max(head, position.sequence), limits.deliveryIdleLookMs, ended);
    return position;
  }
  await audit(published(store.tenant, rows, clock.now()));
  let next = position;
  for (const { topic, body, sequence, index } of rows) {
    // What is on its way when a tenant is suspended or wants no more stays here.
    if (!wanted()) break;
    const { id } = JSON.parse(body) as { readonly id: string };
    await publisher.publish({ tenant: store.tenant, topic, id, body });
    next = { sequence, index };
  }
  await store.delivery.write([{ row: 'note', kind: 'matched', id: note, body: JSON.stringify(next) }], held);
  return next;
}

async function publishedUntil({ delivery }: TenantStore): Promise<OutboxPosition> {
  const body = await delivery.note('matched', note);
  return body === undefined ? { sequence: 0, index: 0 } : (JSON.parse(body) as OutboxPosition);
}

function published(tenant: string, rows: readonly EventRow[], now: Date): AuditEntry {
  const disclosed = rows.flatMap(({ body }) => {
    const { focus } = (JSON.parse(body) as KeptEvent).data;
    return focus === undefined ? [] : [`${focus.reference}/${focus.version}`];
  });
  const requestId = randomId();
  return {
    ...{ at: now.toISOString(), tenant, kind: 'rest', interaction: 'publish', client: null, jti: null, type: null },
    ...{ id: null, query: null, status: 200, outcome: 0, reason: null, requestId, correlationId: requestId },
    ...{ address: null, disclosed: [...new Set(disclosed)] },
  };
}

function rest(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      ended.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    ended.addEventListener('abort', done, { once: true });
    if (ended.aborted) done();
  });
}
