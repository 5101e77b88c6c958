import { present } from '../core/assert.ts';
import type { Slice } from '../record/record.ts';

/** The slice to show on a date, and whether it is in force then or only the nearest one. */
export interface Chosen {
  readonly slice: Slice;
  readonly inForce: boolean;
}

/**
 * Chooses the slice to show on `today` (meaning.md, Slices): the latest start of those in force (ends are inclusive);
 * with none in force the last one that has ended; where all lie in the future the first one.
 * `slices` is ordered by start and not empty; a null start is the beginning of time.
 */
export function chooseSlice(slices: readonly Slice[], today: string): Chosen {
  let inForce: Slice | undefined;
  let ended: Slice | undefined;
  for (const slice of slices) {
    if (slice.start !== null && slice.start > today) break;
    if (slice.end === null || slice.end >= today) inForce = slice;
    else if (ended === undefined || slice.end >= (ended.end ?? '')) ended = slice;
  }
  if (inForce !== undefined) return { slice: inForce, inForce: true };
  return { slice: ended ?? present(slices[0], 'a slice'), inForce: false };
}

/** Do two slices of a record share a day? */
export function overlaps(slices: readonly Slice[]): boolean {
  let covered: string | null | undefined;
  for (const slice of slices) {
    if (covered === null || (covered !== undefined && covered >= (slice.start ?? ''))) return true;
    covered = slice.end;
  }
  return false;
}
