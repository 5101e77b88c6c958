import { randomBytes } from 'node:crypto';
import mongoose from 'mongoose';
import { keyRing } from '../../server/keys/key-ring.ts';
import { openMongo } from '../../server/store/mongo/open.ts';
import type { IsolationModel } from '../../server/tenancy/tenant.ts';
import { type StorePlace, suiteDisclosures, type Unproved } from './store-fixture.ts';

const setting = process.env['ESR_FHIR_STORE'];

/** The server that `ESR_FHIR_STORE` names: every test that a store takes part in runs on it. Undefined: embedded. */
export const mongoUnderTest = setting?.startsWith('mongodb') ? setting : undefined;

/** The server that the adapter's own suites run on; undefined: none. Its path, if any, is replaced. */
export const mongoUri = process.env['MONGODB_URI'] ?? mongoUnderTest;

/** `base` with another database. */
export function uriOf(base: string, database: string): string {
  const [, head = base, query = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(base) ?? [];
  return `${head}/${database}${query}`;
}

/** A database that nothing else uses. */
export function freshDatabase(): string {
  return `t${randomBytes(4).toString('hex')}`;
}

/** A fresh place on the server: databases of its own, dropped when it is cleared. */
export async function mongoPlace(base: string, isolation: IsolationModel, transactions = true): Promise<StorePlace> {
  const database = freshDatabase();
  const uri = uriOf(base, database);
  const keys = keyRing(randomBytes(32));
  return {
    isolation,
    unproved: await unprovedBy(base),
    open: () => openMongo({ uri, keys, disclosures: suiteDisclosures, transactions }),
    clear: () => dropDatabases(base, database),
  };
}

/** Asks the server, once. */
export function unprovedBy(base: string): Promise<readonly Unproved[]> {
  const known = unproved.get(base) ?? sortsByUnit(base).then((byUnit) => (byUnit ? ['code-point-order' as const] : []));
  unproved.set(base, known);
  return known;
}

const unproved = new Map<string, Promise<readonly Unproved[]>>();

async function sortsByUnit(base: string): Promise<boolean> {
  const client = await mongoose.mongo.MongoClient.connect(uriOf(base, freshDatabase()));
  try {
    const texts = client.db().collection<{ _id: string }>('text');
    await texts.insertMany([{ _id: '\u{1f600}' }, { _id: '\ufffd' }]);
    const [first] = await texts.find().sort({ _id: 1 }).toArray();
    return first?._id !== '\ufffd';
  } finally {
    await client.db().dropDatabase();
    await client.close();
  }
}

/** Drops the database and those of its tenants. */
export async function dropDatabases(base: string, database: string): Promise<void> {
  const client = await mongoose.mongo.MongoClient.connect(uriOf(base, 'admin'));
  try {
    const { databases } = await afterTransactions(() => client.db('admin').admin().listDatabases({ nameOnly: true }));
    const own = databases
      .map(({ name }) => name)
      .filter((name) => name === database || name.startsWith(`${database}-`));
    for (const name of own) await afterTransactions(() => client.db(name).dropDatabase());
  } finally {
    await client.close();
  }
}

/** `work`, again while the server says that a process that was killed still has a transaction open. */
async function afterTransactions<T>(work: () => Promise<T>): Promise<T> {
  const lockTimeout = 24;
  for (const until = Date.now() + 60_000; ; ) {
    try {
      return await work();
    } catch (error) {
      const blocked = error instanceof mongoose.mongo.MongoServerError && error.code === lockTimeout;
      if (!blocked || Date.now() > until) throw error;
    }
  }
}
