import { identify } from '../identify.ts';
import type { FileReport, IngestParts, Source } from '../parts.ts';
import { refuse } from '../receive.ts';
import { reportOf, strangerReport } from '../report.ts';
import { ingestFile } from '../run.ts';
import { unpack } from './unpack.ts';

/**
 * Ingests what a source brings: one file, or those of an archive in sequence order. An archive that cannot be unpacked
 * stands on the ledger as rejected.
 *
 * @param wanted the tenant that the source stands for; without it each file's own VPD decides
 * @returns what became of each file, held ones that became due included
 */
export async function bring(
  parts: IngestParts,
  source: Source,
  wanted: string | undefined,
): Promise<readonly FileReport[]> {
  const { sources, fault } = await unpack(source);
  if (fault !== null) return [await refuseArchive(parts, source, wanted, fault)];
  const reports: FileReport[] = [];
  for (const one of sources) reports.push(...(await ingestFile(parts, one, wanted)));
  return reports;
}

async function refuseArchive(
  parts: IngestParts,
  source: Source,
  wanted: string | undefined,
  fault: string,
): Promise<FileReport> {
  const { tenant, grant } = identify(undefined, wanted, await parts.tenants());
  if (tenant === null || grant === null) return strangerReport(source.name, fault);
  const store = parts.store.tenant(grant);
  const before = source.id === undefined ? undefined : await store.ledger.file(source.id);
  return reportOf(before ?? (await refuse(parts, store, source, fault)), tenant.id);
}
