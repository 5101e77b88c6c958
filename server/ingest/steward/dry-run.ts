import { publishUnits } from '../../commit/publish.ts';
import { londonDate } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import { type Unit, unitText } from '../../record/unit.ts';
import type { ResourceOp, Stage, StagedGroup, TenantStore } from '../../store/port.ts';
import type { Tenant } from '../../tenancy/tenant.ts';
import { type Absences, absenceOps } from '../absence.ts';
import type { Ingest } from '../apply.ts';
import type { Filled } from '../filled.ts';
import { joinOf } from '../join.ts';
import { feedsBeside } from '../released-row.ts';
import { walkChunk } from '../walk.ts';
import type { RecordOverlay } from './record-overlay.ts';

/** The tenant's store with the overlay's records; the resources that it is to write go to `take` and nowhere else. */
export function dryStore(store: TenantStore, overlay: RecordOverlay, take: (op: ResourceOp) => void): TenantStore {
  return {
    ...store,
    records: overlay.reader,
    async transact(batch, at) {
      for (const op of batch) if (op.op === 'resource') take(op);
      return { sequence: 0, at };
    },
  };
}

/** What the walk over a staged file came to. */
export interface DryWalk {
  readonly units: readonly Unit[];
  /** Rows. */
  readonly quarantined: number;
  readonly bad: readonly StagedGroup[];
  /** False where the walk stopped at `recordsMax` changed records. */
  readonly complete: boolean;
}

/** Validates and diffs a staged file as an ingest does; the changed records go into the overlay. */
export async function walkDry(
  dry: TenantStore,
  { file, feed, lines }: Filled,
  stage: Stage,
  overlay: RecordOverlay,
  { rules = [], recordsMax }: Pick<Tenant, 'rules'> & { readonly recordsMax: number },
): Promise<DryWalk> {
  const join = await joinOf(dry.records);
  const units = new Map<string, Unit>();
  const bad: StagedGroup[] = [];
  let quarantined = 0;
  let after = null;
  for (;;) {
    const groups = await stage.groups(after, limits.rowsPerChunkMax);
    const last = groups.at(-1);
    if (last === undefined || overlay.size() > recordsMax) {
      const rows = lines?.counts().quarantined ?? quarantined;
      return { units: [...units.values()], quarantined: rows, bad, complete: last === undefined };
    }
    const chunk = await walkChunk(dry, file.id, groups, { feedOf: feedsBeside(feed), rules, join });
    for (const { group, fate } of chunk.fates) {
      for (const row of group.rows) if (row.from === null) lines?.settle(row, fate);
      if (fate === 'quarantined') bad.push(group);
    }
    quarantined += chunk.quarantined;
    for (const op of chunk.ops('')) {
      overlay.apply(op);
      for (const unit of op.op === 'work-add' ? op.units : []) units.set(unitText(unit), unit);
    }
    after = { rank: last.rank, id: last.key.id };
  }
}

/** Ends the roles that a full file ends by its silence. */
export async function missDry(
  ingest: Ingest,
  { file, feed }: Filled,
  absences: Absences,
  overlay: RecordOverlay,
): Promise<readonly Unit[]> {
  const units: Unit[] = [];
  for await (const ops of absenceOps(ingest, file, feed, absences)) {
    for (const op of ops) {
      overlay.apply(op);
      if (op.op === 'work-add') units.push(...op.units);
    }
  }
  return units;
}

/** Projects units from the overlay's records, as of today. */
export async function projectDry(
  { parts, tenant }: Ingest,
  dry: TenantStore,
  file: string,
  units: readonly Unit[],
): Promise<void> {
  const projectors = parts.projectors(tenant, dry, londonDate(parts.clock.now()));
  const publishing = { ...parts, store: dry, cause: 'file' as const, file, projectors };
  for (let at = 0; at < units.length; at += limits.unitsPerBatchMax) {
    await publishUnits(publishing, units.slice(at, at + limits.unitsPerBatchMax), () => []);
  }
}
