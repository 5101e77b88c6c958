import { type HeldLease, withLease } from '../jobs/lease.ts';
import type { TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { Ingest } from './apply.ts';
import type { IngestParts } from './parts.ts';

/**
 * Runs `work` under the tenant's ingest lease: one process at a time changes what files said. Waits up to `waitMs` for
 * another, then throws `unavailable`.
 */
export function underIngestLease<T>(
  parts: IngestParts,
  { tenant, store }: { readonly tenant: Tenant; readonly store: TenantStore },
  waitMs: number,
  work: (ingest: Ingest) => Promise<T>,
): Promise<T> {
  const leases = parts.store.system.leases;
  const ingesting = (lease: HeldLease) => work({ parts, tenant, store, lease });
  return withLease(leases, `ingest/${tenant.id}`, parts.clock, waitMs, ingesting, store);
}
