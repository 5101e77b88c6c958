import { setTimeout } from 'node:timers/promises';
import mongoose from 'mongoose';
import { limits } from '../../core/limits.ts';

const { MongoBulkWriteError, MongoError } = mongoose.mongo;

const lockTimeout = 24;

/**
 * `work`, again where it did nothing because it waited in vain for what a transaction holds, perhaps that of a process
 * that is dead; for as long as a server that is away is waited for. Not for what is part of a transaction, which is
 * repeated as a whole.
 */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + limits.databaseWaitMs; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!waitedInVain(error) || performance.now() > until) throw error;
    }
    await setTimeout(limits.journalRetryMs * Math.random());
  }
}

function waitedInVain(error: unknown): boolean {
  if (!(error instanceof MongoError)) return false;
  if (error instanceof MongoBulkWriteError) {
    const { insertedCount, matchedCount, deletedCount, upsertedCount } = error;
    if (insertedCount + matchedCount + deletedCount + upsertedCount > 0) return false;
  }
  return error.code === lockTimeout || error.hasErrorLabel('TransientTransactionError');
}
