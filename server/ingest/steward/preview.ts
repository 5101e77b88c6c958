import { limits } from '../../core/limits.ts';
import type { FileRow, ResourceOp, Stage, TenantStore } from '../../store/port.ts';
import { findAbsences } from '../absence.ts';
import type { Ingest } from '../apply.ts';
import { fillStage } from '../fill-stage.ts';
import { underIngestLease } from '../ingest-lease.ts';
import { releaseWaiting } from '../release-waiting.ts';
import { strayWay } from '../source-word.ts';
import type { Stewardship } from './decision.ts';
import { dryStore, missDry, projectDry, walkDry } from './dry-run.ts';
import { heldFile } from './file-decision.ts';
import { recordOverlay } from './record-overlay.ts';

/** What a held file would do. Counts are of resources of the default contract, and of rows where they say so. */
export interface Preview {
  readonly file: string;
  readonly name: string;
  /** Why it is held. */
  readonly reason: string | null;
  /** Why it would be rejected; then it would do nothing. */
  readonly fault: string | null;
  readonly rows: number;
  readonly quarantined: number;
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
  /** False where it changes more than `limits.previewRecordsMax` records: then counts are of the first ones. */
  readonly complete: boolean;
  /** At most `limits.previewExamplesMax` of each kind. */
  readonly examples: readonly PreviewExample[];
}

export interface PreviewExample {
  readonly change: 'created' | 'changed' | 'removed';
  /** `Type/id`. */
  readonly resource: string;
  /** Names of the elements that would differ, of a change. */
  readonly elements: readonly string[];
}

/**
 * Says what releasing a held file would do, by doing it on a store that keeps what it is told to itself: the same
 * validation, diff and projection, and not one write. Throws `not-found`, and `conflict` for a file that is not held.
 */
export function previewFile({ parts, tenant, store }: Stewardship, id: string): Promise<Preview> {
  return underIngestLease(parts, { tenant, store }, limits.ingestWaitMs, async (ingest) => {
    const held = await heldFile(store, id);
    const stage = await store.stage(id);
    try {
      return await dryRun(ingest, held, stage);
    } finally {
      await stage.drop();
    }
  });
}

async function dryRun(ingest: Ingest, held: FileRow, stage: Stage): Promise<Preview> {
  const { id: file, name, reason } = held;
  const filled = await fillStage(ingest, held, stage);
  const { rows } = filled.file;
  const nothing = { created: 0, changed: 0, removed: 0, quarantined: 0, complete: true, examples: [] };
  const fault = filled.fault ?? strayWay(ingest.tenant, filled.file, filled.feed);
  if (fault !== null) return { file, name, reason, fault, rows, ...nothing };
  await releaseWaiting(ingest, stage);
  const overlay = recordOverlay(ingest.store.records);
  const ops: ResourceOp[] = [];
  let bodies = 0;
  const dry = dryStore(ingest.store, overlay, (op) => {
    if (op.contract !== ingest.tenant.contracts[0]) return;
    // Bodies are needed for the first examples alone; those of all changes might not fit.
    const example = op.change === 'update' && bodies < limits.previewExamplesMax;
    if (example) bodies += 1;
    ops.push({ ...op, body: example ? op.body : '', index: [], lineage: null });
  });
  const absences = await findAbsences(ingest, filled, stage);
  const how = { ...ingest.tenant, recordsMax: limits.previewRecordsMax };
  const walked = await walkDry(dry, filled, stage, overlay, how);
  const { quarantined, complete } = walked;
  const units = [...walked.units, ...(await missDry({ ...ingest, store: dry }, filled, absences, overlay))];
  const [employer = ''] = ingest.tenant.ods;
  await projectDry(ingest, dry, file, [{ kind: 'employer', id: employer }, ...units]);
  const counts = { created: count(ops, 'create'), changed: count(ops, 'update'), removed: count(ops, 'delete') };
  const examples = await examplesOf(ingest.store, ops);
  return { file, name, reason, fault: null, rows, quarantined, ...counts, complete, examples };
}

function count(ops: readonly ResourceOp[], change: ResourceOp['change']): number {
  return ops.filter((op) => op.change === change).length;
}

const words = { create: 'created', update: 'changed', delete: 'removed' } as const;

async function examplesOf(store: TenantStore, ops: readonly ResourceOp[]): Promise<readonly PreviewExample[]> {
  const examples: PreviewExample[] = [];
  for (const change of ['create', 'update', 'delete'] as const) {
    for (const op of ops.filter((one) => one.change === change).slice(0, limits.previewExamplesMax)) {
      const elements = change === 'update' ? await differing(store, op) : [];
      examples.push({ change: words[change], resource: `${op.type}/${op.id}`, elements });
    }
  }
  return examples;
}

async function differing(store: TenantStore, op: ResourceOp): Promise<readonly string[]> {
  const before = await store.resources.read(op);
  const old = JSON.parse(before?.body.toString() || '{}') as Record<string, unknown>;
  const now = JSON.parse(op.body) as Record<string, unknown>;
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  names.delete('meta');
  return [...names].filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name])).sort();
}
