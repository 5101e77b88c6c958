import type { Worker } from 'node:worker_threads';
import { startThread } from '../../core/thread.ts';
import type { IndexSchema } from '../../search/query.ts';
import { StoreError, type StoreErrorCode } from '../error.ts';
import type { Batch, Lease } from '../port.ts';
import { type BatchRow, type PackedRows, packedRows } from './batch-rows.ts';

/** The files that a thread opens for itself: a tenant's data, and the system's, where the lease is looked up. */
export interface BatchPlaces {
  readonly tenant: string;
  readonly schema: IndexSchema;
  readonly data: { readonly path: string; readonly key: Uint8Array };
  readonly system: { readonly path: string; readonly key: Uint8Array };
}

/** What the thread is asked to do; it answers every call, in order. */
export type BatchCall =
  | { readonly do: 'open'; readonly places: BatchPlaces }
  | { readonly do: 'transact'; readonly rows: PackedRows; readonly at: string; readonly lease: Lease | undefined }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'close' };

export type BatchReply =
  | { readonly batch: Batch | null }
  | { readonly failure: { readonly message: string; readonly code: StoreErrorCode | null } };

/** Commits a tenant's batches in a thread of its own. */
export interface BatchWriter {
  transact(rows: readonly BatchRow[], at: string, lease: Lease | undefined): Promise<Batch>;
  /** Moves the log into the file, so that it begins anew: possible while nobody reads an older state. */
  checkpoint(): Promise<void>;
  close(): Promise<void>;
}

/** A batch and what parsing it leaves behind. */
const memory = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 } as const;

interface Waiting {
  readonly resolve: (batch: Batch | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts the thread. Writing a batch's rows and encrypting its pages takes as long as projecting the next one
 * (measured): whoever does not wait for the one before he has made the other has both at once. A thread that dies fails
 * what waits for it and everything after.
 */
export function batchWriter(places: BatchPlaces): BatchWriter {
  const waiting: Waiting[] = [];
  let ended: Error | undefined;
  const thread: Worker = startThread('write-thread', import.meta.url, memory);
  thread.on('message', (reply: BatchReply) => {
    const next = waiting.shift();
    if ('batch' in reply) next?.resolve(reply.batch);
    else next?.reject(errorOf(reply.failure));
  });
  const gone = (why: string) => {
    ended ??= new Error(`the write thread ended: ${why}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  thread.on('error', (error) => gone(error.message));
  thread.on('exit', (code) => gone(`exit ${code}`));
  const ask = (call: BatchCall): Promise<Batch | null> => {
    if (ended !== undefined) return Promise.reject(ended);
    thread.postMessage(call);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };
  // What the opening fails with, the first batch fails with as well.
  ask({ do: 'open', places }).catch(() => {});

  return {
    async transact(rows, at, lease) {
      const batch = await ask({ do: 'transact', rows: packedRows(rows), at, lease });
      if (batch === null) throw new Error('the write thread gave no batch');
      return batch;
    },
    async checkpoint() {
      await ask({ do: 'checkpoint' });
    },
    async close() {
      if (ended === undefined) await ask({ do: 'close' });
      await thread.terminate();
    },
  };
}

function errorOf({ code, message }: { readonly message: string; readonly code: StoreErrorCode | null }): Error {
  return code === null ? new Error(message) : new StoreError(code, message);
}
