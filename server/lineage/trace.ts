import { limits } from '../core/limits.ts';
import type { RecordKey } from '../record/record.ts';
import { esrIdReference } from '../record/unit.ts';
import type { Lineage } from '../store/lineage.ts';
import type { FileRow, ResourceKey, StoredVersion, TenantStore } from '../store/port.ts';
import { type Notified, notificationsOf } from './notifications.ts';
import { type Read, readsOf } from './reads.ts';

/** File → record → resource version → notification → read, and back: what `esr-fhir lineage --json` prints. */
export interface Trace {
  /** The file that was asked about. */
  readonly file?: TracedFile;
  /** Files that any of the versions came from. */
  readonly files: readonly TracedFile[];
  readonly records: readonly TracedRecord[];
  readonly versions: readonly TracedVersion[];
  /** Events that told somebody of these versions, and what became of each attempt to deliver them. */
  readonly notifications: readonly Notified[];
  readonly reads: readonly Read[];
  /** False where `tracedVersionsMax` or `tracedReadsMax` cut it off. */
  readonly complete: boolean;
}

export type TracedFile = Pick<
  FileRow,
  'id' | 'name' | 'kind' | 'sha256' | 'sequence' | 'source' | 'receivedAt' | 'state'
>;

/** `line` is 1-based; a record of several slices has several lines. */
export interface TracedRecord extends RecordKey {
  readonly file: string;
  readonly line: number;
}

export interface TracedVersion extends ResourceKey {
  readonly version: number;
  readonly sequence: number;
  readonly at: string;
  readonly change: StoredVersion['change'];
  readonly file: string | null;
  readonly cause: Lineage['cause'] | null;
  readonly mapping: string | null;
  readonly software: string | null;
}

type Version = Omit<StoredVersion, 'body'>;

/** Forward from a file (ledger id): its records, the versions that its ingest made, who read those. */
export async function traceFile(store: TenantStore, id: string): Promise<Trace | undefined> {
  const file = await store.ledger.file(id);
  if (file === undefined) return undefined;
  const versions = await store.ledger.versionsOf(id);
  const kept = versions.slice(0, limits.tracedVersionsMax);
  const names = new Set(kept.map(({ type, id: resource, version }) => `${type}/${resource}/${version}`));
  const { reads, complete } = await readsOf(store.audit, resourcesOf(kept), names);
  const traced = await traceVersions(store, kept);
  const stated = (await store.records.byFile(id)).flatMap(({ type, id: record, slices }) =>
    slices.map(({ line }) => ({ type, id: record, file: id, line })),
  );
  return {
    file: fileOf(file),
    ...traced,
    records: inOrder([...stated, ...traced.records.filter((record) => record.file === id)]),
    notifications: await notificationsOf(store, [...names]),
    reads,
    complete: complete && kept.length === versions.length,
  };
}

/** Back from a resource, in every contract that has it, to its records and files, and forward to its reads. */
export async function traceResource(
  store: TenantStore,
  resource: { readonly type: string; readonly id: string },
  contracts: readonly string[],
): Promise<Trace | undefined> {
  const keys = contracts.map((contract) => ({ contract, type: resource.type, id: resource.id }));
  const trace = await traceResources(store, keys);
  return trace.versions.length === 0 ? undefined : trace;
}

/**
 * Back and forward from an ESR person id: everything published of that person, who may be known by a number since
 * before ESR's id came (decision 0008).
 */
export async function tracePerson(store: TenantStore, esrId: string): Promise<Trace | undefined> {
  const [joined] = await store.records.referring([esrIdReference('person', esrId)]);
  const person = joined?.id ?? esrId;
  const heads = await store.resources.owned([{ kind: 'person', id: person }]);
  const records = await personRecords(store, person);
  if (heads.length === 0 && records.length === 0) return undefined;
  const trace = await traceResources(store, heads);
  return { ...trace, records: inOrder([...records, ...trace.records]) };
}

/** The person's own records as the store has them, also those that nothing published shows (an applicant's). */
async function personRecords(store: TenantStore, id: string): Promise<readonly TracedRecord[]> {
  const person = { type: 'person', id } as const;
  const keys = [person, ...(await store.records.referring([person]))];
  const records = await store.records.get(keys);
  return records.flatMap((record) =>
    record.slices.map(({ line }) => ({ type: record.type, id: record.id, file: record.file, line })),
  );
}

async function traceResources(store: TenantStore, keys: readonly ResourceKey[]): Promise<Trace> {
  const versions: Version[] = [];
  for (const key of keys) {
    const room = limits.tracedVersionsMax + 1 - versions.length;
    if (room > 0) versions.push(...(await store.resources.history(key, { count: room })));
  }
  const kept = versions.slice(0, limits.tracedVersionsMax).sort((a, b) => a.sequence - b.sequence);
  const { reads, complete } = await readsOf(store.audit, resourcesOf(kept));
  return {
    ...(await traceVersions(store, kept)),
    notifications: await notificationsOf(
      store,
      kept.map(({ type, id, version }) => `${type}/${id}/${version}`),
    ),
    reads,
    complete: complete && kept.length === versions.length,
  };
}

async function traceVersions(
  store: TenantStore,
  versions: readonly Version[],
): Promise<Pick<Trace, 'files' | 'records' | 'versions'>> {
  const files = new Map<string, TracedFile>();
  const records: TracedRecord[] = [];
  const traced: TracedVersion[] = [];
  for (const version of versions) {
    const lineage = await store.ledger.lineage(version, version.version);
    for (const source of lineage?.sources ?? []) {
      const { type, id, file } = source;
      records.push(...source.lines.map((line) => ({ type, id, file, line })));
    }
    for (const id of [lineage?.file, ...(lineage?.sources ?? []).map(({ file }) => file)]) {
      if (typeof id !== 'string' || files.has(id)) continue;
      const file = await store.ledger.file(id);
      if (file !== undefined) files.set(id, fileOf(file));
    }
    traced.push(versionOf(version, lineage));
  }
  return { files: [...files.values()], records: inOrder(records), versions: traced };
}

function versionOf(stored: Version, lineage: Lineage | undefined): TracedVersion {
  const { contract, type, id, version, sequence, at, change } = stored;
  const { file = null, cause = null, mapping = null, software = null } = lineage ?? {};
  return { contract, type, id, version, sequence, at, change, file, cause, mapping, software };
}

function fileOf({ id, name, kind, sha256, sequence, source, receivedAt, state }: FileRow): TracedFile {
  return { id, name, kind, sha256, sequence, source, receivedAt, state };
}

function resourcesOf(versions: readonly Version[]): readonly string[] {
  return [...new Set(versions.map(({ type, id }) => `${type}/${id}`))];
}

/** Once each, by file and line. */
function inOrder(records: readonly TracedRecord[]): readonly TracedRecord[] {
  const once = new Map(records.map((record) => [`${record.file} ${record.line} ${record.type}/${record.id}`, record]));
  return [...once.values()].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}
