import type { Connection } from './connection.ts';
import type { Bound } from './fragment.ts';

/** Rows of one statement, whose call costs as much as finding a row's place: few sizes, since each is prepared. */
const rowsPerInsert = [32, 8, 1] as const;

/**
 * Inserts rows of `width` values, which stand one behind the other.
 *
 * @param insert the statement up to `VALUES`
 */
export function insertRows(file: Connection, insert: string, width: number, values: readonly Bound[]): void {
  let at = 0;
  for (const rows of rowsPerInsert) {
    const length = width * rows;
    if (values.length - at < length) continue;
    const row = `(${Array(width).fill('?').join(', ')})`;
    const text = `${insert} VALUES${Array(rows).fill(row).join(', ')}`;
    for (; at + length <= values.length; at += length) file.run(text, ...values.slice(at, at + length));
  }
}
