import type { Clock } from '../core/clock.ts';
import { derivedId } from '../core/id.ts';
import { keyText } from '../record/record.ts';
import { type Unit, unitText } from '../record/unit.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { Lineage, LineageSource } from '../store/lineage.ts';
import type { ExceptionRow, Lease, Op, ResourceHead, TenantStore } from '../store/port.ts';
import { type Announcer, announcementOps } from './announce.ts';
import type { ProjectedUnit, Projector, PublishedWarning } from './projected.ts';
import { type Publication, type ResourceChange, resourceChanges, type Standing } from './resource-ops.ts';
import { writeBatch } from './write-batch.ts';

export interface PublishCounts {
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
  /** New warnings by rule. */
  readonly warnings: Readonly<Record<string, number>>;
}

export interface Publishing {
  readonly store: TenantStore;
  readonly clock: Clock;
  readonly lease?: Lease;
  readonly software: string;
  readonly parameters: SearchParameters;
  readonly cause: Lineage['cause'];
  /** The file whose ingest made the units due. */
  readonly file: string | null;
  /** Tells what happened; left out: no events, and nothing is remembered. */
  readonly announcer?: Announcer;
  /** One projector per live contract of the tenant, the default contract first. */
  readonly projectors: readonly { readonly contract: string; readonly projector: Projector }[];
}

/** What units' projections come to, before it is written. */
export interface Prepared {
  readonly counts: PublishCounts;
  readonly ops: (at: string) => readonly Op[];
  /** `contract/Type/id` of every resource whose stored state was looked at, and of those that a version is made of. */
  readonly looked: ReadonlySet<string>;
  readonly made: ReadonlySet<string>;
}

/**
 * Projects units and writes what differs, with their warnings and next due dates, as one batch in which `finish` (the
 * ledger row, the finished work) goes too. Counts are those of the default contract.
 */
export async function publishUnits(
  publishing: Publishing,
  units: readonly Unit[],
  finish: (counts: PublishCounts, at: string) => readonly Op[],
): Promise<PublishCounts> {
  const prepared = await prepareUnits(publishing, units);
  await writePrepared(publishing, [prepared], (at) => finish(prepared.counts, at));
  return prepared.counts;
}

/** Commits what was prepared, in that order as one batch, with what `finish` adds. */
export async function writePrepared(
  { store, clock, lease }: Publishing,
  prepared: readonly Prepared[],
  finish: (at: string) => readonly Op[],
): Promise<void> {
  await writeBatch(store, clock, (at) => [...prepared.flatMap(({ ops }) => ops(at)), ...finish(at)], lease);
}

/**
 * Projects units and compares with what stands. Another batch may be under way meanwhile, of other units: where that
 * one makes a version (`made`) of a resource that this one `looked` at, it must be prepared again.
 */
export async function prepareUnits(publishing: Publishing, units: readonly Unit[]): Promise<Prepared> {
  const { store } = publishing;
  const owned = await store.resources.owned(units);
  const open = await store.ledger.exceptions({ units, state: 'open', severity: 'warning' });
  const changes: ResourceChange[] = [];
  const ops: ((at: string) => readonly Op[])[] = [];
  const looked = new Set<string>();
  const made = new Set<string>();
  let counts: PublishCounts = { created: 0, changed: 0, removed: 0, warnings: {} };
  for (const [position, { contract, projector }] of publishing.projectors.entries()) {
    const projections = await projector.project(units);
    const publication = publicationOf(publishing, contract, projector);
    const standing = await headsOf(store, contract, owned, projections);
    const changed = resourceChanges(publication, projections, standing);
    changes.push(...changed);
    for (const name of standing.keys()) looked.add(`${contract}/${name}`);
    for (const { resources } of projections) {
      for (const { type, id } of resources) looked.add(`${contract}/${type}/${id}`);
    }
    for (const { type, id } of changed) made.add(`${contract}/${type}/${id}`);
    if (position > 0) continue;
    const warnings = warningOps(publishing, projections, projector, open);
    // Made now: what waits for its batch must not hold all that was projected.
    const dues = projections.map((projected) => dueOp(store.tenant, projected));
    ops.push(warnings.ops, () => dues);
    const { announcer } = publishing;
    if (announcer !== undefined) {
      ops.push(await announcementOps(store, announcer, contract, projections, standing, changed));
    }
    counts = { ...countChanges(changed), warnings: warnings.opened };
  }
  const all = (at: string) => [...changes.map((change) => change.op(at)), ...ops.flatMap((op) => op(at))];
  return { counts, ops: all, looked, made };
}

