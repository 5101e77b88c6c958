import type { AuditEntry } from '../audit/entry.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Extract } from '../search/extract.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { LeaseStore, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { SeenBy } from '../visibility/sight.ts';
import type { Breaker } from './breaker.ts';
import type { RestHook } from './channels/rest-hook.ts';
import type { EgressPolicy } from './endpoint.ts';
import type { RetrySchedule } from './retry.ts';
import type { Turns } from './turns.ts';
import type { unseen } from './visibility.ts';

/** What the delivery of all tenants shares. */
export interface DeliveryParts {
  readonly registry: Parameters<typeof unseen>[2] & { refresh(): Promise<void>; tenants(): Iterable<Tenant> };
  readonly seenBy: SeenBy;
  tenantStore(tenant: string): TenantStore;
  readonly leases: LeaseStore;
  readonly keys: KeyRing;
  readonly extract: Extract;
  readonly parameters: SearchParameters;
  readonly canonicalBase: string;
  /** FHIR base of a tenant's contract. */
  base(tenant: string, contract: string): string;
  egress(tenant: string): EgressPolicy;
  /** Durable when it resolves: what leaves is recorded first. */
  audit(entry: AuditEntry): Promise<void>;
  readonly channel: RestHook;
  /** Says that events of these subscriptions have their numbers. */
  numbered(tenant: string, subscriptions: readonly string[]): void;
  readonly turns: Turns;
  readonly breaker: Breaker;
  readonly schedule: RetrySchedule;
  /** 0 ≤ random < 1, for jitter. */
  random(): number;
  readonly clock: Clock;
  readonly logger: Logger;
}
