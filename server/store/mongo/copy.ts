import { limits } from '../../core/limits.ts';
import { StoreError } from '../error.ts';
import { copyBlobs, countBlobs } from './blob.ts';
import { type CollectionName, type Scope, tenantCollections } from './schema.ts';
import { tenantParts } from './tenant-parts.ts';

/** An ingest's scratch, and pieces of batches that were being written: nothing of either outlives its writer. */
const passing: readonly CollectionName[] = ['stage', 'payload', 'piece'];
const kept = tenantCollections.filter((name) => !passing.includes(name));

export interface Copied {
  readonly documents: number;
  readonly blobs: number;
}

/**
 * Copies all of a tenant from one place to another and counts both. What an earlier, broken copy left there stays, so
 * it may be repeated as long as nobody writes to either. `corrupt` where the counts differ in the end.
 *
 * @param mayGoOn asked before every piece; throws to stop
 */
export async function copyData(from: Scope, to: Scope, mayGoOn: () => Promise<void>): Promise<Copied> {
  let documents = 0;
  for (const name of kept) documents += await copyCollection(from, to, name, mayGoOn);
  await copyBlobs(from, to, mayGoOn);
  const blobs = await countBlobs(from);
  const there = await countBlobs(to);
  if (blobs.files !== there.files || blobs.bytes !== there.bytes) throw differ('blobs');
  return { documents, blobs: blobs.files };
}

/** Adds the audit rows of writers who had looked before the old place was closed and went on late. */
export async function copyLate(from: Scope, to: Scope, mayGoOn: () => Promise<void>): Promise<void> {
  const [source, target] = [tenantParts(from).audit, tenantParts(to).audit];
  if ((await source.count({})) > (await target.count({}))) await addMissing(from, to, 'audit', mayGoOn);
}

async function copyCollection(
  from: Scope,
  to: Scope,
  name: (typeof kept)[number],
  mayGoOn: () => Promise<void>,
): Promise<number> {
  await addMissing(from, to, name, mayGoOn);
  const count = await tenantParts(from)[name].count(copied(name));
  if ((await tenantParts(to)[name].count({})) !== count) throw differ(name);
  return count;
}

async function addMissing(
  from: Scope,
  to: Scope,
  name: (typeof kept)[number],
  mayGoOn: () => Promise<void>,
): Promise<void> {
  const [source, target] = [tenantParts(from)[name], tenantParts(to)[name]];
  for (let after = ''; ; ) {
    await mayGoOn();
    const filter = { ...copied(name), _id: { $gt: source.id(after) } };
    const found = await source.find(filter, { sort: { _id: 1 }, limit: limits.movedDocumentsMax });
    await target.insertMissing(
      found.map((document) => {
        const { _id, tenant: _, ...set } = document as typeof document & { readonly tenant?: string };
        return { key: source.key(_id), set };
      }),
    );
    const last = found.at(-1);
    if (last === undefined) return;
    after = source.key(last._id);
  }
}

/** The entry that closes an old journal stays there. */
function copied(name: CollectionName) {
  return name === 'batch' || name === 'turn' ? { closed: { $exists: false } } : {};
}

function differ(what: string): StoreError {
  return new StoreError('corrupt', `the copy of ${what} has not as many as there were; the data stay where they are`);
}
