import type { ExceptionRow, FileRow, TenantStore } from '../store/port.ts';

/** A quarantined row that is applied now: its exception, the file that it came in, its line. */
export type ReleasedRow = Pick<ExceptionRow, 'id' | 'file' | 'line'>;

/** The ledger rows of the files that these rows came in: they are applied now, and quarantined no more. */
export async function recount(store: TenantStore, released: readonly ReleasedRow[]): Promise<readonly FileRow[]> {
  const ids = new Set(released.map(({ id }) => id));
  const files: FileRow[] = [];
  for (const file of new Set(released.map((row) => row.file))) {
    const open = await store.ledger.exceptions({ file, state: 'open', severity: 'error' });
    // A line that feeds several records is in once none of them is bad any more.
    const bad = new Set(open.filter(({ id }) => !ids.has(id)).map(({ line }) => line));
    const lines = new Set(released.filter((row) => row.file === file && !bad.has(row.line)).map(({ line }) => line));
    const row = await store.ledger.file(file);
    if (row === undefined || lines.size === 0) continue;
    const moved = Math.min(lines.size, row.quarantined);
    files.push({ ...row, quarantined: row.quarantined - moved, applied: row.applied + moved });
  }
  return files;
}
