import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { seal, sealedName, unseal } from '../blob-seal.ts';
import { StoreError } from '../error.ts';
import type { BlobStore } from '../port.ts';

/**
 * Blobs as files of a folder. `key`: the tenant's subkey for blobs, asked for at every use; it throws where the tenant
 * is gone.
 */
export function blobStore(directory: string, key: () => Buffer): BlobStore {
  const pathOf = (name: string) => join(directory, sealedName(key(), name));

  return {
    async put(name, bytes) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = pathOf(name);
      const temporary = `${path}.${randomBytes(8).toString('hex')}.part`;
      const file = await open(temporary, 'wx', 0o600);
      try {
        const written = await seal(key(), name, bytes, async (piece) => {
          await file.write(piece);
        });
        await file.sync();
        await file.close();
        await rename(temporary, path);
        await syncDirectory(directory);
        return written;
      } catch (error) {
        await file.close();
        await rm(temporary, { force: true });
        throw error;
      }
    },

    async *get(name) {
      const file = await open(pathOf(name), 'r').catch(() => undefined);
      if (file === undefined) throw new StoreError('no-blob', 'there is no such blob');
      try {
        yield* unseal(key(), name, (bytes) => readFully(file, bytes));
      } finally {
        await file.close();
      }
    },

    async has(name) {
      return existsSync(pathOf(name));
    },

    async delete(name) {
      await rm(pathOf(name), { force: true });
    },
  };
}

/** Up to `length` bytes, fewer only at the end of the file. */
async function readFully(file: FileHandle, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** A rename is durable once its folder is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}
