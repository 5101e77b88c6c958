import type { MaskedPath } from '../fhir/mask.ts';
import { bindFilter } from '../search/bind-filter.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { Predicate } from '../search/query.ts';
import type { ElementMask } from './element-mask.ts';
import { type Permission, permits, type Scope } from './scope.ts';

/** What one client sees on one base (architecture.md, invariant 2): rows as predicates, elements as a mask. */
export interface Visibility {
  /** The resources of a type that it sees by any of these letters of its scopes; `all`: every one. */
  where(type: string, letters: readonly Permission[]): Predicate;
  /** What it does not see of a resource of the type. */
  masked(type: string): readonly MaskedPath[];
  /** What it may search by. */
  readonly parameters: SearchParameters;
  /** Names of the mask, for the audit. */
  readonly mask: readonly string[];
}

/** Rows that a permission set shows, by type; types that are not there are shown whole. */
export type Rows = ReadonlyMap<string, Predicate>;

export interface VisibilityBasis {
  /** Narrowed by the permission set (`scopesUnder`). */
  readonly scopes: readonly Scope[];
  readonly rows: Rows;
  readonly mask: ElementMask | undefined;
  /** All that are served. */
  readonly parameters: SearchParameters;
  /** The FHIR base: absolute references below it are local. */
  readonly base: string;
  /** Epoch milliseconds, for `ap`. */
  readonly now: number;
}

const all: Predicate = { is: 'all' };
const none: Predicate = { is: 'none' };

/** Types whose resources are narrowed by their owners (`subscription-owner.ts`). */
const ownedByClients: ReadonlySet<string> = new Set(['Subscription']);

/**
 * `allowed(R, i) = EXISTS scope: it has the letter and the type, and R matches its parameters` (SMART 2.2), and R is
 * among the rows of the permission set. A granular scope by what the client may not ask about shows nothing: a token
 * may be asked for with any, and what it shows would tell the masked value.
 */
export function visibility(basis: VisibilityBasis): Visibility {
  const { scopes, rows, mask } = basis;
  const parameters = mask?.parameters ?? basis.parameters;
  return {
    where(type, letters) {
      if (ownedByClients.has(type)) return all;
      const ofScopes = scopes
        .filter((scope) => letters.some((letter) => permits(scope, type, letter)))
        .map((scope) => matchesScope(scope, type, { ...basis, parameters }));
      return both(anyOf(ofScopes), rows.get(type) ?? all);
    },
    masked: (type) => mask?.paths(type) ?? [],
    parameters,
    mask: mask?.names ?? [],
  };
}

function matchesScope(
  { params = [] }: Scope,
  type: string,
  { parameters, base, now }: Pick<VisibilityBasis, 'parameters' | 'base' | 'now'>,
): Predicate {
  let where = all;
  for (const param of params) {
    const bound = bindFilter(param, type, { parameters, base, now, reaches: new Set() });
    if (!bound.ok) return none;
    where = both(where, bound.value);
  }
  return where;
}

function anyOf(of: readonly Predicate[]): Predicate {
  const some = of.filter(({ is }) => is !== 'none');
  const [first] = some;
  if (first === undefined) return none;
  if (some.some(({ is }) => is === 'all')) return all;
  return some.length === 1 ? first : { is: 'or', of: some };
}

/** AND, without parts that say nothing. */
export function both(a: Predicate, b: Predicate): Predicate {
  if (a.is === 'none' || b.is === 'none') return none;
  if (a.is === 'all') return b;
  if (b.is === 'all') return a;
  const parts = (one: Predicate) => (one.is === 'and' ? one.of : [one]);
  return { is: 'and', of: [...parts(a), ...parts(b)] };
}
