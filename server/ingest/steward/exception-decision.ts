import { writeBatch } from '../../commit/write-batch.ts';
import { AppError } from '../../core/error.ts';
import { limits } from '../../core/limits.ts';
import { keyText } from '../../record/record.ts';
import type { ExceptionRow, Op, StagedGroup, TenantStore } from '../../store/port.ts';
import { underIngestLease } from '../ingest-lease.ts';
import { joinOf } from '../join.ts';
import { recount } from '../recount.ts';
import { latest } from '../release-waiting.ts';
import { cameFrom, releasedRow } from '../released-row.ts';
import { go2Feed } from '../statements.ts';
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
    // Rows that wait for a person are always the GO2 feed's.
    const wordOf = (one: StagedGroup) => (cameFrom(one)?.file === wanted.file ? feed : go2Feed);
    const { rules = [] } = tenant;
    const join = await joinOf(store.records);
    const chunk = await walkChunk(store, wanted.file, groups, { feedOf: wordOf, rules, join });
    const why = await stillBad(store, group.staged, feed, rules);
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
    .map(releasedRow)
    .sort((a, b) => ((a.start ?? '') < (b.start ?? '') ? -1 : (a.start ?? '') > (b.start ?? '') ? 1 : a.line - b.line));
  const [first] = rows;
  if (first === undefined) throw new AppError('conflict', 'the exception was closed a moment ago');
  return { key: first.key, rank: first.rank, rows };
}

/** Rows that wait for the person whose row is released, by record and file. */
async function waiting(store: TenantStore, { record }: ExceptionRow): Promise<readonly Together[]> {
  if (record.type !== 'person') return [];
  const rows = await store.ledger.exceptions({ waitingFor: [record], state: 'open', severity: 'error' });
  const byRecord = new Map<string, ExceptionRow[]>();
  for (const row of await latest(store, rows)) {
    byRecord.set(keyText(row.record), [...(byRecord.get(keyText(row.record)) ?? []), row]);
  }
  const groups = [...byRecord.values()].map((some) => ({ rows: some, staged: groupOf(some) }));
  return groups.sort((a, b) => a.staged.rank - b.staged.rank);
}

function closing(tenant: string, row: ExceptionRow, state: 'released' | 'discarded', at: string): Op {
  return { op: 'exception', tenant, exception: { ...row, state, closedAt: at } };
}
