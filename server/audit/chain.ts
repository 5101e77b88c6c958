import { sha256 } from '../core/hash.ts';

/** The hash before a writer's first row. */
export const chainStart = '0'.repeat(64);

/** Hash of a row of the chain: SHA-256 over the previous hash (hex), a newline and the row's bytes. */
export function chainHash(previous: string, bytes: string): string {
  return sha256(`${previous}\n${bytes}`);
}
