import { writeBatch } from '../commit/write-batch.ts';
import { assert, present } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { HeldLease } from '../jobs/lease.ts';
import { keyText } from '../record/record.ts';
import type { FileRow, Op, Stage, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { exceptionEvents } from './file-events.ts';
import { type Join, joinOf } from './join.ts';
import { balances } from './ledger.ts';
import type { LineFates } from './line-fates.ts';
import type { IngestParts } from './parts.ts';
import type { Feed } from './statements.ts';
import { type WalkedChunk, walkChunk } from './walk.ts';

/** An ingest under way: one file of one tenant, under that tenant's lease. */
export interface Ingest {
  readonly parts: IngestParts;
  readonly tenant: Tenant;
  readonly store: TenantStore;
  readonly lease: HeldLease;
}

/**
 * Diffs the staged records against the stored ones, chunk by chunk; each chunk is a batch with its checkpoint.
 *
 * @param lines of a file whose rows feed several records: it counts the rows in place of the records
 */
export async function applyRecords(
  ingest: Ingest,
  started: FileRow,
  stage: Stage,
  feed: Feed,
  lines: LineFates | null,
): Promise<FileRow> {
  const { parts, store, lease } = ingest;
  let join: Join | null | undefined;
  const mine = lines === null ? new Set<string>() : await statedBy(store, started);
  let file = lines === null ? started : fromTheStart(started);
  while (!present(file.checkpoint, 'checkpoint of a file being applied').walked) {
    const after = file.checkpoint?.after ?? null;
    const groups = await stage.groups(after, limits.rowsPerChunkMax);
    const last = groups.at(-1);
    if (last !== undefined && join === undefined) join = await joinOf(store.records);
    const chunk = await walkChunk(store, file.id, groups, feed, join ?? null);
    for (const { group, fate } of lines === null ? [] : chunk.fates) {
      const settled = fate === 'unchanged' && mine.has(keyText(group.key)) ? 'applied' : fate;
      for (const row of group.rows) lines?.settle(row, settled);
    }
    const next: FileRow = {
      ...file,
      ...(last === undefined && lines !== null ? lines.counts() : {}),
      ...(lines === null ? added(file, chunk) : {}),
      checkpoint:
        last === undefined ? { after, walked: true } : { after: { rank: last.rank, id: last.key.id }, walked: false },
    };
    const build = (at: string): Op[] => {
      const ops = chunk.ops(at);
      const raised = exceptionEvents(store.tenant, next, ops, at);
      return [...ops, { op: 'file', tenant: store.tenant, file: next }, ...raised];
    };
    await writeBatch(store, parts.clock, build, lease.current());
    file = next;
    const done = file.quarantined + file.unchanged + file.applied;
    parts.progress?.({ file: file.name, phase: 'apply', done, total: file.rows - file.dropped });
  }
  assert(balances(file), `the ledger of file ${file.id} balances`);
  return file;
}

function added(file: FileRow, chunk: WalkedChunk): Pick<FileRow, 'quarantined' | 'unchanged' | 'applied'> {
  return {
    quarantined: file.quarantined + chunk.quarantined,
    unchanged: file.unchanged + chunk.unchanged,
    applied: file.applied + chunk.applied,
  };
}

/** What became of rows that feed several records is known in memory alone: after a crash the walk begins again. */
function fromTheStart(file: FileRow): FileRow {
  return file.checkpoint?.walked === true ? file : { ...file, checkpoint: { after: null, walked: false } };
}

/** Records that the file has stated already: before a crash, where there was one. */
async function statedBy(store: TenantStore, file: FileRow): Promise<ReadonlySet<string>> {
  if (file.checkpoint?.after === null) return new Set();
  return new Set((await store.records.byFile(file.id)).map(keyText));
}
