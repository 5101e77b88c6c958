import { type Prepared, prepareUnits, writePrepared } from '../commit/publish.ts';
import { londonDate } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { type Unit, unitText } from '../record/unit.ts';
import type { FileRow, TenantStore } from '../store/port.ts';
import { fileAnnouncer } from './announcer.ts';
import type { Ingest } from './apply.ts';

/** What goes into one batch, or is on its way into the store. */
interface Gathered {
  readonly units: readonly Unit[];
  readonly prepared: readonly Prepared[];
  /** Resources that it makes versions of. */
  readonly made: ReadonlySet<string>;
}

const nothing: Gathered = { units: [], prepared: [], made: new Set() };

/**
 * Projects every unit that is due for work until none is left, and writes what differs in batches of so many versions:
 * where little differs, many units make one batch, since what a batch costs is the pages that it touches. While a batch
 * is written the next one is projected. No unit is in two of them; what needs a resource that is changed before it
 * waits until that is written.
 */
export async function publishResources(ingest: Ingest, started: FileRow): Promise<FileRow> {
  const { parts, tenant, store, lease } = ingest;
  const { clock, software, parameters } = parts;
  const today = londonDate(clock.now());
  const projectors = parts.projectors(tenant, store, today);
  const announcer = fileAnnouncer(tenant, started, await store.ledger.files(), today);
  const about = { store, clock, software, parameters, cause: 'file' as const, file: started.id, announcer, projectors };
  let file = started;
  let done = 0;
  let underWay = nothing;
  let written: Promise<void> = Promise.resolve();
  let gathered = nothing;
  let ahead: readonly Unit[] = [];
  const settled = async () => {
    await written;
    underWay = nothing;
  };
  const write = async () => {
    await settled();
    const { units, prepared } = gathered;
    const next = prepared.reduce(withCounts, file);
    written = writePrepared({ ...about, lease: lease.current() }, prepared, () => [
      { op: 'work-done', tenant: store.tenant, units },
      { op: 'file', tenant: store.tenant, file: next },
    ]);
    // Awaited before the next one is written: until then its failure is nobody's.
    written.catch(() => {});
    underWay = { units, prepared: [], made: gathered.made };
    gathered = nothing;
    file = next;
    done += units.length;
    parts.progress?.({ file: file.name, phase: 'publish', done, total: null });
  };
  try {
    for (;;) {
      if (ahead.length === 0) ahead = await unitsLeft(store, [...underWay.units, ...gathered.units]);
      const units = ahead.slice(0, limits.unitsPerBatchMax);
      ahead = ahead.slice(units.length);
      if (units.length === 0 && gathered === nothing && underWay === nothing) return file;
      if (units.length === 0) {
        await (gathered === nothing ? settled() : write());
        continue;
      }
      let prepared = await prepareUnits(about, units);
      if (intersect(prepared.looked, gathered.made)) await write();
      if (intersect(prepared.looked, underWay.made)) {
        await settled();
        prepared = await prepareUnits(about, units);
      }
      gathered = joined(gathered, units, prepared);
      if (isFull(gathered)) await write();
    }
  } finally {
    // Where projecting failed, the batch under way ends first: nobody writes on when the lease is given back.
    await written;
  }
}

/** The next units that are due and not taken: some at once, since those that are taken are read as well. */
async function unitsLeft({ records }: TenantStore, taken: readonly Unit[]): Promise<readonly Unit[]> {
  const names = new Set(taken.map(unitText));
  const work = await records.work(limits.unitsGatheredMax + taken.length);
  return work.map(({ unit }) => unit).filter((unit) => !names.has(unitText(unit)));
}

function joined({ units, prepared, made }: Gathered, more: readonly Unit[], next: Prepared): Gathered {
  return { units: [...units, ...more], prepared: [...prepared, next], made: new Set([...made, ...next.made]) };
}

function isFull({ units, made }: Gathered): boolean {
  return made.size >= limits.versionsPerBatchMin || units.length >= limits.unitsGatheredMax;
}

function intersect(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  for (const name of other) if (one.has(name)) return true;
  return false;
}

function withCounts(file: FileRow, { counts }: Prepared): FileRow {
  const warnings = { ...file.warnings };
  for (const [rule, count] of Object.entries(counts.warnings)) warnings[rule] = (warnings[rule] ?? 0) + count;
  const { created, changed, removed } = file;
  return {
    ...file,
    created: created + counts.created,
    changed: changed + counts.changed,
    removed: removed + counts.removed,
    warnings,
  };
}
