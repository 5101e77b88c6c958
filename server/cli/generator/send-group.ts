import type { RowGroup, RowKind, Spoiler } from './damage.ts';
import type { Tally } from './server-model.ts';

/** Writes a record's rows, damaged or not; true where they are good. */
export function sendGroup(
  spoiler: Spoiler,
  write: (rows: readonly string[]) => void,
  tally: Tally,
  kind: RowKind,
  rows: readonly string[],
): boolean {
  const group: RowGroup = { kind, rows };
  const bad = spoiler.spoil(group);
  write(bad ?? rows);
  if (bad !== undefined) tally.quarantined += bad.length;
  return bad === undefined;
}
