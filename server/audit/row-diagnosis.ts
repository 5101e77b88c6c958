import { type ChainRow, chainHash, chainStart, type ReadChain, type SignedHead } from './chain.ts';
import type { Finding } from './finding.ts';

interface Break {
  readonly writer: string;
  readonly read: ReadChain;
  readonly signed: readonly SignedHead[];
  /** The last row that is good. */
  readonly last: ChainRow | undefined;
  /** The row that does not follow it. */
  readonly row: ChainRow;
}

const rowsPerPage = 1_000;

/** What was done to a chain, judged from a row that does not follow the one before. Reads the chain once more. */
export async function diagnose({ writer, read, signed, last, row }: Break): Promise<Finding> {
  const expected = (last?.number ?? 0) + 1;
  const found = (tampering: Finding['tampering'], number: number, why: string) => ({ tampering, writer, number, why });
  if (row.number < expected) {
    return same(row, last)
      ? found('duplicated-row', row.number, `row ${row.number} is there twice`)
      : found('forked-chain', row.number, `two different rows claim number ${row.number}`);
  }
  if (row.number > expected) return found('removed-row', expected, `row ${expected} is missing`);
  const elsewhere = await searchChain({ writer, read, signed, last, row });
  if (elsewhere.copyOf !== undefined) {
    return found('duplicated-row', expected, `row ${expected} is a copy of row ${elsewhere.copyOf}`);
  }
  if (elsewhere.belongsHere !== undefined) {
    const other = elsewhere.belongsHere;
    return found('swapped-rows', expected, `rows ${expected} and ${other} have changed places`);
  }
  if (elsewhere.shifted) {
    return found('removed-row', expected, `row ${expected} is missing and the rows after it were numbered anew`);
  }
  return found('changed-row', expected, `row ${expected} does not hash to what it was stored with`);
}

interface Elsewhere {
  /** Number of an earlier row that is equal to the bad one. */
  readonly copyOf: number | undefined;
  /** Number of a later row whose place is that of the bad one. */
  readonly belongsHere: number | undefined;
  /** A row that a checkpoint signed lies at a lower number than was signed. */
  readonly shifted: boolean;
}

async function searchChain({ read, signed, last, row }: Break): Promise<Elsewhere> {
  const previous = last?.hash ?? chainStart;
  const later = new Map(signed.filter(({ number }) => number > row.number).map((head) => [head.hash, head.number]));
  let copyOf: number | undefined;
  let belongsHere: number | undefined;
  let shifted = false;
  for (let from = 1; ; ) {
    const page = await read(from, rowsPerPage);
    for (const other of page) {
      if (other.number < row.number && same(other, row)) copyOf ??= other.number;
      const here = chainHash(previous, other.bytes);
      if (other.number > row.number && (here === other.hash || here === row.hash)) belongsHere ??= other.number;
      if (other.number < (later.get(other.hash) ?? 0)) shifted = true;
    }
    const end = page.at(-1);
    if (end === undefined || page.length < rowsPerPage) return { copyOf, belongsHere, shifted };
    from = end.number + 1;
  }
}

function same(a: ChainRow, b: ChainRow | undefined): boolean {
  return b !== undefined && a.bytes === b.bytes && a.hash === b.hash;
}
