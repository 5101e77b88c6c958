import type { Extract } from '../search/extract.ts';
import { type Indexed, matches } from '../search/match.ts';
import type { Predicate } from '../search/query.ts';
import type { ResourceReader, StoredVersion } from '../store/port.ts';

type Search = Pick<ResourceReader, 'search'>;

const nobody = { get: () => undefined, referring: () => [] };

/**
 * Does this very version match? Its own values are taken from its own bytes, whatever the resource has become since;
 * what chains and `_has` ask of other resources is their present state. Bytes are parsed only where a value is needed.
 */
export function versionMatches(
  where: Predicate,
  version: StoredVersion,
  { extract, resources }: { readonly extract: Extract; readonly resources: Search },
): Promise<boolean> {
  let index: Indexed['index'] | undefined;
  const { type, id, at, contract } = version;
  const indexed: Indexed = {
    ...{ type, id, at: Date.parse(at) },
    get index() {
      index ??= extract(JSON.parse(version.body.toString()) as { readonly resourceType: string });
      return index;
    },
  };
  return holds(where, indexed, (of, condition) => exists(resources, contract, of, condition));
}

type Exists = (type: string, where: Predicate) => Promise<boolean>;

async function holds(where: Predicate, indexed: Indexed, found: Exists): Promise<boolean> {
  switch (where.is) {
    case 'and':
      for (const one of where.of) if (!(await holds(one, indexed, found))) return false;
      return true;
    case 'or':
      for (const one of where.of) if (await holds(one, indexed, found)) return true;
      return false;
    case 'not':
      return !(await holds(where.of, indexed, found));
    case 'has': {
      const target = `${indexed.type}/${indexed.id}`;
      const refers: Predicate = { is: 'reference', param: where.param, targets: [target] };
      return found(where.type, { is: 'and', of: [refers, where.where] });
    }
    case 'chain': {
      const targets = indexed.index.flatMap((entry) =>
        entry.kind === 'reference' && entry.param === where.param && entry.target.startsWith(`${where.type}/`)
          ? [entry.target.slice(where.type.length + 1)]
          : [],
      );
      if (targets.length === 0) return false;
      return found(where.type, { is: 'and', of: [{ is: 'id', ids: targets }, where.where] });
    }
    default:
      return matches(where, indexed, nobody);
  }
}

async function exists({ search }: Search, contract: string, type: string, where: Predicate): Promise<boolean> {
  const sort = { by: 'sequence', descending: false } as const;
  const { matches: found } = await search({ contract, type, where, sort, count: 1, total: false });
  return found.length > 0;
}
