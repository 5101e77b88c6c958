import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { seal, sealedName, type Take, unseal } from '../blob-seal.ts';
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
        const { write, flush } = gatheredWrites(file);
        const written = await seal(key(), name, bytes, write);
        await flush();
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
        yield* unseal(key(), name, readsAhead(file));
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

/** A system call per sealed chunk costs more than to seal it: several go at once (measured). */
const bytesAtOnce = 1024 * 1024;

function gatheredWrites(file: FileHandle) {
  let pending: Buffer[] = [];
  let size = 0;
  const flush = async () => {
    const [pieces, expected] = [pending, size];
    pending = [];
    size = 0;
    if (expected === 0) return;
    const { bytesWritten } = await file.writev(pieces);
    // A disk that fills up takes a part; the rest says why.
    if (bytesWritten < expected) await file.appendFile(Buffer.concat(pieces).subarray(bytesWritten));
  };
  const write = async (piece: Buffer) => {
    pending.push(piece);
    size += piece.length;
    if (size >= bytesAtOnce) await flush();
  };
  return { write, flush };
}

function readsAhead(file: FileHandle): Take {
  let ahead: Buffer = Buffer.alloc(0);
  let ended = false;
  return async (bytes) => {
    if (ahead.length < bytes && !ended) {
      const wanted = ahead.length + bytesAtOnce;
      ahead = await readFully(file, ahead, wanted);
      ended = ahead.length < wanted;
    }
    const taken = ahead.subarray(0, bytes);
    ahead = ahead.subarray(bytes);
    return taken;
  };
}

/** `begun` and what follows it in the file, up to `length` bytes, fewer only at the file's end. */
async function readFully(file: FileHandle, begun: Buffer, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = begun.copy(buffer);
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
