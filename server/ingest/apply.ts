import { writeBatch } from '../commit/write-batch.ts';
import { assert, present } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { HeldLease } from '../jobs/lease.ts';
import { keyText } from '../record/record.ts';
import type { FileRow, Op, Stage, StagedGroup, StagedRow, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { exceptionEvents } from './file-events.ts';
import { type Join, joinOf } from './join.ts';
import { balances } from './ledger.ts';
import type { LineFates } from './line-fates.ts';
import type { IngestParts } from './parts.ts';
import { type ReleasedRow, recount } from './recount.ts';
import { feedsBeside, originOf } from './released-row.ts';
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
 * Diffs the staged records against the stored ones, chunk by chunk; each chunk is a batch with its checkpoint. While a
 * batch is written the next chunk is diffed, where nothing of it hangs on that batch.
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
  const { rules = [] } = ingest.tenant;
  const feedOf = feedsBeside(feed);
  let join: Join | null | undefined;
  const mine = lines === null ? new Set<string>() : await statedBy(store, started);
  let file = lines === null ? started : fromTheStart(started);
  let underWay: readonly StagedGroup[] = [];
  let written: Promise<unknown> = Promise.resolve();
  try {
    while (!present(file.checkpoint, 'checkpoint of a file being applied').walked) {
      const after = file.checkpoint?.after ?? null;
      const groups = await stage.groups(after, limits.walkedRowsPerBatchMax);
      const last = groups.at(-1);
      if (last !== undefined && join === undefined) join = await joinOf(store.records);
      if (join !== null || !standApart(underWay, groups)) await written;
      const chunk = await walkChunk(store, file.id, groups, { feedOf, rules, join: join ?? null });
      for (const { group, fate } of lines === null ? [] : chunk.fates) {
        const settled = fate === 'unchanged' && mine.has(keyText(group.key)) ? 'applied' : fate;
        for (const row of group.rows) if (row.from === null) lines?.settle(row, settled);
      }
      const recounted = await recount(store, releasedOf(chunk));
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
        const files = [...recounted, next].map((one): Op => ({ op: 'file', tenant: store.tenant, file: one }));
        return [...ops, ...files, ...raised];
      };
      await written;
      written = writeBatch(store, parts.clock, build, lease.current());
      // Awaited before the next one is written: until then its failure is nobody's.
      written.catch(() => {});
      underWay = groups;
      file = next;
      const done = file.quarantined + file.unchanged + file.applied;
      parts.progress?.({ file: file.name, phase: 'apply', done, total: file.rows - file.dropped });
    }
  } finally {
    // Where diffing failed, the batch under way ends first: nobody writes on when the lease is given back.
    await written;
  }
  assert(balances(file), `the ledger of file ${file.id} balances`);
  return file;
}

/** Rows of earlier files that rode along and are in now. */
function releasedOf({ fates }: WalkedChunk): readonly ReleasedRow[] {
  return fates
    .filter(({ fate }) => fate !== 'quarantined')
    .flatMap(({ group }) => group.rows)
    .flatMap((row) => {
      const origin = originOf(row);
      return origin === undefined ? [] : [{ id: origin.exception, file: origin.file, line: row.line }];
    });
}

/**
 * May `groups` be diffed before the batch of `underWay` is in the store? Records of one type look at those of other
 * types alone, and a record's batch makes everything due itself that hangs on it. A delete may look further, and rows
 * that ride along are counted in the ledger.
 */
function standApart(underWay: readonly StagedGroup[], groups: readonly StagedGroup[]): boolean {
  const types = new Set([...underWay, ...groups].map(({ key }) => key.type));
  const names = new Set(underWay.map(({ key }) => keyText(key)));
  const plain = (row: StagedRow) => row.from === null && row.action !== 'delete';
  return types.size <= 1 && groups.every(({ key, rows }) => !names.has(keyText(key)) && rows.every(plain));
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
