import { publishUnits } from '../commit/publish.ts';
import { writeBatch } from '../commit/write-batch.ts';
import { assert, present } from '../core/assert.ts';
import { londonDate } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { HeldLease } from '../jobs/lease.ts';
import type { FileRow, Op, Stage, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { balances } from './ledger.ts';
import type { IngestParts } from './parts.ts';
import { walkChunk } from './walk.ts';

/** An ingest under way: one file of one tenant, under that tenant's lease. */
export interface Ingest {
  readonly parts: IngestParts;
  readonly tenant: Tenant;
  readonly store: TenantStore;
  readonly lease: HeldLease;
}

/** Diffs the staged records against the stored ones, chunk by chunk; each chunk is a batch with its checkpoint. */
export async function applyRecords(ingest: Ingest, started: FileRow, stage: Stage): Promise<FileRow> {
  const { parts, store, lease } = ingest;
  let file = started;
  while (!present(file.checkpoint, 'checkpoint of a file being applied').walked) {
    const after = file.checkpoint?.after ?? null;
    const groups = await stage.groups(after, limits.rowsPerChunkMax);
    const last = groups.at(-1);
    const chunk = await walkChunk(store, file.id, groups);
    const next: FileRow = {
      ...file,
      quarantined: file.quarantined + chunk.quarantined,
      unchanged: file.unchanged + chunk.unchanged,
      applied: file.applied + chunk.applied,
      checkpoint:
        last === undefined ? { after, walked: true } : { after: { rank: last.rank, id: last.key.id }, walked: false },
    };
    const build = (at: string): Op[] => [...chunk.ops(at), { op: 'file', tenant: store.tenant, file: next }];
    await writeBatch(store, parts.clock, build, lease.current());
    file = next;
    const done = file.quarantined + file.unchanged + file.applied;
    parts.progress?.({ file: file.name, phase: 'apply', done, total: file.rows - file.dropped });
  }
  assert(balances(file), `the ledger of file ${file.id} balances`);
  return file;
}

/** Projects every unit that is due for work, batch by batch, until none is left. */
export async function publishResources(ingest: Ingest, started: FileRow): Promise<FileRow> {
  const { parts, tenant, store, lease } = ingest;
  const today = londonDate(parts.clock.now());
  const projectors = parts.projectors(tenant, store, today);
  let file = started;
  for (let done = 0; ; ) {
    const work = await store.records.work(limits.unitsPerBatchMax);
    if (work.length === 0) return file;
    const units = work.map((row) => row.unit);
    const before = file;
    let next = file;
    const publishing = {
      store,
      clock: parts.clock,
      lease: lease.current(),
      software: parts.software,
      extract: parts.extract,
      cause: 'file' as const,
      file: file.id,
      projectors,
    };
    await publishUnits(publishing, units, (counts) => {
      const warnings = { ...before.warnings };
      for (const [rule, count] of Object.entries(counts.warnings)) warnings[rule] = (warnings[rule] ?? 0) + count;
      next = {
        ...before,
        created: before.created + counts.created,
        changed: before.changed + counts.changed,
        removed: before.removed + counts.removed,
        warnings,
      };
      return [
        { op: 'work-done', tenant: store.tenant, units },
        { op: 'file', tenant: store.tenant, file: next },
      ];
    });
    file = next;
    done += units.length;
    parts.progress?.({ file: file.name, phase: 'publish', done, total: null });
  }
}
