import type { FileRow } from '../store/port.ts';

/** A ledger row for a file that has just arrived: nothing is known but its bytes. */
export function receivedFile(
  about: Pick<FileRow, 'id' | 'name' | 'source' | 'receivedAt' | 'sha256' | 'bytes'>,
): FileRow {
  return {
    format: 'unknown',
    kind: 'unknown',
    state: 'received',
    reason: null,
    vpd: null,
    sequence: null,
    windowFrom: null,
    windowTo: null,
    rows: 0,
    dropped: 0,
    quarantined: 0,
    unchanged: 0,
    applied: 0,
    created: 0,
    changed: 0,
    removed: 0,
    warnings: {},
    seconds: 0,
    checkpoint: null,
    finishedAt: null,
    ...about,
  };
}

/** The ledger's law: every row of a file went exactly one way. */
export function balances(file: FileRow): boolean {
  return file.rows === file.dropped + file.quarantined + file.unchanged + file.applied;
}

/** Name of the blob that keeps the file's bytes. */
export function rawBlob(file: string): string {
  return `files/${file}`;
}
