import { present } from '../core/assert.ts';
import { contentHash } from '../core/hash.ts';
import type { Unit } from '../record/unit.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { Lineage } from '../store/lineage.ts';
import type { ResourceHead, ResourceOp } from '../store/port.ts';
import type { ProjectedUnit } from './projected.ts';

/** What turns a projection into writes. */
export interface Publication {
  readonly tenant: string;
  readonly contract: string;
  /** What finds the index entries of a version. */
  readonly parameters: SearchParameters;
  /** The lineage of a version; of a delete where `projected` is null. */
  readonly lineage: (projected: ProjectedUnit['resources'][number] | null) => Lineage;
}

export interface ResourceChange {
  /** The write, once the batch's time is known. */
  readonly op: (at: string) => ResourceOp;
  readonly change: ResourceOp['change'];
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

/** What stands in one contract: by `Type/id`, the heads of the resources that the units own or now project. */
export type Standing = ReadonlyMap<string, ResourceHead>;

/**
 * The versions that the units' projections make in one contract: those whose content differs from what stands
 * (`meta` apart), and a delete for every live resource of theirs that is not projected any more.
 */
export function resourceChanges(
  publication: Publication,
  projections: readonly ProjectedUnit[],
  standing: Standing,
): readonly ResourceChange[] {
  const changes: ResourceChange[] = [];
  const shown = new Set<string>();
  for (const { unit, resources } of projections) {
    for (const projected of resources) {
      const name = `${projected.type}/${projected.id}`;
      shown.add(name);
      const change = write(publication, unit, projected, standing.get(name));
      if (change !== undefined) changes.push(change);
    }
  }
  for (const [name, head] of standing) {
    if (!head.deleted && !shown.has(name)) changes.push(removal(publication, head));
  }
  return changes;
}

function write(
  publication: Publication,
  unit: Unit,
  projected: ProjectedUnit['resources'][number],
  head: ResourceHead | undefined,
): ResourceChange | undefined {
  const content = JSON.stringify(projected.resource);
  const hash = contentHash(content);
  const live = head !== undefined && !head.deleted;
  if (live && head.hash === hash) return undefined;
  const { tenant, contract, parameters: index } = publication;
  const version = (head?.version ?? 0) + 1;
  const change = live ? 'update' : 'create';
  const made = publication.lineage(projected);
  // Text: until the batch is full, it is one thing in memory and not a score.
  const lineage = { file: made.file, text: JSON.stringify(made) };
  const { type, id } = projected;
  const op = (at: string): ResourceOp => {
    const body = withMeta(content, version, at);
    return { op: 'resource', tenant, contract, type, id, version, change, body, hash, unit, index, lineage };
  };
  return { op, change, type, id, version };
}

function removal(publication: Publication, head: ResourceHead): ResourceChange {
  const op: ResourceOp = {
    op: 'resource',
    tenant: publication.tenant,
    contract: publication.contract,
    type: head.type,
    id: head.id,
    version: head.version + 1,
    change: 'delete',
    body: '',
    hash: '',
    unit: head.unit,
    index: [],
    lineage: publication.lineage(null),
  };
  const { type, id, version } = op;
  return { op: () => op, change: 'delete', type, id, version };
}

/** The third key of every projected resource: no text before it can hold the mark. */
const metaStart = '"meta":{';

/** The bytes to store and to serve: the content with `meta.versionId` and `meta.lastUpdated` spliced in. */
function withMeta(content: string, version: number, at: string): string {
  const found = content.indexOf(metaStart);
  const place = present(found === -1 ? undefined : found + metaStart.length, 'meta of a projected resource');
  const comma = content.charAt(place) === '}' ? '' : ',';
  const head = content.slice(0, place);
  return `${head}"versionId":"${version}","lastUpdated":"${at}"${comma}${content.slice(place)}`;
}
