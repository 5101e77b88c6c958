import { writeBatch } from '../../commit/write-batch.ts';
import { AppError } from '../../core/error.ts';
import { limits } from '../../core/limits.ts';
import { keyText } from '../../record/record.ts';
import type { ExceptionRow, FileRow, Op, StagedGroup, StagedRow, TenantStore } from '../../store/port.ts';
import { underIngestLease } from '../ingest-lease.ts';
import { joinOf } from '../join.ts';
import { walkChunk } from '../walk.ts';
import { type Decision, decisionOp, type Stewardship } from './decision.ts';
import { feedOf } from './feed-of.ts';
import { type StillBad, stillBad } from './still-bad.ts';

/** What came of a release: the rows that are in now, or what is still wrong with them. */
export type ExceptionRelease =
  | { readonly released: true; readonly exceptions: readonly string[] }
  | { readonly released: false; readonly why: readonly StillBad[] };

/**
 * Judges a quarantined row anew, together with the other open rows that its file has of the same record: slices stand
 * or fall together (meaning.md, Slices), so that one of two contradicting rows is discarded first and the other then
 * released. Good rows are applied and, of a person, bring those that wait for them; resources follow when
 * `publishLeft` or the background publishes. Bad ones stay, with the reasons. Throws `not-found`, and `conflict` for
 * an exception that is not open or has no row.
 */
export function releaseException(stewardship: Stewardship, id: string, decision: Decision): Promise<ExceptionRelease> {
  const { parts, tenant, store } = stewardship;
  return underIngestLease(parts, { tenant, store }, limits.stewardWaitMs, async ({ lease }) => {
    const wanted = await openRow(store, id);
    const group = await together(store, wanted);
    const feed = feedOf(stewardship, await store.ledger.file(wanted.file));
    const others = await waiting(store, wanted);
    const groups = [group, ...others].map(({ staged }) => staged);
    const chunk = await walkChunk(store, wanted.file, groups, feed, await joinOf(store.records));
    const why = await stillBad(store, group.staged, feed);
    if (why.length > 0) return { released: false, why };
    const good = others.filter((_, at) => chunk.fates[at + 1]?.fate !== 'quarantined').flatMap(({ rows }) => rows);
    const recounted = await recount(store, [...group.rows, ...good]);
    const build = (at: string): Op[] => [
      ...chunk.ops(at),
      ...recounted.map((file): Op => ({ op: 'file', tenant: store.tenant, file })),
      ...group.rows.map((row) => closing(store.tenant, row, 'released', at)),
      decisionOp(store.tenant, 'exception-release', id, decision, at),
    ];
    await writeBatch(store, parts.clock, build, lease.current());
    return { released: true, exceptions: group.rows.map((row) => row.id) };
  });
}

/** Gives a quarantined row up: nothing of it will be applied. Throws as `releaseException` does. */
export function discardException(
  { parts, tenant, store }: Stewardship,
  id: string,
  decision: Decision,
): Promise<ExceptionRow> {
  return underIngestLease(parts, { tenant, store }, limits.stewardWaitMs, async ({ lease }) => {
    const row = await openRow(store, id);
    const build = (at: string): Op[] => [
      closing(store.tenant, row, 'discarded', at),
      decisionOp(store.tenant, 'exception-discard', id, decision, at),
    ];
    const { at } = await writeBatch(store, parts.clock, build, lease.current());
    return { ...row, state: 'discarded', closedAt: at };
  });
}

async function openRow(store: TenantStore, id: string): Promise<ExceptionRow> {
  const exception = await store.ledger.exception(id);
  if (exception === undefined) throw new AppError('not-found', `there is no exception ${id}`);
  if (exception.state !== 'open') throw new AppError('conflict', `the exception is ${exception.state} already`);
  if (exception.severity === 'warning' || exception.row === null) {
    throw new AppError('conflict', 'a warning ends by itself when its cause does: its row was applied');
  }
  return exception;
}

interface Together {
  readonly rows: readonly ExceptionRow[];
  readonly staged: StagedGroup;
}

async function together(store: TenantStore, { file, record }: ExceptionRow): Promise<Together> {
  const rows = await store.ledger.exceptions({ file, records: [record], state: 'open', severity: 'error' });
  return { rows, staged: groupOf(rows) };
}

function groupOf(exceptions: readonly ExceptionRow[]): StagedGroup {
  const rows = exceptions
    .map((one): StagedRow => ({ ...(JSON.parse(one.row ?? '') as StagedRow), from: `${one.id} ${one.file}` }))
    .sort((a, b) => ((a.start ?? '') < (b.start ?? '') ? -1 : (a.start ?? '') > (b.start ?? '') ? 1 : a.line - b.line));
  const [first] = rows;
  if (first === undefined) throw new AppError('conflict', 'the exception was closed a moment ago');
  return { key: first.key, rank: first.rank, rows };
}

/** Rows that wait for the person whose row is released, by record and file. */
async function waiting(store: TenantStore, { record }: ExceptionRow): Promise<readonly Together[]> {
  if (record.type !== 'person') return [];
  const rows = await store.ledger.exceptions({ waitingFor: [record], state: 'open', severity: 'error' });
  // Of a record that several files left waiting, the last one's rows count.
  const latest = new Map<string, { readonly file: string; readonly rows: ExceptionRow[] }>();
  for (const row of rows) {
    const known = latest.get(keyText(row.record));
    if (known?.file === row.file) known.rows.push(row);
    else if (known === undefined || since(known) <= row.since) {
      latest.set(keyText(row.record), { file: row.file, rows: [row] });
    }
  }
  const groups = [...latest.values()].map((one) => ({ rows: one.rows, staged: groupOf(one.rows) }));
  return groups.sort((a, b) => a.staged.rank - b.staged.rank);
}

/** The ledger rows of the files that these rows came in: they are applied now, and quarantined no more. */
async function recount(store: TenantStore, released: readonly ExceptionRow[]): Promise<readonly FileRow[]> {
  const ids = new Set(released.map(({ id }) => id));
  const files: FileRow[] = [];
  for (const file of new Set(released.map((row) => row.file))) {
    const open = await store.ledger.exceptions({ file, state: 'open', severity: 'error' });
    // A line that feeds several records is in once none of them is bad any more.
    const bad = new Set(open.filter(({ id }) => !ids.has(id)).map(({ line }) => line));
    const lines = new Set(released.filter((row) => row.file === file && !bad.has(row.line)).map(({ line }) => line));
    const row = await store.ledger.file(file);
    if (row === undefined || lines.size === 0) continue;
    const moved = Math.min(lines.size, row.quarantined);
    files.push({ ...row, quarantined: row.quarantined - moved, applied: row.applied + moved });
  }
  return files;
}

function since({ rows }: { readonly rows: readonly ExceptionRow[] }): string {
  return rows[0]?.since ?? '';
}

function closing(tenant: string, row: ExceptionRow, state: 'released' | 'discarded', at: string): Op {
  return { op: 'exception', tenant, exception: { ...row, state, closedAt: at } };
}
