import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../error.ts';
import type { BlobStore } from '../port.ts';

/**
 * A blob is a file: magic, salt, then chunks of [tag, cipher text]. The file's key comes from the tenant's, the salt
 * and the name; a chunk's nonce is its number and whether it is the last. So truncated, reordered and swapped files
 * fail to decrypt (STREAM construction, Hoang, Reyhanitabar, Rogaway, Vizár 2015). Memory: two chunks.
 */
const magic = Buffer.from('ESRFHIR1');
const saltBytes = 32;
const tagBytes = 16;
const chunkBytes = 64 * 1024;
const sealedBytes = tagBytes + chunkBytes;

/** `key`: the tenant's subkey for blobs, asked for at every use; it throws where the tenant is gone. */
export function blobStore(directory: string, key: () => Buffer): BlobStore {
  /** Names may hold anything; a keyed hash cannot leave the folder and tells nobody what is stored. */
  const pathOf = (name: string) => join(directory, createHmac('sha256', key()).update(name).digest('hex'));
  const fileKey = (name: string, salt: Buffer) => Buffer.from(hkdfSync('sha256', key(), salt, `blob:${name}`, 32));

  return {
    async put(name, bytes) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = pathOf(name);
      const temporary = `${path}.${randomBytes(8).toString('hex')}.part`;
      const file = await open(temporary, 'wx', 0o600);
      try {
        const salt = randomBytes(saltBytes);
        await file.write(Buffer.concat([magic, salt]));
        const written = await seal(file, fileKey(name, salt), bytes);
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
        const header = await readFully(file, magic.length + saltBytes);
        if (!header.subarray(0, magic.length).equals(magic))
          throw new StoreError('corrupt', 'a blob has another header');
        yield* unseal(file, fileKey(name, header.subarray(magic.length)));
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

async function seal(file: FileHandle, key: Buffer, bytes: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256');
  let total = 0;
  let number = 0;
  let pending: Buffer = Buffer.alloc(0);
  const write = async (chunk: Buffer, last: boolean) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(number, last));
    const sealed = Buffer.concat([cipher.update(chunk), cipher.final()]);
    await file.write(Buffer.concat([cipher.getAuthTag(), sealed]));
    number += 1;
  };
  for await (const piece of bytes) {
    hash.update(piece);
    total += piece.length;
    pending = Buffer.concat([pending, piece]);
    // A full chunk is kept back until more comes: the last one must be marked.
    let taken = 0;
    for (; pending.length - taken > chunkBytes; taken += chunkBytes) {
      await write(pending.subarray(taken, taken + chunkBytes), false);
    }
    pending = pending.subarray(taken);
  }
  await write(pending, true);
  return { bytes: total, sha256: hash.digest('hex') };
}

async function* unseal(file: FileHandle, key: Buffer): AsyncGenerator<Buffer> {
  let sealed = await readFully(file, sealedBytes);
  for (let number = 0; ; number += 1) {
    const following = sealed.length === sealedBytes ? await readFully(file, sealedBytes) : Buffer.alloc(0);
    const last = following.length === 0;
    yield openChunk(sealed, key, nonce(number, last));
    if (last) return;
    sealed = following;
  }
}

function openChunk(sealed: Buffer, key: Buffer, iv: Buffer): Buffer {
  if (sealed.length < tagBytes) throw new StoreError('corrupt', 'a blob ends too early');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAuthTag(sealed.subarray(0, tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(tagBytes)), decipher.final()]);
  } catch {
    throw new StoreError('corrupt', 'a blob does not decrypt');
  }
}

function nonce(number: number, last: boolean): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeBigUInt64BE(BigInt(number), 0);
  iv.writeUInt8(last ? 1 : 0, 11);
  return iv;
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
