import { contentHash } from '../core/hash.ts';
import type { Fields, Slice } from '../record/record.ts';
import type { StagedGroup, StagedRow } from '../store/port.ts';
import { type Fault, fault } from './fault.ts';

/** What a file says of one record, all its rows taken together (meaning.md, Slices). */
export type Judgement =
  | { readonly is: 'bad'; readonly faults: readonly { readonly row: StagedRow; readonly fault: Fault }[] }
  | { readonly is: 'delete' }
  | { readonly is: 'slices'; readonly slices: readonly Slice[]; readonly hash: string };

/**
 * If any row of an id is bad, or they contradict each other, all of them are bad; rows that are equal count once.
 *
 * @param repeats the rows of the file repeat what they say of a record, so those that differ contradict each other
 */
export function judge(group: StagedGroup, repeats = false): Judgement {
  const { rows } = group;
  if (rows.some((row) => row.action === 'bad')) return bad(rows, (row) => ownFault(row) ?? fault('sibling-bad'));
  const deletes = rows.filter((row) => row.action === 'delete').length;
  if (deletes === rows.length) return { is: 'delete' };
  if (deletes > 0) return bad(rows, () => fault('upsert-and-delete'));
  const byStart = new Map<string | null, StagedRow>();
  for (const row of rows) {
    const twin = byStart.get(row.start);
    if (twin !== undefined && twin.hash !== row.hash)
      return bad(rows, () => fault(repeats ? 'contradiction' : 'duplicate-slice'));
    if (twin === undefined) byStart.set(row.start, row);
  }
  const slices = [...byStart.values()].sort((one, other) => ((one.start ?? '') < (other.start ?? '') ? -1 : 1));
  const hash = slices.length === 1 ? slices[0]?.hash : contentHash(slices.map((row) => row.hash).join());
  return { is: 'slices', slices: slices.map(sliceOf), hash: hash ?? '' };
}

function sliceOf(row: StagedRow): Slice {
  return { start: row.start, end: row.end, line: row.line, fields: JSON.parse(row.fields) as Fields };
}

function ownFault(row: StagedRow): Fault | undefined {
  return row.fault === null ? undefined : (JSON.parse(row.fault) as Fault[])[0];
}

function bad(rows: readonly StagedRow[], why: (row: StagedRow) => Fault): Judgement {
  return { is: 'bad', faults: rows.map((row) => ({ row, fault: why(row) })) };
}
