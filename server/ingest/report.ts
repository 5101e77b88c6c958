import type { FileRow } from '../store/port.ts';
import type { FileReport } from './parts.ts';

/** The ledger row as commands and the management API show it. */
export function reportOf(file: FileRow, tenant: string): FileReport {
  const { name, id, state, rows, created, changed, unchanged, removed, quarantined, seconds } = file;
  const counts = { rows, created, changed, unchanged, removed, quarantined, seconds };
  return { name, id, tenant, state, ...(file.reason === null ? {} : { reason: file.reason }), ...counts };
}

/** What to say of bytes that came again: nothing was done. */
export function knownReport(file: FileRow, name: string, tenant: string): FileReport {
  const nothing = { created: 0, changed: 0, removed: 0, quarantined: 0, seconds: 0 };
  const when = file.finishedAt ?? file.receivedAt;
  const reason =
    file.state === 'applied'
      ? `these bytes were applied already, as ${file.name} at ${when}`
      : `these bytes are on the ledger already, as ${file.name}`;
  return { name, id: file.id, tenant, state: file.state, reason, rows: file.rows, unchanged: file.rows, ...nothing };
}

/** A file that is nobody's: it stands on no ledger. */
export function strangerReport(name: string, reason: string): FileReport {
  const nothing = { rows: 0, created: 0, changed: 0, unchanged: 0, removed: 0, quarantined: 0, seconds: 0 };
  return { name, id: null, tenant: null, state: 'rejected', reason, ...nothing };
}
