import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import mongoose from 'mongoose';
import { present } from '../../core/assert.ts';
import { seal, sealedName, type Take, unseal } from '../blob-seal.ts';
import { StoreError } from '../error.ts';
import type { BlobStore } from '../port.ts';
import { patiently } from './patience.ts';
import type { Scope } from './schema.ts';

type Bucket = InstanceType<typeof mongoose.mongo.GridFSBucket>;

/** Where a tenant's blobs are, and the key that they are sealed with. */
export interface BlobPlace {
  readonly scope: Scope;
  readonly key: Buffer;
}

const newestFirst = { uploadDate: -1, _id: -1 } as const;

/** Blobs in GridFS, sealed before they leave the process. The insert of the file's document makes one appear. */
export function blobStore(place: () => Promise<BlobPlace>): BlobStore {
  const find = async (name: string) => {
    const { scope, key } = await place();
    const bucket = bucketOf(scope);
    const filename = blobsBefore(scope) + sealedName(key, name);
    const files = await patiently(() => bucket.find({ filename }).sort(newestFirst).toArray());
    return { bucket, key, filename, files };
  };
  return {
    async put(name, bytes) {
      const { bucket, key, filename, files } = await find(name);
      const id = `${filename}/${randomBytes(8).toString('hex')}` as never;
      const upload = bucket.openUploadStreamWithId(id, filename);
      const failed = new Promise<never>((_, reject) => {
        upload.once('error', reject);
      });
      failed.catch(() => {});
      const write = (piece: Buffer) =>
        Promise.race([failed, new Promise<void>((done) => upload.write(piece, () => done()))]);
      try {
        const written = await seal(key, name, bytes, write);
        await Promise.race([failed, new Promise<void>((done) => upload.end(() => done()))]);
        for (const older of files) await bucket.delete(older._id).catch(() => {});
        return written;
      } catch (error) {
        await upload.abort().catch(() => {});
        throw error;
      }
    },

    async *get(name) {
      const { bucket, key, files } = await find(name);
      const [newest] = files;
      if (newest === undefined) throw new StoreError('no-blob', 'there is no such blob');
      const download = bucket.openDownloadStream(newest._id);
      try {
        yield* unseal(key, name, takeFrom(download));
      } finally {
        download.destroy();
      }
    },

    async has(name) {
      return (await find(name)).files.length > 0;
    },

    async delete(name) {
      const { bucket, files } = await find(name);
      for (const file of files) await bucket.delete(file._id);
    },
  };
}

/** Removes every blob of a tenant. */
export async function removeBlobs(scope: Scope): Promise<void> {
  const bucket = bucketOf(scope);
  const all = await bucket.find(ofTenant(scope)).toArray();
  for (const file of all) await bucket.delete(file._id);
}

/** How many blobs a tenant has, and their sealed bytes. */
export async function countBlobs(scope: Scope): Promise<{ readonly files: number; readonly bytes: number }> {
  const all = await bucketOf(scope).find(ofTenant(scope)).toArray();
  return { files: all.length, bytes: all.reduce((sum, { length }) => sum + length, 0) };
}

/** Copies the sealed bytes as they are, to the same names; what is there already stays. */
export async function copyBlobs(from: Scope, to: Scope, mayGoOn: () => Promise<void>): Promise<void> {
  const [source, target] = [bucketOf(from), bucketOf(to)];
  const moved = (name: string) => blobsBefore(to) + name.slice(blobsBefore(from).length);
  const there = new Set((await target.find(ofTenant(to)).toArray()).map(({ _id }) => String(_id)));
  for (const { _id, filename } of await source.find(ofTenant(from)).sort({ uploadDate: 1, _id: 1 }).toArray()) {
    const id = moved(String(_id));
    if (there.has(id)) continue;
    await mayGoOn();
    // Chunks of a copy that broke off have no file yet.
    await target.delete(id as never).catch(() => {});
    await pipeline(source.openDownloadStream(_id), target.openUploadStreamWithId(id as never, moved(filename)));
  }
}

/** GridFS's own indexes begin with the file's name and id; both begin with the tenant where several share a bucket. */
function blobsBefore({ tenant }: Scope): string {
  return tenant === undefined ? '' : `${tenant}/`;
}

function ofTenant(scope: Scope): { filename: { $gte: string; $lt: string } } {
  const before = blobsBefore(scope);
  return { filename: { $gte: before, $lt: `${before}~` } };
}

function bucketOf({ connection, prefix }: Scope): Bucket {
  return new mongoose.mongo.GridFSBucket(present(connection.db, 'the open database'), { bucketName: `${prefix}blob` });
}

function takeFrom(source: AsyncIterable<Uint8Array>): Take {
  const pieces = source[Symbol.asyncIterator]();
  let pending = Buffer.alloc(0);
  return async (bytes) => {
    while (pending.length < bytes) {
      const { done, value } = await pieces.next();
      if (done === true) break;
      pending = Buffer.concat([pending, value]);
    }
    const taken = pending.subarray(0, bytes);
    pending = pending.subarray(bytes);
    return taken;
  };
}
