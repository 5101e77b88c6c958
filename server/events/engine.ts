import { limits } from '../core/limits.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { type TenantDelivery, tenantDelivery } from './tenant-delivery.ts';

/** Delivers the events of all tenants, until it is stopped. */
export interface DeliveryEngine {
  /** Somebody of this process changed a tenant's subscriptions. */
  wake(tenant: string): void;
  /** Lets what is on its way end, and leaves the rest to the next start. */
  stop(): Promise<void>;
}

/**
 * Delivery pulls: an ingest commits and knows nothing of it. Where somebody listens, the number of the tenant's last
 * batch is looked at every `lookMs`, one row of an index, so that an event waits some milliseconds also when another
 * process committed it; where nobody does, once a second.
 */
export function deliveryEngine(parts: DeliveryParts, lookMs: number): DeliveryEngine {
  const deliveries = new Map<string, TenantDelivery>();
  const woken = new Set<string>();
  let wholeMs = 0;
  let looking: Promise<void> = Promise.resolve();
  let busy = false;
  let stopped = false;

  const of = (tenant: string): TenantDelivery => {
    const known = deliveries.get(tenant);
    if (known !== undefined) return known;
    const made = tenantDelivery(tenant, parts);
    deliveries.set(tenant, made);
    return made;
  };
  const lookAtAll = async () => {
    const now = performance.now();
    const whole = now - wholeMs >= limits.deliveryIdleLookMs;
    if (whole) wholeMs = now;
    const looks: Promise<void>[] = [];
    for (const { id, status } of parts.registry.tenants()) {
      if (status !== 'active' || stopped) continue;
      const one = of(id);
      if (whole || one.listening() || woken.has(id)) looks.push(one.look(whole || woken.delete(id)));
    }
    await Promise.all(looks);
    for (const id of deliveries.keys()) if (parts.registry.tenant(id) === undefined) deliveries.delete(id);
  };
  const tick = () => {
    if (busy || stopped) return;
    busy = true;
    looking = lookAtAll()
      .catch((error: Error) => parts.logger.error('delivery cannot look', { error: error.message }))
      .finally(() => {
        busy = false;
      });
  };
  const timer = setInterval(tick, lookMs);
  return {
    wake(tenant) {
      woken.add(tenant);
      deliveries.get(tenant)?.changed();
      tick();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
      const done = parts.turns.close();
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, limits.deliveryStopMs).unref())]);
      for (const one of deliveries.values()) one.abandon();
      await parts.channel.close();
      await done;
      for (const one of deliveries.values()) await one.release();
    },
  };
}
