import { limits } from '../core/limits.ts';
import type { HeldLease } from '../jobs/lease.ts';
import { withLease } from '../jobs/lease.ts';
import type { FileRow, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { applyRecords, type Ingest, publishResources } from './apply.ts';
import { conclude, hold, reject, startApplying, supersede } from './conclude.ts';
import { fillStage } from './fill-stage.ts';
import { identify } from './identify.ts';
import type { FileReport, IngestParts, Source } from './parts.ts';
import { peekVpd } from './peek.ts';
import { receive, refuse } from './receive.ts';
import { releaseWaiting } from './release-waiting.ts';
import { knownReport, reportOf, strangerReport } from './report.ts';
import { afterApplied, checkPlace, placeOf } from './sequence.ts';

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
  const vpd = await peekVpd(source);
  const { tenant, grant, refusal } = identify(vpd, wanted, await parts.tenants());
  if (tenant === null || grant === null) return [strangerReport(source.name, refusal ?? '')];
  const store = parts.store.tenant(grant);
  if (refusal !== null) return [reportOf(await refuse(parts, store, source, refusal), tenant.id)];
  return underLease(parts, tenant, store, async (ingest) => {
    const received = await receive(parts, store, source);
    if (received.is === 'new') return run(ingest, received.file);
    const unfinished = received.file.state === 'received' || received.file.state === 'applying';
    return unfinished ? run(ingest, received.file) : [knownReport(received.file, source.name, tenant.id)];
  });
}

/** Finishes the files that a stopped process left unfinished, oldest first. */
export async function resumeFiles(parts: IngestParts, tenantId: string): Promise<readonly FileReport[]> {
  const { tenant, grant } = identify(undefined, tenantId, await parts.tenants());
  if (tenant?.status !== 'active' || grant === null) return [];
  const store = parts.store.tenant(grant);
  if ((await unfinished(store)).length === 0) return [];
  return underLease(parts, tenant, store, async (ingest) => {
    const reports: FileReport[] = [];
    for (const file of await unfinished(store)) reports.push(...(await run(ingest, file)));
    return reports;
  });
}

/** Files that are received or half applied; those being applied come first: they hold the ledger's next place. */
export async function unfinished(store: TenantStore): Promise<readonly FileRow[]> {
  const files = [...(await store.ledger.files())].reverse();
  return [...files.filter((file) => file.state === 'applying'), ...files.filter((file) => file.state === 'received')];
}

function underLease<T>(
  parts: IngestParts,
  tenant: Tenant,
  store: TenantStore,
  work: (ingest: Ingest) => Promise<T>,
): Promise<T> {
  const go = (lease: HeldLease) => work({ parts, tenant, store, lease });
  return withLease(parts.store.system.leases, `ingest/${tenant.id}`, parts.clock, limits.ingestWaitMs, go);
}

async function run(ingest: Ingest, first: FileRow): Promise<readonly FileReport[]> {
  const reports: FileReport[] = [];
  for (let file: FileRow | undefined = first; file !== undefined; ) {
    const done: FileRow = await runFile(ingest, file);
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
async function runFile(ingest: Ingest, received: FileRow): Promise<FileRow> {
  const began = Date.now();
  const stage = await ingest.store.stage(received.id);
  try {
    const { file, fault } = await fillStage(ingest, received, stage);
    if (fault !== null) return await reject(ingest, file, fault, began);
    const placed = received.state === 'applying' || checkPlace(placeOf(file), await ingest.store.ledger.files());
    if (placed !== true && !placed.ready) return await hold(ingest, file, placed.reason, began);
    await releaseWaiting(ingest, stage);
    const applying = await startApplying(ingest, received, file);
    const applied = await applyRecords(ingest, applying, stage);
    const published = await publishResources(ingest, applied);
    return await conclude(ingest, published, began);
  } finally {
    await stage.drop();
  }
}
