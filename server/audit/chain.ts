import { sha256 } from '../core/hash.ts';

/** The hash before a writer's first row. */
export const chainStart = '0'.repeat(64);

/** Hash of a row of the chain: SHA-256 over the previous hash (hex), a newline and the row's bytes. */
export function chainHash(previous: string, bytes: string): string {
  return sha256(`${previous}\n${bytes}`);
}

/** A row of a chain as the store has it. */
export interface ChainRow {
  readonly number: number;
  readonly at: string;
  readonly bytes: string;
  readonly hash: string;
}

/** Rows of one writer from a number on, in the order of their numbers, at most `count`. */
export type ReadChain = (from: number, count: number) => Promise<readonly ChainRow[]>;

/** What a checkpoint signed of a writer. */
export interface SignedHead {
  readonly number: number;
  readonly hash: string;
  /** Number of the checkpoint. */
  readonly checkpoint: number;
}
