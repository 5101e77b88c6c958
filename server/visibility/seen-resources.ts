import type { Permission } from '../auth/scope.ts';
import { both, type Visibility } from '../auth/visibility.ts';
import { withoutElements } from '../fhir/mask.ts';
import type { Extract } from '../search/extract.ts';
import type { Predicate, Query } from '../search/query.ts';
import type { ResourceKey, ResourceReader, SearchPage, StoredVersion } from '../store/port.ts';
import { versionMatches } from './version-matches.ts';

/** By which letters of a scope something is seen: a read by `r`, a match by `s`, what comes along by either. */
export interface SeenBy {
  readonly read: readonly Permission[];
  readonly search: readonly Permission[];
}

const directly: SeenBy = { read: ['r'], search: ['s'] };
export const alongside: SeenBy = { read: ['r', 's'], search: ['r', 's'] };

/**
 * The resources that a client sees, as it sees them: what is withheld is as if it never was, masked elements are not
 * there. Searches are narrowed inside the store's query, so that pages and totals are right; single versions are judged
 * by their own bytes. What a chain or `_has` looks into must be seen as well.
 */
export function seenResources(
  resources: ResourceReader,
  visibility: Visibility,
  extract: Extract,
  by: SeenBy = directly,
): ResourceReader {
  const visible = async (version: StoredVersion): Promise<boolean> => {
    const where = visibility.where(version.type, by.read);
    if (where.is === 'all' || where.is === 'none') return where.is === 'all';
    // A delete is told to those who could see what was deleted.
    const deleted = version.change === 'delete';
    const told = deleted ? await resources.vread(version, version.version - 1) : version;
    return told !== undefined && versionMatches(where, told, { extract, resources });
  };
  const shown = async (version: StoredVersion | undefined): Promise<StoredVersion | undefined> =>
    version !== undefined && (await visible(version)) ? masked(version, visibility) : undefined;
  const joined = new WeakMap<Predicate, Map<string, Predicate>>();
  const seenOf = ({ where, type }: Query): Predicate => {
    // The same question makes the same object: by it the store remembers its plan.
    const known = joined.get(where) ?? new Map<string, Predicate>();
    const made = known.get(type) ?? both(guarded(where, visibility), visibility.where(type, by.search));
    joined.set(where, known.set(type, made));
    return made;
  };
  const search = async (query: Query): Promise<SearchPage> => {
    const where = seenOf(query);
    if (where.is === 'none') return { matches: [], next: undefined, total: query.total ? 0 : undefined };
    const page = await resources.search({ ...query, where });
    return { ...page, matches: page.matches.map((version) => masked(version, visibility)) };
  };
  return {
    read: async (key) => shown(await resources.read(key)),
    vread: async (key, version) => shown(await resources.vread(key, version)),
    async history(key, { before, count }) {
      const found: StoredVersion[] = [];
      for (let below = before; ; ) {
        const versions = await resources.history(key, { count, ...(below === undefined ? {} : { before: below }) });
        for (const version of versions) {
          const one = await shown(version);
          if (one !== undefined) found.push(one);
          if (found.length === count) return found;
        }
        if (versions.length < count) return found;
        below = versions.at(-1)?.version;
      }
    },
    readMany: (keys) => readMany(resources, visibility, by, keys),
    search,
    targets: (keys, param) => resources.targets(keys, param),
    owned: (units) => resources.owned(units),
    heads: (keys) => resources.heads(keys),
    counts: (contract) => resources.counts(contract),
  };
}

/** By search where rows are withheld, so that every condition is read off the index. */
async function readMany(
  resources: ResourceReader,
  visibility: Visibility,
  by: SeenBy,
  keys: readonly ResourceKey[],
): Promise<readonly StoredVersion[]> {
  const found = new Map<string, StoredVersion>();
  const sort = { by: 'id', descending: false } as const;
  for (const type of new Set(keys.map((key) => key.type))) {
    const ofType = keys.filter((key) => key.type === type);
    const where = visibility.where(type, by.read);
    const ids: Predicate = { is: 'id', ids: ofType.map(({ id }) => id) };
    const [first] = ofType;
    if (where.is === 'none' || first === undefined) continue;
    const { contract } = first;
    const query = { contract, type, where: both(ids, where), sort, count: ofType.length, total: false };
    const versions = where.is === 'all' ? await resources.readMany(ofType) : (await resources.search(query)).matches;
    for (const version of versions) found.set(`${type}/${version.id}`, masked(version, visibility));
  }
  return keys.flatMap(({ type, id }) => found.get(`${type}/${id}`) ?? []);
}

function masked(version: StoredVersion, { masked: pathsOf }: Visibility): StoredVersion {
  const paths = pathsOf(version.type);
  if (paths.length === 0 || version.change === 'delete') return version;
  return { ...version, body: withoutElements(version.body, paths) };
}

/** A chain sees its targets, and `_has` what refers, as a search for them would. */
function guarded(where: Predicate, visibility: Visibility): Predicate {
  switch (where.is) {
    case 'and':
    case 'or':
      return { ...where, of: where.of.map((one) => guarded(one, visibility)) };
    case 'not':
      return { ...where, of: guarded(where.of, visibility) };
    case 'chain':
    case 'has': {
      const own = visibility.where(where.type, directly.search);
      return { ...where, where: both(guarded(where.where, visibility), own) };
    }
    default:
      return where;
  }
}
