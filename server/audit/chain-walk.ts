import { type ChainRow, chainHash, chainStart, type ReadChain, type SignedHead } from './chain.ts';
import type { Finding } from './finding.ts';
import { diagnose } from './row-diagnosis.ts';

export interface Walk {
  /** Rows that are as they must be, from the first one on. */
  readonly rows: number;
  readonly hash: string;
  readonly finding: Finding | undefined;
}

const rowsPerPage = 1_000;

/**
 * Walks a writer's chain from its first row to its end or to the first row that is not as it must be: numbers without a
 * gap, every hash over the one before and the row's bytes, the time of the row that of its bytes, and at the places
 * that checkpoints signed the signed hashes.
 *
 * @param signed what checkpoints say of this writer, in any order
 * @param visit is given every row that is good
 */
export async function walkChain(
  writer: string,
  read: ReadChain,
  signed: readonly SignedHead[],
  visit: (row: ChainRow, previous: string) => void = () => {},
): Promise<Walk> {
  const at = new Map(signed.map((head) => [head.number, head]));
  let last: ChainRow | undefined;
  const result = (finding?: Finding): Walk => ({ rows: last?.number ?? 0, hash: last?.hash ?? chainStart, finding });
  for (;;) {
    // From the last row on, so that a second row of its number is seen too.
    const page = await read(last?.number ?? 1, rowsPerPage);
    const [again, ...others] = page;
    const repeats = last !== undefined && again !== undefined && again.hash === last.hash && again.bytes === last.bytes;
    const rows = repeats ? others : page;
    if (rows.length === 0 && (last === undefined || repeats)) return result(cutTail(writer, last, signed));
    for (const row of rows) {
      const bad = fault(row, last) ?? unsignedFault(row, at.get(row.number));
      if (bad === 'chain') return result(await diagnose({ writer, read, signed, last, row }));
      if (bad !== undefined) return result({ ...bad, writer, number: row.number });
      visit(row, last?.hash ?? chainStart);
      last = row;
    }
    if (page.length < rowsPerPage) return result(cutTail(writer, last, signed));
  }
}

function fault(row: ChainRow, last: ChainRow | undefined): 'chain' | Pick<Finding, 'tampering' | 'why'> | undefined {
  const follows = row.number === (last?.number ?? 0) + 1;
  if (!follows || chainHash(last?.hash ?? chainStart, row.bytes) !== row.hash) return 'chain';
  // The column of its own by which searches find the row; the bytes begin with the same text.
  if (row.bytes.startsWith(`{"at":${JSON.stringify(row.at)}`)) return undefined;
  return { tampering: 'changed-row', why: `the time by which row ${row.number} is found is not the time that it says` };
}

function unsignedFault(row: ChainRow, head: SignedHead | undefined): Pick<Finding, 'tampering' | 'why'> | undefined {
  if (head === undefined || head.hash === row.hash) return undefined;
  const why = `row ${row.number} is not the one that checkpoint ${head.checkpoint} signed: the chain was rewritten`;
  return { tampering: 'forked-chain', why };
}

function cutTail(writer: string, last: ChainRow | undefined, signed: readonly SignedHead[]): Finding | undefined {
  const end = last?.number ?? 0;
  const head = signed.reduce<SignedHead | undefined>(
    (most, one) => (one.number > (most?.number ?? 0) ? one : most),
    undefined,
  );
  if (head === undefined || head.number <= end) return undefined;
  const gone = head.number === end + 1 ? `row ${head.number} is` : `rows ${end + 1} to ${head.number} are`;
  const why = `${gone} gone from the end: checkpoint ${head.checkpoint} signed them`;
  return { tampering: 'cut-tail', writer, number: end + 1, why };
}
