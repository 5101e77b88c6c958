import { createHash, randomUUID } from 'node:crypto';

/** Name space of every id that we derive (RFC 9562, version 5). */
const nameSpace = Buffer.from('6d1f6f0e3c7b5d2a9c51e5f0a4c2b817', 'hex');

/** A random UUID, version 4. */
export function randomId(): string {
  return randomUUID();
}

/**
 * The name-based UUID (RFC 9562 version 5) of `parts`: the same parts give the same id on every machine.
 * Parts are joined by U+0000, which no ESR key holds, so that ('a', 'bc') and ('ab', 'c') differ.
 */
export function derivedId(...parts: readonly string[]): string {
  const hash = createHash('sha1').update(nameSpace).update(parts.join('\u0000')).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
