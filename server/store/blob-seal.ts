import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { StoreError } from './error.ts';

/**
 * A blob is a stream: magic, salt, then chunks of [tag, cipher text]. Its key comes from the tenant's, the salt and
 * the name; a chunk's nonce is its number and whether it is the last. So truncated, reordered and swapped blobs
 * fail to decrypt (STREAM construction, Hoang, Reyhanitabar, Rogaway, Vizár 2015). Memory: two chunks.
 */
const magic = Buffer.from('ESRFHIR1');
const saltBytes = 32;
const tagBytes = 16;
const chunkBytes = 64 * 1024;
const sealedBytes = tagBytes + chunkBytes;
const nothing = Buffer.alloc(0);

/** What a blob is stored under. Names may hold anything; a keyed hash is plain and tells nobody what is stored. */
export function sealedName(key: Buffer, name: string): string {
  return createHmac('sha256', key).update(name).digest('hex');
}

/** Takes up to so many bytes of a sealed blob, fewer only at its end. */
export type Take = (bytes: number) => Promise<Buffer>;

/**
 * Seals `bytes` under the tenant's subkey for blobs and hands the pieces to `write`, in order.
 * Returns the size and SHA-256 (hex) of the plain bytes.
 */
export async function seal(
  key: Buffer,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  write: (piece: Buffer) => Promise<void>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const salt = randomBytes(saltBytes);
  const own = ownKey(key, name, salt);
  const hash = createHash('sha256');
  let total = 0;
  let number = 0;
  let pending: Buffer = nothing;
  const writeChunk = async (chunk: Buffer, last: boolean) => {
    const cipher = createCipheriv('aes-256-gcm', own, nonce(number, last));
    const sealed = cipher.update(chunk);
    cipher.final();
    await write(cipher.getAuthTag());
    await write(sealed);
    number += 1;
  };
  await write(Buffer.concat([magic, salt]));
  for await (const piece of bytes) {
    hash.update(piece);
    total += piece.length;
    const whole = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    // A full chunk is kept back until more comes: the last one must be marked.
    let taken = 0;
    if (pending.length > 0 && pending.length + whole.length > chunkBytes) {
      taken = chunkBytes - pending.length;
      await writeChunk(Buffer.concat([pending, whole.subarray(0, taken)]), false);
      pending = nothing;
    }
    for (; pending.length + whole.length - taken > chunkBytes; taken += chunkBytes) {
      await writeChunk(whole.subarray(taken, taken + chunkBytes), false);
    }
    // A copy: the piece is the caller's, who may use its memory again.
    pending = Buffer.concat([pending, whole.subarray(taken)]);
  }
  await writeChunk(pending, true);
  return { bytes: total, sha256: hash.digest('hex') };
}

/** The plain bytes. Throws `corrupt` where they were tampered with, before the last chunk at the latest. */
export async function* unseal(key: Buffer, name: string, take: Take): AsyncGenerator<Buffer> {
  const header = await take(magic.length + saltBytes);
  if (!header.subarray(0, magic.length).equals(magic)) throw new StoreError('corrupt', 'a blob has another header');
  const own = ownKey(key, name, header.subarray(magic.length));
  let sealed = await take(sealedBytes);
  for (let number = 0; ; number += 1) {
    const following = sealed.length === sealedBytes ? await take(sealedBytes) : Buffer.alloc(0);
    const last = following.length === 0;
    yield openChunk(sealed, own, nonce(number, last));
    if (last) return;
    sealed = following;
  }
}

function ownKey(key: Buffer, name: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, `blob:${name}`, 32));
}

function openChunk(sealed: Buffer, key: Buffer, iv: Buffer): Buffer {
  if (sealed.length < tagBytes) throw new StoreError('corrupt', 'a blob ends too early');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAuthTag(sealed.subarray(0, tagBytes));
    const plain = decipher.update(sealed.subarray(tagBytes));
    // This mode holds nothing back for the end: what `final` does is to check the tag.
    decipher.final();
    return plain;
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
