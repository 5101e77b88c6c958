import { publishUnits } from '../commit/publish.ts';
import { londonDate } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { TenantStore } from '../store/port.ts';
import { fileAnnouncer } from './announcer.ts';
import type { Ingest } from './apply.ts';
import { noFile } from './republish.ts';

/** Is anything due for work that no running ingest will publish? */
export async function hasWorkLeft(store: TenantStore): Promise<boolean> {
  return (await store.records.work(1)).length > 0;
}

/**
 * Publishes the units that released rows made due, batch by batch until none is left; a restart goes on. Counts of the
 * files that the rows came from stay as they were: they say what the file's own ingest did.
 */
export async function publishLeft({ parts, tenant, store, lease }: Ingest): Promise<void> {
  const today = londonDate(parts.clock.now());
  const projectors = parts.projectors(tenant, store, today);
  for (;;) {
    const work = await store.records.work(limits.unitsPerBatchMax);
    const file = work[0]?.file;
    if (file === undefined) return;
    const units = work.filter((row) => row.file === file).map((row) => row.unit);
    const files = await store.ledger.files();
    const from = files.find(({ id }) => id === file);
    // What no file made due is made anew for another reason: that raises no events (meaning.md, Events).
    const told = from === undefined ? {} : { announcer: fileAnnouncer(tenant, from, files, today) };
    const why = file === noFile ? ({ cause: 'settings', file: null } as const) : ({ cause: 'file', file } as const);
    const publishing = { ...parts, store, lease: lease.current(), ...why, projectors, ...told };
    await publishUnits(publishing, units, () => [{ op: 'work-done', tenant: store.tenant, units }]);
  }
}
