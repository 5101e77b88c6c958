import type { AuditEntry } from '../audit/entry.ts';
import type { AdminScope } from '../auth/admin-scope.ts';
import type { Rate } from '../auth/rate-limit.ts';
import type { AdminAccess, VerifyAdminToken } from '../auth/verify-admin.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { SubscriptionOperator } from '../events/operator.ts';
import type { IngestParts } from '../ingest/parts.ts';
import type { Stewardship } from '../ingest/steward/decision.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { TenantTraces } from '../lineage/trace-reader.ts';
import type { ClientRegistry } from '../registry/clients.ts';
import type { PermissionSetRegistry } from '../registry/permission-sets.ts';
import type { TenantRegistry } from '../registry/tenants.ts';
import type { UserRegistry } from '../registry/users.ts';
import type { DocumentStore, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { JsonSchema } from './schema.ts';

/** What the composition root gives to the management API. */
export interface AdminDeps {
  /** Without a trailing slash. */
  publicUrl(): string;
  readonly software: { readonly name: string; readonly version: string };
  readonly authenticate: VerifyAdminToken;
  readonly registry: { tenant(id: string): Tenant | undefined; tenants(): Iterable<Tenant>; refresh(): Promise<void> };
  readonly tenants: TenantRegistry;
  readonly clients: ClientRegistry;
  readonly users: UserRegistry;
  readonly permissionSets: PermissionSetRegistry;
  /** Of the system store: registration tokens, epochs, uses. */
  readonly documents: DocumentStore;
  readonly keys: KeyRing;
  readonly ingest: IngestParts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Counts a request; undefined where no limit is set. */
  rate(tenant: Tenant | undefined, clientId: string): Rate | undefined;
  /** Durable when it resolves; a tenant of null is the system's log. */
  audit(entry: AuditEntry): Promise<void>;
  /** AuditEvents of a tenant. */
  trace(store: TenantStore): Pick<TenantTraces, 'searchAudit' | 'readAudit'>;
  /** Delivery of a tenant's events. */
  subscriptions(store: TenantStore, contracts: readonly string[]): SubscriptionOperator;
  /** Has the tenant's unfinished files and units worked on, off the request thread. */
  requestWork(tenant: string): void;
  /** What releasing a held file would do, computed off the request thread. */
  preview(tenant: string, file: string): Promise<unknown>;
}

/** A request whose token was verified; of what belongs to no tenant. */
export interface PlatformContext {
  readonly deps: AdminDeps;
  readonly access: AdminAccess;
  readonly correlationId: string;
}

/** A request whose token is good for the tenant of the path. */
export interface AdminContext extends PlatformContext {
  readonly stewardship: Stewardship;
}

export interface AdminRequest {
  /** `{id}` of the path; empty where it has none. */
  readonly id: string;
  readonly query: URLSearchParams;
  /** Raw and unread; of a JSON body nothing is left. */
  readonly body: AsyncIterable<Uint8Array>;
  /** What the route's body schema has checked; undefined where it has none. */
  readonly json: unknown;
}

export interface AdminAnswer {
  readonly status: 200 | 201 | 202;
  /** Sent as JSON. */
  readonly body: unknown;
  /** For the audit: what it was about, and what a steward gave as the reason. */
  readonly id?: string;
  readonly reason?: string;
  /** `Type/id/version` of what was shown. */
  readonly disclosed?: readonly string[];
}

interface RouteFacts {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Name of the operation, in the audit and in the OpenAPI document. */
  readonly operation: string;
  readonly summary: string;
  readonly scope: AdminScope;
  readonly parameters: readonly QueryParameter[];
  /** What the body is, JSON by its schema; left out where there is none. */
  readonly body?: 'file' | 'reason' | JsonSchema;
  readonly answer: { readonly status: 200 | 201 | 202; readonly description: string; readonly schema: JsonSchema };
}

/**
 * A route below `/admin/v1`: `path` is literal segments, `{tenant}` and `{id}`. One without a tenant is about the
 * `platform`, or about every tenant that the token is good for (`own`), which the operation sees to.
 */
export type AdminRoute = RouteFacts &
  (
    | { readonly reach?: never; readonly run: (context: AdminContext, request: AdminRequest) => Promise<AdminAnswer> }
    | {
        readonly reach: 'platform' | 'own';
        readonly run: (context: PlatformContext, request: AdminRequest) => Promise<AdminAnswer>;
      }
  );

export interface QueryParameter {
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  readonly values?: readonly string[];
}
