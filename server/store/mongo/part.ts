import type { ClientSession } from 'mongoose';
import { patiently } from './patience.ts';
import { type CollectionName, type Documents, modelOf, type Scope } from './schema.ts';

/** Condition on a document; always read together with the scope's own. */
export type Filter = Readonly<Record<string, unknown>>;

/** What may follow the scope's own `$match` in an aggregation; no stage among them reads another collection. */
export type Stage =
  | { readonly $match: Filter }
  | { readonly $project: Filter }
  | { readonly $unwind: string }
  | { readonly $group: Filter }
  | { readonly $sort: Readonly<Record<string, 1 | -1>> }
  | { readonly $limit: number };

export interface Reading {
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly limit?: number;
  /** Fields to bring besides `_id`. */
  readonly fields?: readonly string[];
}

export interface Write {
  readonly key: string;
  readonly set: Filter;
  /** Only where the document is new. */
  readonly first?: Filter;
  /** Only where the document is there; its other fields stay. Names a field that it then has. */
  readonly where?: string;
}

/**
 * One collection as one tenant sees it. Every filter, key and new document gets the tenant here and nowhere else: a
 * caller cannot say a query without it. `_id`s go in and come out as keys of the tenant's own.
 */
export interface Part<Document> {
  /** The `_id` of a key. */
  id(key: string): string;
  /** The key of an `_id`. */
  key(id: string): string;
  find(filter: Filter, reading?: Reading): Promise<Document[]>;
  findOne(filter: Filter, reading?: Reading): Promise<Document | undefined>;
  count(filter: Filter): Promise<number>;
  aggregate<Row>(filter: Filter, stages: readonly Stage[]): Promise<Row[]>;
  /** False where the key was taken: of many who insert a key, one wins. */
  insertNew(key: string, document: Filter): Promise<boolean>;
  /** Inserts what is not there yet. */
  insertMissing(writes: readonly Write[]): Promise<void>;
  /** Inserts in order and stops at the first key that is taken; false then. */
  insertInOrder(writes: readonly Write[]): Promise<boolean>;
  /**
   * Replaces documents by their state after batch `sequence`, but none that a later batch has written already: so a
   * writer that was held up half-way harms nothing when it goes on.
   */
  writeAsOf(sequence: number, writes: readonly Write[]): Promise<void>;
  /** Sets fields of what is there; the number of documents. */
  update(filter: Filter, set: Filter, unset?: readonly string[]): Promise<number>;
  replace(key: string, document: Filter): Promise<void>;
  remove(filter: Filter): Promise<number>;
}

const duplicateKey = 11_000;
const writesPerCommand = 1000;

/** The part of a collection that the scope sees; writes and reads belong to `session`, where one is given. */
export function partOf<Name extends CollectionName>(
  scope: Scope,
  name: Name,
  session?: ClientSession,
): Part<Documents[Name]> {
  const model = modelOf(scope, name);
  const lead: Filter = scope.tenant === undefined ? {} : { tenant: scope.tenant };
  const before = scope.tenant === undefined ? '' : `${scope.tenant}/`;
  const within = session === undefined ? {} : { session };
  const read = session === undefined && scope.majorityReads ? { readConcern: { level: 'majority' as const } } : within;
  const once = <T>(work: () => Promise<T>) => (session === undefined ? patiently(work) : work());
  const id = (key: string) => before + key;
  const own = (filter: Filter): Filter => ({ ...filter, ...lead });
  const bulk = (operations: readonly object[], ordered: boolean) => writeAll(model, operations, ordered, session);
  const inserts = (writes: readonly Write[]) =>
    writes.map(({ key, set }) => ({ insertOne: { document: { _id: id(key), ...own(set) } } }));

  return {
    id,
    key: (found) => found.slice(before.length),
    async find(filter, { sort, limit, fields } = {}) {
      const found = await once(() => {
        const query = model.find(own(filter), null, read).lean();
        if (fields !== undefined) query.select([...fields]);
        if (sort !== undefined) query.sort({ ...sort });
        if (limit !== undefined) query.limit(limit);
        return query.exec();
      });
      return found as unknown as Documents[Name][];
    },
    async findOne(filter, reading) {
      const [first] = await this.find(filter, { ...reading, limit: 1 });
      return first;
    },
    async count(filter) {
      return await once(() => model.countDocuments(own(filter) as never, read).exec());
    },
    async aggregate<Row>(filter: Filter, stages: readonly Stage[]) {
      const pipeline = [{ $match: own(filter) }, ...stages] as never[];
      return await once(() => model.aggregate<Row>(pipeline, read).exec());
    },
    async insertNew(key, document) {
      return bulk(inserts([{ key, set: document }]), true);
    },
    async insertMissing(writes) {
      await bulk(inserts(writes), false);
    },
    async insertInOrder(writes) {
      return bulk(inserts(writes), true);
    },
    async writeAsOf(sequence, writes) {
      const operations = writes.map((write) => asOf(write, id(write.key), sequence, own));
      await bulk(operations, false);
    },
    async update(filter, set, unset = []) {
      const gone = Object.fromEntries(unset.map((field) => [field, 1]));
      const change = { $set: set, ...(unset.length === 0 ? {} : { $unset: gone }) };
      const updated = await once(() => model.updateMany(own(filter) as never, change as never, within).exec());
      return updated.matchedCount;
    },
    async replace(key, document) {
      const options = { upsert: true, ...within };
      await once(() => model.replaceOne(own({ _id: id(key) }) as never, own(document) as never, options).exec());
    },
    async remove(filter) {
      return (await once(() => model.deleteMany(own(filter) as never, within).exec())).deletedCount;
    },
  };
}

type Own = (filter: Filter) => Filter;

function asOf({ set, first, where }: Write, _id: string, sequence: number, own: Own): object {
  const filter = own({ _id, sequence: { $lt: sequence } });
  const state = { ...set, sequence };
  if (where !== undefined) {
    return { updateOne: { filter: { ...filter, [where]: { $exists: true } }, update: { $set: state } } };
  }
  return first === undefined
    ? { replaceOne: { filter, replacement: { _id, ...own(state) }, upsert: true } }
    : { updateOne: { filter, update: { $set: state, $setOnInsert: own(first) }, upsert: true } };
}

/** False where it stopped at a key that was taken. */
async function writeAll(
  model: ReturnType<typeof modelOf>,
  operations: readonly object[],
  ordered: boolean,
  session: ClientSession | undefined,
): Promise<boolean> {
  const options = { ordered, throwOnValidationError: true, ...(session === undefined ? {} : { session }) };
  for (let from = 0; from < operations.length; from += writesPerCommand) {
    const some = operations.slice(from, from + writesPerCommand);
    const write = () => model.bulkWrite([...some] as never[], options);
    const complete = await (session === undefined ? patiently(write) : write()).then(
      () => true,
      (error) => onlyDuplicates(error, session !== undefined),
    );
    if (ordered && !complete) return false;
  }
  return true;
}

/**
 * False where a key was taken, which outside a transaction is an answer; anything else is thrown. Inside one it is
 * thrown too: the server has aborted the transaction.
 */
function onlyDuplicates(error: unknown, inTransaction: boolean): boolean {
  if (inTransaction || !(error instanceof Error) || !('code' in error)) throw error;
  const errors = 'writeErrors' in error ? [error.writeErrors].flat() : [error];
  if (!errors.every((one) => (one as { code?: unknown }).code === duplicateKey)) throw error;
  return false;
}

/** Was `error` a taken key? */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === duplicateKey;
}

/** Replaces of one key race to insert it: the loser goes on as a replace. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return work();
  }
}
