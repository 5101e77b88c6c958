import { assert } from '../../core/assert.ts';
import type { TenantStore } from '../port.ts';
import { type BatchRow, batchRows, pagesOf, weightOf } from './batch-rows.ts';
import { type BatchPlaces, type BatchWriter, batchWriter } from './batch-writer.ts';
import type { Connection } from './connection.ts';
import { transact, type Writer } from './transact.ts';

/** After about so many pages of log it is moved into the file: see `Transactor`. */
const pagesPerCheckpoint = 32_000;

export interface Transactor {
  readonly transact: TenantStore['transact'];
  /** Ends the thread, where there is one, when what it was asked is done. The next batches begin anew. */
  close(): Promise<void>;
}

/**
 * Commits a tenant's batches: the first ones at once; when there are many, those with versions or records in a thread,
 * so that the caller can make the next batch meanwhile. The log of a file that somebody always reads never begins anew;
 * so now and then its content is moved while the caller waits for a batch and reads nothing.
 *
 * @param rowsMax versions and records written before the thread is started, whose start and second cache a small file
 *   does not pay for
 */
export function transactor(writer: Writer, rowsMax: number, places: () => BatchPlaces): Transactor {
  let thread: BatchWriter | undefined;
  let written = 0;
  let logged = 0;

  const inThread = async (rows: readonly BatchRow[], ...when: WhenArguments) => {
    // Whoever may not open the file may not start a thread that does.
    writer.data.open();
    thread ??= batchWriter(places());
    const mine = thread;
    // An older state that is still looked at would keep the log from beginning anew.
    writer.data.refresh();
    const batch = await mine.transact(rows, ...when);
    writer.data.refresh();
    logged += pagesOf(rows);
    if (logged >= pagesPerCheckpoint) {
      logged = 0;
      await mine.checkpoint();
    }
    return batch;
  };
  return {
    async transact(ops, at, lease) {
      for (const op of ops) assert(op.tenant === writer.tenant, 'every op of a batch names the tenant of its handle');
      const rows = batchRows(ops);
      const weight = weightOf(rows);
      if (weight > 0 && written >= rowsMax) return inThread(rows, at, lease);
      const batch = transact(writer, rows, at, lease);
      written += weight;
      return batch;
    },
    async close() {
      if (written > 0 && Number.isFinite(rowsMax)) moveLog(writer.data);
      const ending = thread;
      thread = undefined;
      written = 0;
      await ending?.close();
    },
  };
}

/** While somebody reads on, closing the connection alone leaves the log where it is, with all that it holds. */
function moveLog(data: Connection): void {
  try {
    data.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // It stays valid, and the next who commits moves it.
  }
}

type WhenArguments = [at: Parameters<TenantStore['transact']>[1], lease: Parameters<TenantStore['transact']>[2]];
