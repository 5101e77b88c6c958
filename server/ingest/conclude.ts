import { auditBytes } from '../audit/row.ts';
import { writeBatch } from '../commit/write-batch.ts';
import { randomId } from '../core/id.ts';
import type { Unit } from '../record/unit.ts';
import type { FileRow, FileState, Op } from '../store/port.ts';
import type { Ingest } from './apply.ts';
import { fileStateEvents } from './file-events.ts';

/** The file's rows are about to be applied: from here on a restart goes on instead of asking again. */
export async function startApplying(ingest: Ingest, received: FileRow, file: FileRow): Promise<FileRow> {
  if (received.state === 'applying') return { ...file, checkpoint: received.checkpoint };
  const applying: FileRow = { ...file, state: 'applying', reason: null, checkpoint: { after: null, walked: false } };
  // No record need say anything of the default employer: its unit becomes due with every file.
  const [employer] = ingest.tenant.ods;
  const units: Unit[] = employer === undefined ? [] : [{ kind: 'employer', id: employer }];
  await save(ingest, applying, () => [{ op: 'work-add', tenant: ingest.store.tenant, units, file: file.id }]);
  return applying;
}

/** The good rows are in. */
export function conclude(ingest: Ingest, file: FileRow, began: number): Promise<FileRow> {
  return finish(ingest, { ...file, checkpoint: null }, 'applied', null, began);
}

/** Nothing of the file is applied, now or later; the corrected file may come again under the same number. */
export function reject(ingest: Ingest, file: FileRow, reason: string, began: number): Promise<FileRow> {
  return finish(ingest, file, 'rejected', reason, began);
}

/** Nothing of the file is applied before its turn comes or a person decides. */
export function hold(ingest: Ingest, file: FileRow, reason: string, began: number): Promise<FileRow> {
  return finish(ingest, file, 'held', reason, began);
}

/** A full file covers what the held changes file would have said. */
export function supersede(ingest: Ingest, file: FileRow, by: FileRow): Promise<FileRow> {
  return finish(ingest, file, 'superseded', `covered by the full file ${by.name}`, Date.now());
}

async function finish(
  ingest: Ingest,
  file: FileRow,
  state: FileState,
  reason: string | null,
  began: number,
): Promise<FileRow> {
  const seconds = Math.round(file.seconds * 1000 + Date.now() - began) / 1000;
  const at = ingest.parts.clock.now().toISOString();
  const done: FileRow = { ...file, state, reason, seconds, finishedAt: state === 'held' ? null : at };
  const { tenant } = ingest.store;
  const audit: Op = { op: 'audit', tenant, row: auditRow(ingest, done, at) };
  await save(ingest, done, (batchAt) => [...fileStateEvents(tenant, done, file.state, batchAt), audit]);
  return done;
}

async function save(ingest: Ingest, file: FileRow, more: (at: string) => readonly Op[]): Promise<void> {
  const build = (at: string): Op[] => [{ op: 'file', tenant: ingest.store.tenant, file }, ...more(at)];
  await writeBatch(ingest.store, ingest.parts.clock, build, ingest.lease.current());
}

function auditRow({ store }: Ingest, file: FileRow, at: string): string {
  return auditBytes({
    at,
    tenant: store.tenant,
    kind: 'file',
    interaction: `file-${file.state}`,
    client: null,
    jti: null,
    type: null,
    id: file.id,
    query: null,
    status: 0,
    outcome: file.state === 'applied' ? 0 : 4,
    reason: file.reason,
    requestId: randomId(),
    // The same as in the file's events: one id follows what it brought.
    correlationId: file.id,
    address: null,
    disclosed: [],
  });
}
