import { allows } from '../auth/scope.ts';
import { limits } from '../core/limits.ts';
import type { BoundSearch } from '../search/bind.ts';
import type { Include } from '../search/bind-include.ts';
import type { ResourceKey, StoredVersion } from '../store/port.ts';
import type { Context } from './context.ts';

export interface Included {
  readonly versions: readonly StoredVersion[];
  /** There were more than `limits.includedResourcesMax`, or further away than `limits.includeRoundsMax`. */
  readonly cut: boolean;
}

/** What was gathered so far; `seen` holds `Type/id` of the matches as well. */
interface Gathering {
  readonly seen: Set<string>;
  readonly versions: StoredVersion[];
  cut: boolean;
}

/**
 * What `_include` and `_revinclude` add to the matches (https://hl7.org/fhir/R4/search.html#include). Each once, and
 * none that is a match. `:iterate` goes on from what was included, round by round, until nothing is new. A type for
 * which the token has neither `r` nor `s` is left out without a word, and nothing is reached through it.
 */
export async function includedVersions(
  context: Context,
  { includes, revincludes }: BoundSearch,
  matches: readonly StoredVersion[],
): Promise<Included> {
  const gathered: Gathering = { seen: new Set(matches.map(nameOf)), versions: [], cut: false };
  let from = matches;
  for (let round = 0; from.length > 0 && !gathered.cut; round++) {
    const applies = (include: Include) => (round === 0 || include.iterate) && mayInclude(context, include);
    const forward = includes.filter(applies);
    const reverse = revincludes.filter(applies);
    if (forward.length + reverse.length === 0) break;
    if (round === limits.includeRoundsMax) gathered.cut = true;
    else {
      const before = gathered.versions.length;
      await addTargets(context, forward, from, gathered);
      for (const include of reverse) await addReferring(context, include, from, gathered);
      from = gathered.versions.slice(before);
    }
  }
  return gathered;
}

async function addTargets(
  context: Context,
  includes: readonly Include[],
  from: readonly StoredVersion[],
  gathered: Gathering,
): Promise<void> {
  const { contract, store, sight } = context;
  const keys: ResourceKey[] = [];
  for (const { source, param, target } of includes) {
    const sources = from.filter(({ type }) => type === source);
    if (sources.length === 0) continue;
    for (const reference of await store.resources.targets(sources, param)) {
      const [type = '', id, ...more] = reference.split('/');
      if (id === undefined || more.length > 0 || gathered.seen.has(reference)) continue;
      if ((target !== undefined && type !== target) || !maySee(context, type)) continue;
      gathered.seen.add(reference);
      keys.push({ contract, type, id });
    }
  }
  if (keys.length === 0) return;
  const room = limits.includedResourcesMax - gathered.versions.length;
  const found: StoredVersion[] = [];
  // What is withheld takes no room: nobody learns of it by what it displaces.
  for (let at = 0; at < keys.length && found.length <= room; at += room + 1) {
    found.push(...(await sight.included.readMany(keys.slice(at, at + room + 1))));
  }
  gathered.cut ||= found.length > room;
  gathered.versions.push(...found.slice(0, room));
}

async function addReferring(
  context: Context,
  { source, param, target }: Include,
  from: readonly StoredVersion[],
  gathered: Gathering,
): Promise<void> {
  const targets = context.service.parameters.get(source)?.get(param)?.targets ?? [];
  const wanted = from.filter(({ type }) => targets.includes(type) && (target === undefined || type === target));
  if (wanted.length === 0) return;
  const page = await context.sight.included.search({
    contract: context.contract,
    type: source,
    where: { is: 'reference', param, targets: wanted.map(nameOf) },
    sort: { by: 'sequence', descending: false },
    count: limits.includedResourcesMax,
    total: false,
  });
  gathered.cut ||= page.next !== undefined;
  for (const version of page.matches) {
    const name = nameOf(version);
    if (gathered.seen.has(name)) continue;
    gathered.seen.add(name);
    if (gathered.versions.length < limits.includedResourcesMax) gathered.versions.push(version);
    else gathered.cut = true;
  }
}

function nameOf({ type, id }: Pick<StoredVersion, 'type' | 'id'>): string {
  return `${type}/${id}`;
}

/** What a type refers to tells of it: a source needs a scope as its targets do. */
function mayInclude(context: Context, { source }: Include): boolean {
  return maySee(context, source);
}

/** Only types that are stored can be fetched; a reference to any other stays a reference. */
function maySee({ access, service }: Context, type: string): boolean {
  return service.parameters.has(type) && (allows(access, type, 'r') || allows(access, type, 's'));
}
