import { fhirBase } from '../auth/base.ts';
import { limits } from '../core/limits.ts';
import { breaker } from '../events/breaker.ts';
import { natsPublisher } from '../events/channels/nats.ts';
import { restHook } from '../events/channels/rest-hook.ts';
import { websocketChannel } from '../events/channels/websocket.ts';
import { websocketDoor } from '../events/channels/websocket-door.ts';
import type { DeliveryParts } from '../events/delivery-parts.ts';
import type { DeskParts } from '../events/desk.ts';
import type { EgressPolicy } from '../events/endpoint.ts';
import { type DeliveryEngine, deliveryEngine } from '../events/engine.ts';
import { eventFeed } from '../events/feed.ts';
import { headWatch } from '../events/head-watch.ts';
import { type EventPublishing, eventPublishing } from '../events/publishing.ts';
import { type RetrySchedule, retrySchedule } from '../events/retry.ts';
import { subscriptions } from '../events/subscriptions.ts';
import { turns } from '../events/turns.ts';
import { firstUseOf } from '../oauth/single-use.ts';
import type { RegistrySnapshot } from '../registry/snapshot.ts';
import { compileExtract } from '../search/extract.ts';
import { grantTenant } from '../tenancy/grant.ts';
import { seenBy } from '../visibility/sight.ts';
import { packageFolder, topicDefinitions } from './documents.ts';
import type { House } from './house.ts';

interface Surroundings {
  readonly snapshot: RegistrySnapshot;
  publicUrl(): string;
  readonly audit: DeliveryParts['audit'];
  /** Left out: the server's own. */
  readonly schedule?: RetrySchedule;
}

/** What the server needs for subscriptions: who answers for them, and, once it listens, who delivers. */
export function subscriptionServing(
  house: House,
  { snapshot, publicUrl, audit, schedule = retrySchedule }: Surroundings,
) {
  const { settings, parameters, keys, clock, logger, store } = house;
  const { canonicalBase } = settings;
  const extract = compileExtract(parameters);
  let engine: DeliveryEngine | undefined;
  let publishing: EventPublishing | undefined;
  const egress = egressPolicies(snapshot, publicUrl, settings.mode === 'development');
  const look = seenBy({ canonicalBase, parameters, extract, clock, sensitiveStaff: snapshot.sensitiveStaff });
  const shared = { canonicalBase, parameters, extract, keys, clock, egress };
  const websocketUrl = (tenant: string, contract: string) =>
    `${publicUrl().replace(/^http/, 'ws')}/t/${tenant}/events/${contract}/websocket`;
  const desk: DeskParts = { ...shared, websocketUrl, changed: (tenant) => engine?.wake(tenant) };
  const base = (tenant: string, contract: string) => fhirBase(publicUrl(), tenant, contract);
  const tenantStore = (tenant: string) => store.tenant(grantTenant(tenant, 'job'));
  const told = { ...shared, registry: snapshot, seenBy: look, audit, logger, tenantStore, base };
  const sockets = websocketChannel(told);
  const delivery = (): DeliveryParts => ({
    ...{ ...told, egress, leases: store.system.leases, numbered: sockets.numbered },
    ...{ channel: restHook(egress), turns: turns(), breaker: breaker(schedule), schedule },
    random: Math.random,
  });
  const { deliveryLookMs, deliveryRemoteLookMs } = limits;
  const lookMs = store.capabilities.severalMachines ? deliveryRemoteLookMs : deliveryLookMs;
  const watch = headWatch(tenantStore, lookMs);
  const firstUse = firstUseOf(store.system.oauth, 'WebsocketBinding');
  return {
    /** What requests are answered with. */
    served: {
      subscriptions: subscriptions(desk),
      events: eventFeed(watch, keys.derive('page-token')),
      sockets: websocketDoor({ channel: sockets, keys, clock, firstUse }),
      topics: topicDefinitions(packageFolder()),
      seenBy: look,
    },
    start() {
      engine = deliveryEngine(delivery(), lookMs);
      if (settings.nats === undefined) return;
      const broker = natsPublisher(settings.nats);
      publishing = eventPublishing({ ...told, leases: store.system.leases, publisher: broker, watch });
    },
    async stop() {
      const published = publishing?.stop();
      watch.close();
      await published;
      sockets.close();
      await engine?.stop();
    },
  };
}

const noRanges: readonly string[] = [];

/** Where a tenant may send to; the same object while nothing changed. */
function egressPolicies(snapshot: RegistrySnapshot, publicUrl: () => string, loopback: boolean) {
  const kept = new Map<string, EgressPolicy>();
  return (tenant: string): EgressPolicy => {
    const privateRanges = snapshot.tenant(tenant)?.settings.egressPrivateRanges ?? noRanges;
    const known = kept.get(tenant);
    const own = publicUrl();
    if (known?.privateRanges === privateRanges && known.ownOrigins[0] === own) return known;
    const policy = { privateRanges, loopback, ownOrigins: [own] };
    kept.set(tenant, policy);
    return policy;
  };
}
