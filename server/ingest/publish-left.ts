import { publishUnits } from '../commit/publish.ts';
import { londonDate } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { TenantStore } from '../store/port.ts';
import type { Ingest } from './apply.ts';

/** Is anything due for work that no running ingest will publish? */
export async function hasWorkLeft(store: TenantStore): Promise<boolean> {
  return (await store.records.work(1)).length > 0;
}

/**
 * Publishes the units that released rows made due, batch by batch until none is left; a restart goes on. Counts of the
 * files that the rows came from stay as they were: they say what the file's own ingest did.
 */
export async function publishLeft({ parts, tenant, store, lease }: Ingest): Promise<void> {
  const projectors = parts.projectors(tenant, store, londonDate(parts.clock.now()));
  for (;;) {
    const work = await store.records.work(limits.unitsPerBatchMax);
    const file = work[0]?.file;
    if (file === undefined) return;
    const units = work.filter((row) => row.file === file).map((row) => row.unit);
    const publishing = { ...parts, store, lease: lease.current(), cause: 'file' as const, file, projectors };
    await publishUnits(publishing, units, () => [{ op: 'work-done', tenant: store.tenant, units }]);
  }
}
