import { chainHash, chainStart } from '../audit/chain.ts';
import { checkpointEntry, checkpointText, checkpointWriter } from '../audit/checkpoint.ts';
import type { WriterHead } from '../audit/entry.ts';
import { auditBytes, auditEntry } from '../audit/row.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import type { CheckpointKey } from '../keys/checkpoint-key.ts';
import { StoreError } from '../store/error.ts';
import type { AuditLog, AuditRow, DocumentStore } from '../store/port.ts';
import { type NotedHeads, notedHeads } from './noted-head.ts';

export interface CheckpointParts {
  readonly log: AuditLog;
  /** Null: the system's log. */
  readonly tenant: string | null;
  readonly key: CheckpointKey;
  /** Of the system store: where the last head is noted, away from the log. */
  readonly documents: DocumentStore;
  /** Takes a checkpoint out of the reach of whoever holds the data folder. */
  readonly anchor: (tenant: string | null, previous: string, row: AuditRow) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Signs where the chains of one log stand (decision 0010). */
export interface Checkpoints {
  /** Rows became durable; the thousandth since the last checkpoint makes one. */
  appended(rows: number): void;
  /** Makes a checkpoint where one is due by time, and notes the last head. Never rejects. */
  look(): Promise<void>;
  /** A last checkpoint over everything. Never rejects. */
  close(): Promise<void>;
}

interface State {
  /** Rows that no checkpoint names, and since when (epoch ms). */
  pending: number;
  since: number;
  /** Was the log compared with the last checkpoint and the noted head of earlier processes? */
  begun: boolean;
  /** The newest checkpoint that is not noted yet. */
  unnoted: AuditRow | undefined;
}

export function checkpoints(parts: CheckpointParts): Checkpoints {
  const { clock, logger, tenant } = parts;
  const noted = notedHeads(parts.documents, tenant);
  const state: State = { pending: 0, since: 0, begun: false, unnoted: undefined };
  let last: Promise<void> = Promise.resolve();
  // One after the other; a failure is logged and tried again at the next look.
  const serially = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work).catch((error: Error) => {
      // Another server of the same store signed at this very moment: its checkpoint names our rows, the next look sees.
      if (error instanceof StoreError && error.code === 'conflict') return;
      logger.error('an audit checkpoint failed', { tenant, error: error.message });
    });
    return last;
  };
  const now = () => clock.now().getTime();
  const make = async () => {
    if (!state.begun) await begin(parts, noted, state, now());
    if (state.pending === 0) return;
    const covered = state.pending;
    state.unnoted = await append(parts);
    state.pending -= covered;
    state.since = now();
  };
  const note = async () => {
    const row = state.unnoted;
    if (row === undefined) return;
    await noted.put(row);
    state.unnoted = undefined;
  };
  return {
    appended(rows) {
      if (state.pending === 0) state.since = now();
      const before = state.pending;
      state.pending += rows;
      if (before < limits.checkpointRowsMax && state.pending >= limits.checkpointRowsMax) void serially(make);
    },
    look: () =>
      serially(async () => {
        if (!state.begun) await begin(parts, noted, state, now());
        const due = state.pending >= limits.checkpointRowsMax || now() - state.since >= limits.checkpointMs;
        if (state.pending > 0 && due) await make();
        await note();
      }),
    close: () =>
      serially(async () => {
        await make();
        await note();
      }),
  };
}

/**
 * The first look of a process: rows that a killed process left without a checkpoint count as pending, and a log that
 * does not hold the head that was noted is a break, which is kept before a newer head takes the place of that one.
 */
async function begin(parts: CheckpointParts, noted: NotedHeads, state: State, now: number): Promise<void> {
  const { log, logger, tenant, clock } = parts;
  const lost = await noted.lost(log);
  if (lost !== undefined) {
    logger.error('the audit log is not the one that was noted: an older one was put back', { tenant });
    await noted.keepLost(lost, clock.now());
  }
  const newest = await log.head(checkpointWriter);
  const signed = newest === undefined ? [] : (auditEntry(newest.bytes).checkpoint?.heads ?? []);
  const uncovered = (await writerHeads(log)).reduce((sum, { writer, number }) => {
    return sum + Math.max(0, number - (signed.find((head) => head.writer === writer)?.number ?? 0));
  }, 0);
  // What this process appended itself meanwhile is among them.
  if (uncovered > state.pending) Object.assign(state, { pending: uncovered, since: Math.min(state.since, now) });
  state.begun = true;
}

/** Signs and appends; the row is durable when this resolves. */
async function append({ log, tenant, key, anchor, clock, logger }: CheckpointParts): Promise<AuditRow> {
  const before = await log.head(checkpointWriter);
  const number = (before?.number ?? 0) + 1;
  const previous = before?.hash ?? chainStart;
  const at = clock.now().toISOString();
  const statement = { tenant, number, previous, at, heads: await writerHeads(log) };
  const bytes = auditBytes(checkpointEntry(statement, key.id, key.sign(checkpointText(statement))));
  const row = { writer: checkpointWriter, number, at, bytes, hash: chainHash(previous, bytes) };
  await log.append([row]);
  // The anchor is one witness more: where it fails, the log goes on, and the next line vouches for this one too.
  await anchor(tenant, previous, row).catch((error: Error) => {
    logger.error('the audit anchor cannot be written', { tenant, error: error.message });
  });
  return row;
}

async function writerHeads(log: AuditLog): Promise<readonly WriterHead[]> {
  const heads: WriterHead[] = [];
  for (const writer of await log.writers()) {
    const head = writer === checkpointWriter ? undefined : await log.head(writer);
    if (head !== undefined) heads.push({ writer, number: head.number, hash: head.hash });
  }
  return heads;
}
