import type { RecordKey } from '../record/record.ts';
import type { Unit } from '../record/unit.ts';
import { unitText } from '../record/unit.ts';
import type { Op, ResourceHead, TenantStore } from '../store/port.ts';
import type { ProjectedUnit, PublishedResource } from './projected.ts';
import type { ResourceChange, Standing } from './resource-ops.ts';

/** What a batch does to a unit's resources: the shape that `topics` reads, restated because commit knows no topics. */
export interface UnitChange {
  readonly unit: Unit;
  readonly resources: readonly {
    readonly type: string;
    readonly id: string;
    readonly version: number;
    readonly change: ResourceChange['change'] | null;
    readonly before: PublishedResource | null;
    readonly after: PublishedResource | null;
    readonly record: RecordKey | null;
    readonly holders?: readonly string[];
  }[];
  readonly announcement: string | null;
}

export interface Announcer {
  /** The events of a unit's change, and what is to be remembered of it (null: nothing). */
  readonly announce: (change: UnitChange) => {
    readonly events: readonly { readonly topic: string; readonly body: (at: string) => string }[];
    readonly announcement: string | null;
  };
}

/**
 * The events of a batch and what it leaves to remember, as ops. What did not change costs one look at what is
 * remembered of it; bodies as they were are read of changed resources alone.
 *
 * @param made the versions that the batch makes in `contract`
 */
export async function announcementOps(
  store: TenantStore,
  announcer: Announcer,
  contract: string,
  projections: readonly ProjectedUnit[],
  standing: Standing,
  made: readonly ResourceChange[],
): Promise<(at: string) => readonly Op[]> {
  const { tenant } = store;
  const remembered = await store.records.announcements(projections.map(({ unit }) => unit));
  const changes = new Map(made.map((change) => [`${change.type}/${change.id}`, change]));
  const before = await bodiesBefore(store, contract, standing, changes);
  const owners = headsByUnit(standing);
  const ops: ((at: string) => Op)[] = [];
  for (const projected of projections) {
    const { unit } = projected;
    const text = unitText(unit);
    const announcement = remembered.get(text) ?? null;
    const owned = owners.get(text) ?? [];
    if (announcement === null && !isTouched(projected, owned, changes)) continue;
    const resources = changesOf(projected, owned, standing, changes, before);
    const told = announcer.announce({ unit, resources, announcement });
    for (const { topic, body } of told.events) ops.push((at) => ({ op: 'event', tenant, topic, body: body(at) }));
    if (told.announcement === announcement) continue;
    ops.push(() => ({ op: 'announcement', tenant, unit, body: told.announcement }));
  }
  return (at) => ops.map((op) => op(at));
}

/** Whose versions the batch makes; and a position that is held, since who holds it shows nowhere else. */
function isTouched(
  { resources }: ProjectedUnit,
  owned: readonly ResourceHead[],
  changes: ReadonlyMap<string, ResourceChange>,
): boolean {
  const named = (one: { readonly type: string; readonly id: string }) => changes.has(`${one.type}/${one.id}`);
  return resources.some((one) => named(one) || (one.holders ?? []).length > 0) || owned.some(named);
}

/** Resources as they were, by `Type/id`, of those that an update or a delete changes. */
async function bodiesBefore(
  store: TenantStore,
  contract: string,
  standing: Standing,
  changes: ReadonlyMap<string, ResourceChange>,
): Promise<ReadonlyMap<string, PublishedResource>> {
  const live = [...changes].flatMap(([name, { type, id }]) => {
    const head = standing.get(name);
    return head === undefined || head.deleted ? [] : [{ contract, type, id }];
  });
  const versions = live.length === 0 ? [] : await store.resources.readMany(live);
  return new Map(
    versions.map(({ type, id, body }) => [`${type}/${id}`, JSON.parse(body.toString()) as PublishedResource]),
  );
}

function headsByUnit(standing: Standing): ReadonlyMap<string, readonly ResourceHead[]> {
  const owners = new Map<string, ResourceHead[]>();
  for (const head of standing.values()) {
    if (head.unit === null || head.deleted) continue;
    const owner = unitText(head.unit);
    const owned = owners.get(owner);
    if (owned === undefined) owners.set(owner, [head]);
    else owned.push(head);
  }
  return owners;
}

/** A resource that another unit owned comes as a new one; for that unit it is gone. */
function changesOf(
  { unit, resources }: ProjectedUnit,
  owned: readonly ResourceHead[],
  standing: Standing,
  changes: ReadonlyMap<string, ResourceChange>,
  before: ReadonlyMap<string, PublishedResource>,
): UnitChange['resources'] {
  const shown = resources.map(({ type, id, resource, sources, holders }) => {
    const name = `${type}/${id}`;
    const change = changes.get(name);
    const head = standing.get(name);
    const own = head?.unit !== null && head?.unit !== undefined && unitText(head.unit) === unitText(unit);
    return {
      ...{ type, id, version: change?.version ?? head?.version ?? 0, change: change?.change ?? null },
      before: change === undefined ? resource : own ? (before.get(name) ?? null) : null,
      after: resource,
      record: sources[0] ?? null,
      ...(holders === undefined ? {} : { holders }),
    };
  });
  const names = new Set(shown.map(({ type, id }) => `${type}/${id}`));
  const gone = owned.flatMap(({ type, id, version }) => {
    const name = `${type}/${id}`;
    if (names.has(name)) return [];
    const change = changes.get(name);
    const was = before.get(name) ?? null;
    return [
      {
        type,
        id,
        version: change?.version ?? version,
        change: 'delete' as const,
        before: was,
        after: null,
        record: null,
      },
    ];
  });
  return [...shown, ...gone];
}
