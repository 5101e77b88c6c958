import type { FastifyInstance } from 'fastify';
import type { AuditEntry } from '../audit/entry.ts';
import type { PermissionSet } from '../auth/permission-set.ts';
import type { Rate } from '../auth/rate-limit.ts';
import type { VerifyToken } from '../auth/verify.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { EventFeed } from '../interaction/event-feed.ts';
import type { SubscriptionDesk, TopicDefinition } from '../interaction/subscription-desk.ts';
import type { TraceReader } from '../interaction/trace-reader.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { Store, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { SeenBy } from '../visibility/sight.ts';
import type { AllowedHosts } from './host.ts';
import type { WebsocketDoor } from './websocket.ts';

/** What the composition root gives to the HTTP server. */
export interface ServerDeps {
  /** Configured public URL without a trailing slash; asked per request, as a port may be known only after listening. */
  publicUrl(): string;
  /** Root of our own canonical URLs, without a trailing slash. */
  readonly canonicalBase: string;
  /** `releasedAt`: `YYYY-MM-DD`. */
  readonly software: { readonly name: string; readonly version: string; readonly releasedAt: string };
  readonly parameters: SearchParameters;
  /** The registry as this process last saw it; `refresh` is asked where a tenant is unknown. */
  readonly registry: { tenant(id: string): Tenant | undefined; refresh(): Promise<void> };
  readonly authenticate: VerifyToken;
  /** Host headers that are answered. */
  readonly hosts: AllowedHosts;
  /** Counts a request of a client; undefined where no limit is set. Looks into memory alone. */
  rate(tenant: Tenant, clientId: string): Rate | undefined;
  /** Origins of browser apps (of redirect URIs) of a tenant's active clients, or of one client alone. */
  origins(tenant: string, clientId?: string): ReadonlySet<string>;
  readonly store: Pick<Store, 'tenant'>;
  /** What a client is under in its tenant: a look-up in memory. */
  permissionSet(tenant: string, client: string): PermissionSet;
  readonly seenBy: SeenBy;
  /**
   * Durable when it resolves; a tenant of null is the system's log. Where it fails, so does the request (503): nothing
   * leaves unrecorded.
   */
  audit(entry: AuditEntry): Promise<void>;
  /** AuditEvent and Provenance of a tenant and contract. `base`: the FHIR base, for URLs inside them. */
  trace(store: TenantStore, contract: string, base: string): TraceReader;
  /** 32 bytes, the same for all processes that share the data (`keys.derive('page-token')`). */
  readonly pageKey: Uint8Array;
  readonly subscriptions: SubscriptionDesk;
  /** Definitions of the topics, as `conformance/topics/` has them. */
  readonly topics: readonly TopicDefinition[];
  readonly events: EventFeed;
  readonly sockets: WebsocketDoor;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Can requests be answered now? */
  ready(): Promise<boolean>;
  /** Other parts with routes of their own: authorization server, management API … */
  readonly plugins: readonly ((app: FastifyInstance) => Promise<void>)[];
}
