import { allows } from '../auth/scope.ts';
import { limits } from '../core/limits.ts';
import type { BoundSearch } from '../search/bind.ts';
import type { Include } from '../search/bind-result.ts';
import type { ResourceKey, StoredVersion } from '../store/port.ts';
import type { Context } from './context.ts';

export interface Included {
  readonly versions: readonly StoredVersion[];
  /** There were more than `limits.includedResourcesMax`. */
  readonly cut: boolean;
}

/**
 * What `_include` and `_revinclude` add to the matches (https://hl7.org/fhir/R4/search.html#include). Each once, and
 * none that is a match. A type for which the token has neither `r` nor `s` is left out without a word.
 */
export async function includedVersions(
  context: Context,
  bound: BoundSearch,
  matches: readonly StoredVersion[],
): Promise<Included> {
  if (matches.length === 0 || bound.includes.length + bound.revincludes.length === 0)
    return { versions: [], cut: false };
  const seen = new Set(matches.map(({ type, id }) => `${type}/${id}`));
  const forward = await forwardKeys(context, bound.includes, matches, seen);
  const versions = [...(await context.store.resources.readMany(forward.slice(0, limits.includedResourcesMax)))];
  let cut = forward.length > limits.includedResourcesMax;
  for (const include of bound.revincludes) {
    if (!mayInclude(context, include.source)) continue;
    const page = await context.store.resources.search(referring(context, include, matches));
    for (const version of page.matches) {
      const name = `${version.type}/${version.id}`;
      if (seen.has(name)) continue;
      seen.add(name);
      if (versions.length < limits.includedResourcesMax) versions.push(version);
      else cut = true;
    }
    cut ||= page.next !== undefined;
  }
  return { versions, cut };
}

async function forwardKeys(
  context: Context,
  includes: readonly Include[],
  matches: readonly StoredVersion[],
  seen: Set<string>,
): Promise<readonly ResourceKey[]> {
  const { contract, store } = context;
  const keys: ResourceKey[] = [];
  for (const { param, target } of includes) {
    for (const reference of await store.resources.targets(matches, param)) {
      const [type = '', id, ...more] = reference.split('/');
      if (id === undefined || more.length > 0 || seen.has(reference)) continue;
      if ((target !== undefined && type !== target) || !mayInclude(context, type)) continue;
      seen.add(reference);
      keys.push({ contract, type, id });
    }
  }
  return keys;
}

/** Only types that are stored can be fetched; a reference to any other stays a reference. */
function mayInclude({ access, service }: Context, type: string): boolean {
  return service.parameters.has(type) && (allows(access, type, 'r') || allows(access, type, 's'));
}

function referring({ contract }: Context, { source, param }: Include, matches: readonly StoredVersion[]) {
  return {
    contract,
    type: source,
    where: { is: 'reference', param, targets: matches.map(({ type, id }) => `${type}/${id}`) },
    sort: { by: 'sequence', descending: false },
    count: limits.includedResourcesMax,
    total: false,
  } as const;
}
