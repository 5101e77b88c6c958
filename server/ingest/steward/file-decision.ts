import { writeBatch } from '../../commit/write-batch.ts';
import { AppError } from '../../core/error.ts';
import { limits } from '../../core/limits.ts';
import type { FileRow, Op, TenantStore } from '../../store/port.ts';
import { fileStateEvents } from '../file-events.ts';
import { underIngestLease } from '../ingest-lease.ts';
import { type Decision, decisionOp, type Stewardship } from './decision.ts';

/**
 * A held file is to be applied although it is out of step or ends too many roles: from here on it is one that is being
 * applied, which `resumeFiles` finishes. Throws `not-found`, and `conflict` for a file that is not held.
 */
export function releaseFile({ parts, tenant, store }: Stewardship, id: string, decision: Decision): Promise<FileRow> {
  return underIngestLease(parts, { tenant, store }, limits.stewardWaitMs, async ({ lease }) => {
    const held = await heldFile(store, id);
    const file: FileRow = { ...held, state: 'applying', reason: null, checkpoint: { after: null, walked: false } };
    const [employer] = tenant.ods;
    const units = employer === undefined ? [] : [{ kind: 'employer' as const, id: employer }];
    const build = (at: string): Op[] => [
      { op: 'file', tenant: store.tenant, file },
      { op: 'work-add', tenant: store.tenant, units, file: id },
      decisionOp(store.tenant, 'file-release', id, decision, at),
    ];
    await writeBatch(store, parts.clock, build, lease.current());
    return file;
  });
}

/** A held file is given up: it uses up neither its name nor its sequence number. Throws as `releaseFile` does. */
export function discardFile({ parts, tenant, store }: Stewardship, id: string, decision: Decision): Promise<FileRow> {
  return underIngestLease(parts, { tenant, store }, limits.stewardWaitMs, async ({ lease }) => {
    const held = await heldFile(store, id);
    const reason = `discarded: ${decision.reason}`;
    const done = (at: string): FileRow => ({ ...held, state: 'discarded', reason, finishedAt: at });
    const build = (at: string): Op[] => [
      { op: 'file', tenant: store.tenant, file: done(at) },
      ...fileStateEvents(store.tenant, done(at), held.state, at),
      decisionOp(store.tenant, 'file-discard', id, decision, at),
    ];
    const { at } = await writeBatch(store, parts.clock, build, lease.current());
    return done(at);
  });
}

/** The file, which must be held. */
export async function heldFile(store: TenantStore, id: string): Promise<FileRow> {
  const file = await store.ledger.file(id);
  if (file === undefined) throw new AppError('not-found', `there is no file ${id}`);
  if (file.state !== 'held') throw new AppError('conflict', `the file is ${file.state}, not held`);
  return file;
}
