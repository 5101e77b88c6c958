import mongoose from 'mongoose';

/**
 * What the tenants of one MongoDB store weigh: `node --import tsx scripts/bench/mongo-size.ts mongodb://…/name`.
 * Documents, BSON bytes and bytes of index keys per collection, counted here and not asked of the server, so that any
 * server gives the same figures: before compression, without page overhead (decision 0009). Reads everything.
 */
const { calculateObjectSize } = mongoose.mongo.BSON;

interface Weight {
  documents: number;
  bytes: number;
  indexEntries: number;
  indexBytes: number;
}

/** Bytes of one index entry besides its text: type marks and record id, as WiredTiger's KeyString has them. */
const entryOverheadBytes = 12;

const uri = process.argv[2] ?? process.env['MONGODB_URI'] ?? '';
const client = await mongoose.mongo.MongoClient.connect(uri);
const system = client.db().databaseName;
const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
const tenants = databases.map(({ name }) => name).filter((name) => name.startsWith(`${system}-`));
for (const database of tenants) {
  const weights: Record<string, Weight> = {};
  for (const { name } of await client.db(database).listCollections().toArray())
    weights[name] = await weigh(database, name);
  const total = Object.values(weights).reduce(add, zero());
  process.stdout.write(`${JSON.stringify({ database, total, collections: weights })}\n`);
}
await client.close();

async function weigh(database: string, name: string): Promise<Weight> {
  const collection = client.db(database).collection(name);
  const indexes = (await collection.listIndexes().toArray()).map(({ key }) => Object.keys(key as object));
  const weight = zero();
  for await (const document of collection.find()) {
    weight.documents += 1;
    weight.bytes += calculateObjectSize(document);
    for (const fields of indexes) {
      for (const entry of entriesOf(document, fields)) {
        weight.indexEntries += 1;
        weight.indexBytes += entry + entryOverheadBytes;
      }
    }
  }
  return weight;
}

/** Bytes of each entry that a document has in an index: one per element of the array that the index is over. */
function entriesOf(document: object, fields: readonly string[]): readonly number[] {
  let entries = [0];
  const arrays = new Set<string>();
  for (const field of fields) {
    const [first = '', second] = field.split('.');
    const value = (document as Readonly<Record<string, unknown>>)[first];
    const values = Array.isArray(value) && value.length > 0 ? value : [value];
    const sizes = values.map((one) => sizeOf(second === undefined ? one : (one as Record<string, unknown>)?.[second]));
    if (sizes.length > 1 && !arrays.has(first)) entries = sizes.map((size) => size + (entries[0] ?? 0));
    else entries = entries.map((size, place) => size + (sizes[place] ?? sizes[0] ?? 0));
    if (sizes.length > 1) arrays.add(first);
  }
  return entries;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  return value === undefined || value === null ? 1 : 9;
}

function zero(): Weight {
  return { documents: 0, bytes: 0, indexEntries: 0, indexBytes: 0 };
}

function add(a: Weight, b: Weight): Weight {
  return {
    documents: a.documents + b.documents,
    bytes: a.bytes + b.bytes,
    indexEntries: a.indexEntries + b.indexEntries,
    indexBytes: a.indexBytes + b.indexBytes,
  };
}
