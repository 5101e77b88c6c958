import type { SearchParameters } from '../../search/parameters.ts';
import type { IndexSchema } from '../../search/query.ts';
import type { Batch, Lease } from '../port.ts';
import { type BatchRow, type PackedRows, packedRows } from './batch-rows.ts';
import { threadCalls } from './thread-calls.ts';

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
  | { readonly do: 'parameters'; readonly parameters: SearchParameters }
  | { readonly do: 'transact'; readonly rows: PackedRows; readonly at: string; readonly lease: Lease | undefined }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'close' };

/** Commits a tenant's batches in a thread of its own. */
export interface BatchWriter {
  transact(rows: readonly BatchRow[], at: string, lease: Lease | undefined): Promise<Batch>;
  /** Moves the log into the file, so that it begins anew: possible while nobody reads an older state. */
  checkpoint(): Promise<void>;
  close(): Promise<void>;
}

/** A batch and what parsing it leaves behind. */
const memory = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 } as const;

/**
 * Starts the thread. Writing a batch's rows and encrypting its pages takes as long as projecting the next one
 * (measured): whoever does not wait for the one before he has made the other has both at once. A thread that dies fails
 * what waits for it and everything after.
 */
export function batchWriter(places: BatchPlaces): BatchWriter {
  const { ask, ended, terminate } = threadCalls<BatchCall, Batch | null>(
    'write thread',
    'write-thread',
    import.meta.url,
    memory,
  );
  // What the opening fails with, the first batch fails with as well.
  ask({ do: 'open', places }).catch(() => {});

  /** In the order in which the thread was told them: it compiles them once. */
  const told: SearchParameters[] = [];
  const numberOf = (parameters: SearchParameters): number => {
    const known = told.indexOf(parameters);
    if (known !== -1) return known;
    ask({ do: 'parameters', parameters }).catch(() => {});
    return told.push(parameters) - 1;
  };

  return {
    async transact(rows, at, lease) {
      const batch = await ask({ do: 'transact', rows: packedRows(rows, numberOf), at, lease });
      if (batch === null) throw new Error('the write thread gave no batch');
      return batch;
    },
    async checkpoint() {
      await ask({ do: 'checkpoint' });
    },
    async close() {
      if (ended() === undefined) await ask({ do: 'close' });
      await terminate();
    },
  };
}
