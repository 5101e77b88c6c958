import { randomBytes } from 'node:crypto';
import mongoose, { type Connection } from 'mongoose';
import { present } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import { StoreError } from '../error.ts';
import type { Transaction } from './journal.ts';
import { patiently } from './patience.ts';

/** Connects to the database that the URI names. What is acknowledged has reached a majority's journal. */
export async function connect(uri: string): Promise<Connection> {
  const opening = mongoose.createConnection(uri, {
    appName: 'esr-fhir',
    ...{ autoIndex: false, autoCreate: false, bufferCommands: false, ignoreUndefined: true },
    serverSelectionTimeoutMS: limits.databaseWaitMs,
    readPreference: 'primary',
    writeConcern: { w: 'majority', journal: true },
  });
  try {
    return await opening.asPromise();
  } catch (error) {
    await opening.close().catch(() => {});
    // The driver's text may name hosts, never the password.
    throw new StoreError('unsupported', `MongoDB cannot be reached: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * How to run a transaction; undefined where the server has none. What a server says of itself is not trusted: one is
 * begun, written in and aborted, and must leave nothing. One that lost to another is no answer: it is tried again.
 */
export async function probeTransaction(connection: Connection): Promise<Transaction | undefined> {
  const works = await patiently(() => probe(connection)).catch(() => false);
  return works ? (work) => transact(connection, work) : undefined;
}

async function probe(connection: Connection): Promise<boolean> {
  const settings = present(connection.db, 'the open database').collection<{ _id: string }>('setting');
  const _id = `probe/${randomBytes(8).toString('hex')}`;
  const session = await connection.startSession();
  try {
    session.startTransaction(options);
    await settings.insertOne({ _id }, { session });
    await session.abortTransaction();
    return (await settings.findOne({ _id })) === null;
  } finally {
    await session.endSession();
    await settings.deleteOne({ _id });
  }
}

const options = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
} as const;

async function transact<T>(connection: Connection, work: Parameters<Transaction>[0]): Promise<T> {
  const session = await connection.startSession();
  try {
    return (await session.withTransaction(() => work(session), options)) as T;
  } finally {
    await session.endSession();
  }
}