/**
 * What stands of the units' resources, and of those that are projected for the first time by these units: an
 * assignment that moved to another person is a new version of the same role.
 */
async function headsOf(
  store: TenantStore,
  contract: string,
  owned: readonly ResourceHead[],
  projections: readonly ProjectedUnit[],
): Promise<Standing> {
  const heads = new Map<string, ResourceHead>();
  for (const head of owned) if (head.contract === contract) heads.set(`${head.type}/${head.id}`, head);
  const projected = projections.flatMap((one) => one.resources);
  const unknown = projected.filter(({ type, id }) => !heads.has(`${type}/${id}`));
  const others = await store.resources.heads(unknown.map(({ type, id }) => ({ contract, type, id })));
  for (const head of others) heads.set(`${head.type}/${head.id}`, head);
  return heads;
}

function publicationOf(publishing: Publishing, contract: string, projector: Projector): Publication {
  const { cause, file, software } = publishing;
  return {
    tenant: publishing.store.tenant,
    contract,
    parameters: publishing.parameters,
    lineage: (projected) => {
      const sources: LineageSource[] = [];
      for (const key of projected?.sources ?? []) {
        const origin = projector.origin(key);
        if (origin !== undefined) sources.push({ type: key.type, id: key.id, ...origin });
      }
      return { file, cause, sources, mapping: projector.mapping, software };
    },
  };
}

function countChanges(changes: readonly ResourceChange[]): Omit<PublishCounts, 'warnings'> {
  const count = (change: ResourceChange['change']) => changes.filter((one) => one.change === change).length;
  return { created: count('create'), changed: count('update'), removed: count('delete') };
}

function dueOp(tenant: string, projected: ProjectedUnit): Op {
  return { op: 'due', tenant, unit: projected.unit, on: projected.due };
}

/** Opens the warnings that a projection has now and closes those it has no more; a standing one is left alone. */
function warningOps(
  { store, file }: Publishing,
  projections: readonly ProjectedUnit[],
  projector: Projector,
  open: readonly ExceptionRow[],
): { ops: (at: string) => readonly Op[]; opened: Record<string, number> } {
  const standing = new Map(open.map((exception) => [exception.id, exception]));
  const fresh: { id: string; unit: Unit; warning: PublishedWarning; origin: ReturnType<Projector['origin']> }[] = [];
  const opened: Record<string, number> = {};
  for (const projected of projections) {
    for (const warning of projected.warnings) {
      const id = derivedId(
        store.tenant,
        'warning',
        unitText(projected.unit),
        warning.rule,
        keyText(warning.record),
        warning.field ?? '',
      );
      if (standing.delete(id) || fresh.some((one) => one.id === id)) continue;
      fresh.push({ id, unit: projected.unit, warning, origin: projector.origin(warning.record) });
      opened[warning.rule] = (opened[warning.rule] ?? 0) + 1;
    }
  }
  const ops = (at: string): Op[] => [
    ...fresh.map(({ id, unit, warning, origin }): Op => {
      const exception: ExceptionRow = {
        id,
        file: origin?.file ?? file ?? '',
        line: origin?.lines[0] ?? 0,
        record: warning.record,
        rule: warning.rule,
        severity: 'warning',
        field: warning.field,
        message: warning.message,
        owner: 'data-steward',
        state: 'open',
        since: at,
        closedAt: null,
        unit,
        waitsFor: warning.waitsFor,
        row: null,
      };
      return { op: 'exception', tenant: store.tenant, exception };
    }),
    ...[...standing.values()].map(
      (exception): Op => ({
        op: 'exception',
        tenant: store.tenant,
        exception: { ...exception, state: 'closed', closedAt: at },
      }),
    ),
  ];
  return { ops, opened };
}
