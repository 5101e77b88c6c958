import type { AuditEntry } from '../audit/entry.ts';
import type { AdminScope } from '../auth/admin-scope.ts';
import type { AdminAccess, VerifyAdminToken } from '../auth/verify-admin.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { IngestParts } from '../ingest/parts.ts';
import type { Stewardship } from '../ingest/steward/decision.ts';
import type { Tenant } from '../tenancy/tenant.ts';

/** What the composition root gives to the management API. */
export interface AdminDeps {
  /** Without a trailing slash. */
  publicUrl(): string;
  readonly software: { readonly name: string; readonly version: string };
  readonly authenticate: VerifyAdminToken;
  readonly registry: { tenant(id: string): Tenant | undefined; refresh(): Promise<void> };
  readonly ingest: IngestParts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Durable when it resolves; a tenant of null is the system's log. */
  audit(entry: AuditEntry): Promise<void>;
  /** Has the tenant's unfinished files and units worked on, off the request thread. */
  requestWork(tenant: string): void;
  /** What releasing a held file would do, computed off the request thread. */
  preview(tenant: string, file: string): Promise<unknown>;
}

/** A request whose token was verified and is good for the tenant of the path. */
export interface AdminContext {
  readonly deps: AdminDeps;
  readonly access: AdminAccess;
  readonly stewardship: Stewardship;
  readonly correlationId: string;
}

export interface AdminRequest {
  /** `{id}` of the path; empty where it has none. */
  readonly id: string;
  readonly query: URLSearchParams;
  /** Raw and unread. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface AdminAnswer {
  readonly status: 200 | 202;
  /** Sent as JSON. */
  readonly body: unknown;
  /** For the audit: the file or exception, and what a steward gave as the reason. */
  readonly id?: string;
  readonly reason?: string;
}

/** A route below `/admin/v1`: `path` is literal segments, `{tenant}` and `{id}`. */
export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Name of the operation, in the audit and in the OpenAPI document. */
  readonly operation: string;
  readonly summary: string;
  readonly scope: AdminScope;
  readonly parameters: readonly QueryParameter[];
  /** What the body is; left out where there is none. */
  readonly body?: 'file' | 'reason';
  readonly answer: { readonly status: 200 | 202; readonly description: string };
  readonly run: (context: AdminContext, request: AdminRequest) => Promise<AdminAnswer>;
}

export interface QueryParameter {
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  readonly values?: readonly string[];
}
