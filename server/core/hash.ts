import { createHash } from 'node:crypto';

/** SHA-256 of text or bytes, lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** First 128 bits of SHA-256, hex: equality of contents inside one tenant, never a security boundary. */
export function contentHash(data: string): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 32);
}
