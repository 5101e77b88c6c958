import { type PublishCounts, publishUnits } from '../commit/publish.ts';
import { addDays, londonDate } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { type HeldLease, withLease } from '../jobs/lease.ts';
import type { Unit } from '../record/unit.ts';
import type { TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { dayAnnouncer } from './announcer.ts';
import { identify } from './identify.ts';
import type { IngestParts } from './parts.ts';

/** How far a tenant's dates have come true: a registry document, kind `dates`, id = tenant. */
const kind = 'dates';

export interface DayReport extends Pick<PublishCounts, 'created' | 'changed' | 'removed'> {
  readonly day: string;
  readonly units: number;
}

/**
 * Makes dates come true (meaning.md, Time): for every local day (Europe/London) since the last run, in order, projects
 * the units that the day's boundary may have changed. Any number of missed days; a day without due units costs one
 * query. Under the tenant's ingest lease.
 *
 * @returns the days on which something was due
 */
export async function comeTrue(parts: IngestParts, tenantId: string): Promise<readonly DayReport[]> {
  const { tenant, grant } = identify(undefined, tenantId, await parts.tenants());
  if (tenant?.status !== 'active' || grant === null) return [];
  const store = parts.store.tenant(grant);
  const today = londonDate(parts.clock.now());
  const documents = parts.store.system.documents;
  if ((await documents.get(kind, tenant.id)) === today) return [];
  const work = async (lease: HeldLease) => {
    const reports: DayReport[] = [];
    const last = (await documents.get(kind, tenant.id)) ?? addDays(today, -1);
    for (let day = addDays(last, 1); day <= today; day = addDays(day, 1)) {
      const report = await oneDay(parts, tenant, store, lease, day);
      if (report.units > 0) reports.push(report);
      await documents.put(kind, tenant.id, day);
    }
    return reports;
  };
  return withLease(parts.store.system.leases, `ingest/${tenant.id}`, parts.clock, limits.ingestWaitMs, work, store);
}

async function oneDay(
  parts: IngestParts,
  tenant: Tenant,
  store: TenantStore,
  lease: HeldLease,
  day: string,
): Promise<DayReport> {
  const total = { day, units: 0, created: 0, changed: 0, removed: 0 };
  const projectors = parts.projectors(tenant, store, day);
  for (;;) {
    const units: readonly Unit[] = await store.records.due(day, limits.unitsPerBatchMax);
    if (units.length === 0) return total;
    const publishing = {
      ...{ ...parts, store, lease: lease.current(), cause: 'date' as const, file: null, projectors },
      announcer: dayAnnouncer(tenant, day),
    };
    const counts = await publishUnits(publishing, units, () => []);
    total.units += units.length;
    total.created += counts.created;
    total.changed += counts.changed;
    total.removed += counts.removed;
  }
}
