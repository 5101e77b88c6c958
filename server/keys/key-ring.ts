import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { assert } from '../core/assert.ts';

/** One master key (32 bytes) → keys derived for a purpose, and keys wrapped with it. */
export interface KeyRing {
  /** 32 bytes by HKDF-SHA-256 for `purpose` (`system-store`, `page-token`, …): the same on every boot. */
  derive(purpose: string): Buffer;
  /** AES-256-GCM of `key`, bound to `purpose`; base64url text that may be stored. */
  wrap(purpose: string, key: Uint8Array): string;
  /** Throws where the master key, the purpose or the text is another. */
  unwrap(purpose: string, wrapped: string): Buffer;
}

export function keyRing(master: Uint8Array): KeyRing {
  assert(master.length === 32, 'the master key has 32 bytes');
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', master, 'esr-fhir', purpose, 32));
  const wrapping = derive('wrap');
  return {
    derive,
    wrap(purpose, key) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', wrapping, iv).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([cipher.update(key), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    unwrap(purpose, wrapped) {
      const bytes = Buffer.from(wrapped, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', wrapping, bytes.subarray(0, 12))
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
    },
  };
}

/** A new 32-byte data key. */
export function newKey(): Buffer {
  return randomBytes(32);
}
