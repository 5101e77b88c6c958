import { assert } from '../../core/assert.ts';
import type { TenantStore } from '../port.ts';
import { type BatchRow, batchRows } from './batch-rows.ts';
import { type BatchPlaces, type BatchWriter, batchWriter } from './batch-writer.ts';
import { transact, type Writer } from './transact.ts';

/** After so many versions the log is moved into the file (some 60 MB): see `Transactor`. */
const versionsPerCheckpoint = 8_000;

export interface Transactor {
  readonly transact: TenantStore['transact'];
  /** Ends the thread, where there is one, when what it was asked is done. The next batches begin anew. */
  close(): Promise<void>;
}

/**
 * Commits a tenant's batches: the first ones at once; when there are many, those with versions in a thread, so that the
 * caller can make the next batch meanwhile. The log of a file that somebody always reads never begins anew; so now and
 * then its content is moved while the caller waits for a batch and reads nothing.
 *
 * @param versionsMax written before the thread is started, whose start and second cache a small file does not pay for
 */
export function transactor(writer: Writer, versionsMax: number, places: () => BatchPlaces): Transactor {
  let thread: BatchWriter | undefined;
  let written = 0;
  let logged = 0;

  const inThread = async (rows: readonly BatchRow[], versions: number, ...when: WhenArguments) => {
    // Whoever may not open the file may not start a thread that does.
    writer.data.open();
    thread ??= batchWriter(places());
    const mine = thread;
    // An older state that is still looked at would keep the log from beginning anew.
    writer.data.refresh();
    const batch = await mine.transact(rows, ...when);
    writer.data.refresh();
    logged += versions;
    if (logged >= versionsPerCheckpoint) {
      logged = 0;
      await mine.checkpoint();
    }
    return batch;
  };
  return {
    async transact(ops, at, lease) {
      for (const op of ops) assert(op.tenant === writer.tenant, 'every op of a batch names the tenant of its handle');
      const rows = batchRows(ops);
      const versions = rows.reduce((sum, { op }) => (op === 'version' ? sum + 1 : sum), 0);
      if (versions > 0 && written >= versionsMax) return inThread(rows, versions, at, lease);
      const batch = transact(writer, rows, at, lease);
      written += versions;
      return batch;
    },
    async close() {
      const ending = thread;
      thread = undefined;
      written = 0;
      await ending?.close();
    },
  };
}

type WhenArguments = [at: Parameters<TenantStore['transact']>[1], lease: Parameters<TenantStore['transact']>[2]];
