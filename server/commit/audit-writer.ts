import { chainHash, chainStart } from '../audit/chain.ts';
import type { AuditEntry } from '../audit/entry.ts';
import { assertWriter } from '../audit/event-id.ts';
import { auditBytes, auditEntry } from '../audit/row.ts';
import { present } from '../core/assert.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { AuditLog, AuditRow, Outbox, OutboxPosition } from '../store/port.ts';

/** Appends audit rows durably. One per tenant and process: nobody else may use the writer's name at the same time. */
export interface AuditWriter {
  /** Resolves when the row is durable. Rejects with what the log threw, or `unavailable` when too many rows wait. */
  write(entry: AuditEntry): Promise<void>;
  /** Writes what waits and refuses the rest. */
  close(): Promise<void>;
}

/** A group waits for company for some turns of the event loop, which are short while there is little to do. */
const turnsWaitedMax = 8;
const rowsWorthwhile = 48;

interface Unchained {
  readonly at: string;
  readonly bytes: string;
}

interface Head {
  readonly number: number;
  readonly hash: string;
}

/** Rows that become durable together; everybody who added one waits for the same promise. */
interface Group {
  readonly rows: Unchained[];
  readonly durable: Promise<void>;
  readonly settle: (failure?: unknown) => void;
}

/**
 * Rows that come in a few turns of the event loop, or while the last append runs, become one append: one fsync for all
 * of them keeps audited reads at 0.9 of unaudited ones, where a transaction each costs three quarters. A failure
 * rejects everybody who waits, also those not yet tried, and the log's head, unknown now, is read again.
 */
export function auditWriter(log: AuditLog, writer: string): AuditWriter {
  assertWriter(writer);
  let open: Group | undefined;
  let queued = 0;
  let head: Head | undefined;
  let closed = false;
  let running: Promise<void> | undefined;

  const append = async (group: Group) => {
    try {
      head ??= await readHead(log, writer);
      const rows = chain(writer, head, group.rows);
      await log.append(rows);
      head = rows.at(-1);
      queued -= rows.length;
      group.settle();
    } catch (failure) {
      head = undefined;
      queued = 0;
      group.settle(failure);
      open?.settle(failure);
      open = undefined;
    }
  };
  const run = async () => {
    await nextTurn();
    while (open !== undefined) {
      for (let turn = 0; turn < turnsWaitedMax && open.rows.length < rowsWorthwhile; turn += 1) await nextTurn();
      const group = open;
      open = undefined;
      await append(group);
    }
    running = undefined;
  };

  return {
    write(entry) {
      if (closed) return Promise.reject(new AppError('unavailable', 'the server is stopping'));
      if (queued >= limits.auditRowsQueuedMax)
        return Promise.reject(new AppError('unavailable', 'the audit log cannot keep up'));
      queued += 1;
      open ??= newGroup();
      open.rows.push({ at: entry.at, bytes: auditBytes(entry) });
      running ??= run();
      return open.durable;
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

/** The chain of rows that ingest batches left in a tenant's outbox; serving processes have chains of their own. */
const outboxWriter = 'outbox';
const rowsPerCarry = 500;

/**
 * Moves the audit rows of ingest batches from the outbox into the audit log, once each, and returns how many. Every
 * carried row tells its outbox position and all go into one chain, so that after a crash between append and forget the
 * chain's head says what was carried; of two processes that carry at once, one gets `conflict` from the log.
 */
export async function carryOutbox(outbox: Outbox, log: AuditLog): Promise<number> {
  let carried = 0;
  for (;;) {
    const waiting = await outbox.audits(rowsPerCarry);
    const newest = waiting.at(-1);
    if (newest === undefined) return carried;
    const last = await log.head(outboxWriter);
    const done = last === undefined ? undefined : auditEntry(last.bytes).carried;
    const rows = waiting
      .filter(({ position }) => done === undefined || after(position, done))
      .map(({ position, row }) => {
        const entry = auditEntry(row);
        return { at: entry.at, bytes: auditBytes({ ...entry, carried: position }) };
      });
    if (rows.length > 0) await log.append(chain(outboxWriter, last ?? start, rows));
    await outbox.auditsCarried(newest.position);
    carried += rows.length;
  }
}

function after(a: OutboxPosition, b: OutboxPosition): boolean {
  return a.sequence > b.sequence || (a.sequence === b.sequence && a.index > b.index);
}

const start: Head = { number: 0, hash: chainStart };

async function readHead(log: AuditLog, writer: string): Promise<Head> {
  return (await log.head(writer)) ?? start;
}

function chain(writer: string, head: Head, rows: readonly Unchained[]): AuditRow[] {
  let { number, hash } = head;
  return rows.map(({ at, bytes }) => {
    number += 1;
    hash = chainHash(hash, bytes);
    return { writer, number, at, bytes, hash };
  });
}

function newGroup(): Group {
  let resolve: (() => void) | undefined;
  let reject: ((failure: unknown) => void) | undefined;
  const durable = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever waits hears of it; a group that nobody awaits must not end the process.
  durable.catch(() => {});
  return {
    rows: [],
    durable,
    settle: (failure) => (failure === undefined ? present(resolve, 'resolve')() : present(reject, 'reject')(failure)),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
