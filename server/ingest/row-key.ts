import type { KeyField } from './formats/go2/columns.ts';

/** The record id that the key field of a row holds, trimmed; empty where it has none. */
export function idIn(cell: string, { split }: Pick<KeyField, 'split'>): string {
  return (split === null ? cell : (cell.split(split.separator)[split.part] ?? '')).trim();
}
