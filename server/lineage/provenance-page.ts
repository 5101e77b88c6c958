import type { Provenance } from '@medplum/fhirtypes';
import { AppError } from '../core/error.ts';
import type { FileRow, StoredVersion, TenantStore } from '../store/port.ts';
import { type ProvenanceContext, renderProvenance, sourceFiles } from './provenance.ts';
import { provenanceTarget } from './provenance-id.ts';

type Rendered = Provenance & { id: string };
type Context = ProvenanceContext & { readonly contract: string };

/** Where a page begins: at a target of the request, below a version of it. */
interface Position {
  readonly target: number;
  readonly before: number | undefined;
}

/**
 * `Provenance?target=`: of each target (`Type/id`, `Type/id/_history/n`), in the order of the request, the newest
 * version first. Versions that came from no ESR data have no Provenance.
 */
export async function provenancePage(
  store: TenantStore,
  context: Context,
  targets: readonly string[],
  page: { readonly count: number; readonly after?: string },
): Promise<{ readonly resources: readonly Rendered[]; readonly next?: string }> {
  const resources: Rendered[] = [];
  const files = fileCache(store);
  let at: Position = page.after === undefined ? { target: 0, before: undefined } : parsePosition(page.after);
  if (page.count === 0) return { resources };
  for (let target = targets[at.target]; target !== undefined; target = targets[at.target]) {
    // One more than the page holds says that there is a next page.
    const room = page.count - resources.length + 1;
    const versions = await versionsOf(store, context.contract, target, at.before, room);
    for (const version of versions) {
      if (resources.length === page.count) return { resources, next: `${at.target}:${at.before ?? ''}` };
      const provenance = await provenanceOf(store, context, version, files);
      if (provenance !== undefined) resources.push(provenance);
      at = { target: at.target, before: version.version };
    }
    if (versions.length < room) at = { target: at.target + 1, before: undefined };
  }
  return { resources };
}

/** The Provenance with this id, derived from the version that it is about. */
export async function provenanceById(store: TenantStore, context: Context, id: string): Promise<Rendered | undefined> {
  const name = provenanceTarget(id);
  if (name === undefined) return undefined;
  const key = { contract: context.contract, type: name.type, id: name.id };
  const version = await store.resources.vread(key, name.version);
  return version === undefined ? undefined : provenanceOf(store, context, version, fileCache(store));
}

async function versionsOf(
  store: TenantStore,
  contract: string,
  target: string,
  before: number | undefined,
  count: number,
): Promise<readonly StoredVersion[]> {
  const [, type, id, version] =
    /^([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/(\d{1,15}))?$/.exec(target) ?? [];
  if (type === undefined || id === undefined)
    throw new AppError('invalid', 'target is a reference Type/id or Type/id/_history/n', { expression: 'target' });
  const key = { contract, type, id };
  if (version === undefined)
    return store.resources.history(key, { count, ...(before === undefined ? {} : { before }) });
  if (before !== undefined) return [];
  const one = await store.resources.vread(key, Number(version));
  return one === undefined ? [] : [one];
}

async function provenanceOf(
  store: TenantStore,
  context: Context,
  version: StoredVersion,
  files: (id: string) => Promise<FileRow | undefined>,
): Promise<Rendered | undefined> {
  const lineage = await store.ledger.lineage(version, version.version);
  if (lineage === undefined) return undefined;
  const rows = new Map<string, FileRow>();
  for (const id of sourceFiles(lineage)) {
    const row = await files(id);
    if (row !== undefined) rows.set(id, row);
  }
  return renderProvenance(version, lineage, rows, context);
}

/** A page's versions mostly come from the same few files. */
function fileCache(store: TenantStore): (id: string) => Promise<FileRow | undefined> {
  const rows = new Map<string, Promise<FileRow | undefined>>();
  return (id) => {
    const row = rows.get(id) ?? store.ledger.file(id);
    rows.set(id, row);
    return row;
  };
}

function parsePosition(text: string): Position {
  const [, target, before] = /^(\d{1,4}):(\d{0,15})$/.exec(text) ?? [];
  if (target === undefined || before === undefined)
    throw new AppError('invalid', 'the page token is not one of this search');
  return { target: Number(target), before: before === '' ? undefined : Number(before) };
}
