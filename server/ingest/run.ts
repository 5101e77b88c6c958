import { limits } from '../core/limits.ts';
import type { FileRow, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { applyAbsences, findAbsences, removalDoubt } from './absence.ts';
import { applyRecords, type Ingest } from './apply.ts';
import { Arrival } from './arrival.ts';
import { conclude, hold, reject, startApplying, supersede } from './conclude.ts';
import { withLeft } from './csv-repeat.ts';
import { fillStage } from './fill-stage.ts';
import type { CsvProfile } from './formats/csv/profile.ts';
import { identify } from './identify.ts';
import { underIngestLease } from './ingest-lease.ts';
import { rawBlob } from './ledger.ts';
import type { FileReport, IngestParts, Source } from './parts.ts';
import { peekVpd } from './peek.ts';
import { hasWorkLeft, publishLeft } from './publish-left.ts';
import { publishResources } from './publish-resources.ts';
import { receive, refuse } from './receive.ts';
import { releaseWaiting } from './release-waiting.ts';
import { knownReport, reportOf, strangerReport } from './report.ts';
import { isOutdated, makeOutdatedDue } from './republish.ts';
import { afterApplied, checkPlace, isDue, placeOf } from './sequence.ts';
import { strayWay } from './source-word.ts';
import { unpack } from './sources/unpack.ts';

/**
 * Ingests one file, and then the held files that it made due. Faults of the file are states of the report, not
 * exceptions. Under the tenant's ingest lease: waits while another process ingests for that tenant.
 *
 * @param wanted the tenant that the source stands for; without it the file's own VPD decides
 */
export async function ingestFile(
  parts: IngestParts,
  source: Source,
  wanted: string | undefined,
): Promise<readonly FileReport[]> {
  const tenants = await parts.tenants();
  const vpd = await peekVpd(source, profilesOf(parts, tenants, wanted));
  const { tenant, grant, refusal } = identify(vpd, wanted, tenants);
  if (tenant === null || grant === null) return [strangerReport(source.name, refusal ?? '')];
  const store = parts.store.tenant(grant);
  const before = source.id === undefined ? undefined : await store.ledger.file(source.id);
  if (before !== undefined && !isUnfinished(before)) return [reportOf(before, tenant.id)];
  if (refusal !== null) return [reportOf(await refuse(parts, store, source, refusal), tenant.id)];
  return underIngestLease(parts, { tenant, store }, limits.ingestWaitMs, async (ingest) => {
    await keepUp(ingest);
    return take(ingest, source);
  });
}

/** What the tenant's settings changed is published before a file, whose counts are its own. */
async function keepUp(ingest: Ingest): Promise<void> {
  if (!(await isOutdated(ingest.parts, ingest.tenant))) return;
  if ((await ingest.store.ledger.files()).some(({ state }) => state === 'applying')) return;
  await makeOutdatedDue(ingest);
  await publishLeft(ingest);
}

/** The profiles that may know the file: those of the tenant that the source names, else everybody's. */
function profilesOf(parts: IngestParts, tenants: readonly Tenant[], wanted: string | undefined): readonly CsvProfile[] {
  const candidates = tenants.filter(({ id }) => wanted === undefined || id === wanted);
  const profiles = candidates.flatMap((tenant) => {
    try {
      return parts.csvProfiles(tenant);
    } catch {
      // The tenant's own files say what is wrong with its profiles; those of others must not stop here.
      return [];
    }
  });
  return [...new Set(profiles)];
}

async function take(ingest: Ingest, source: Source): Promise<readonly FileReport[]> {
  const { parts, tenant, store } = ingest;
  const arrival = new Arrival(parts.software, tenant, source.name, profilesOf(parts, [tenant], tenant.id));
  const { is, file } = await receive(parts, store, source, arrival);
  if (is === 'new' || isUnfinished(file)) return run(ingest, file, arrival);
  return [knownReport(file, source.name, ingest.tenant.id)];
}

function isUnfinished({ state }: FileRow): boolean {
  return state === 'received' || state === 'applying';
}

/** Finishes the files that a stopped process left unfinished, or an upload brought, oldest first. */
export async function resumeFiles(parts: IngestParts, tenantId: string): Promise<readonly FileReport[]> {
  const { tenant, grant } = identify(undefined, tenantId, await parts.tenants());
  if (tenant?.status !== 'active' || grant === null) return [];
  const store = parts.store.tenant(grant);
  if (!(await isOutdated(parts, tenant)) && (await unfinished(store)).length === 0 && !(await hasWorkLeft(store))) {
    return [];
  }
  return underIngestLease(parts, { tenant, store }, limits.ingestWaitMs, async (ingest) => {
    const reports: FileReport[] = [];
    for (const file of await unfinished(store)) {
      reports.push(...(await (file.format === 'zip' ? runZip(ingest, file) : run(ingest, file))));
    }
    await makeOutdatedDue(ingest);
    await publishLeft(ingest);
    return reports;
  });
}

/** The files of an uploaded zip archive, whose own ledger row tells what became of them. Ids are derived: a restart
 * finds those that are done. */
async function runZip(ingest: Ingest, zip: FileRow): Promise<readonly FileReport[]> {
  const { parts, tenant, store } = ingest;
  const began = Date.now();
  const { id, name, source } = zip;
  const { sources, fault } = await unpack({ id, name, source, open: () => store.blobs.get(rawBlob(id)) });
  const reports: FileReport[] = [];
  const outcomes: string[] = [];
  for (const member of sources) {
    const { refusal } = identify(await peekVpd(member, parts.csvProfiles(tenant)), tenant.id, [tenant]);
    const done = member.id === undefined ? undefined : await store.ledger.file(member.id);
    const made =
      done !== undefined && !isUnfinished(done)
        ? [reportOf(done, tenant.id)]
        : refusal === null
          ? await take(ingest, member)
          : [reportOf(await refuse(parts, store, member, refusal), tenant.id)];
    reports.push(...made);
    outcomes.push(made[0]?.state ?? '');
  }
  const refused = fault ?? (outcomes.includes('rejected') ? 'files of the archive were rejected' : null);
  const done = refused === null ? await conclude(ingest, zip, began) : await reject(ingest, zip, refused, began);
  return [reportOf(done, tenant.id), ...reports];
}

/**
 * Files that are received or half applied, or held though their turn has come. Those being applied come first: they
 * hold the ledger's next place.
 */
export async function unfinished(store: TenantStore): Promise<readonly FileRow[]> {
  const files = [...(await store.ledger.files())].reverse();
  const due = files.filter((file) => isDue(file, files)).slice(0, 1);
  const inState = (state: FileRow['state']) => files.filter((file) => file.state === state);
  return [...inState('applying'), ...inState('received'), ...due];
}

async function run(ingest: Ingest, first: FileRow, arrival?: Arrival): Promise<readonly FileReport[]> {
  const reports: FileReport[] = [];
  for (let file: FileRow | undefined = first; file !== undefined; ) {
    const done: FileRow = await runFile(ingest, file, file === first ? arrival : undefined);
    reports.push(reportOf(done, ingest.tenant.id));
    file = undefined;
    if (done.state === 'applied') {
      const { superseded, next } = afterApplied(done, await ingest.store.ledger.files());
      for (const covered of superseded) await supersede(ingest, covered, done);
      file = next;
    }
  }
  return reports;
}

/** The data's path (architecture.md), one file: read downward. */
async function runFile(ingest: Ingest, received: FileRow, arrival?: Arrival): Promise<FileRow> {
  const began = Date.now();
  const stage = await ingest.store.stage(received.id);
  try {
    const filled = await fillStage(ingest, received, stage, arrival);
    arrival?.forget();
    const { file, fault, doubt, feed, lines } = filled;
    const refused = fault ?? strayWay(ingest.tenant, file, feed);
    if (refused !== null) return await reject(ingest, file, refused, began);
    const absences = await findAbsences(ingest, filled, stage);
    const decided = received.state === 'applying';
    const reason = decided
      ? null
      : (doubt ?? (await outOfPlace(ingest, file)) ?? (await removalDoubt(ingest, file, absences)));
    if (reason !== null) return await hold(ingest, file, reason, began);
    await releaseWaiting(ingest, stage);
    const applying = await startApplying(ingest, received, file);
    const applied = await applyRecords(ingest, applying, stage, feed, lines);
    const noted = await applyAbsences(ingest, applied, feed, absences);
    // Its memory and its disk space are wanted now.
    await stage.drop();
    const published = await publishResources(ingest, noted);
    return await conclude(ingest, await withLeft(published, ingest.store.records), began);
  } finally {
    await stage.drop();
  }
}

/** Why the file must wait for another; null where it may be applied. A file without a sequence comes when it comes. */
async function outOfPlace({ store }: Ingest, file: FileRow): Promise<string | null> {
  if (file.sequence === null) return null;
  const placed = checkPlace(placeOf(file), await store.ledger.files());
  return placed.ready ? null : placed.reason;
}
