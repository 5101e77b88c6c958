import { elementMask } from '../auth/element-mask.ts';
import { narrowsView, type PermissionSet, scopesUnder } from '../auth/permission-set.ts';
import type { Scope } from '../auth/scope.ts';
import { type Rows, type Visibility, visibility } from '../auth/visibility.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { HiddenElements } from '../search/bind-view.ts';
import type { Extract } from '../search/extract.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { ResourceReader, TenantStore } from '../store/port.ts';
import type { SensitivePerson } from '../tenancy/sensitive-person.ts';
import { rowPredicates } from './row-predicates.ts';
import { alongside, seenResources } from './seen-resources.ts';
import { withoutSensitive } from './sensitive-staff.ts';

/** Who looks, and at which base of which tenant. */
export interface Viewer {
  readonly contract: string;
  /** The FHIR base, without a trailing slash. */
  readonly base: string;
  /** Of the token, or of the client where none is at hand. */
  readonly scopes: readonly Scope[];
  readonly set: PermissionSet;
}

/** What somebody sees: readers that withhold the rest, and what may be asked about. */
export interface Sight {
  readonly resources: ResourceReader;
  /** Resources that come along with others (`_include`): seen by `r` or `s`. */
  readonly included: ResourceReader;
  /** Resources that something is told of (Provenance): only of types that the scopes name. */
  traced(): ResourceReader;
  readonly parameters: SearchParameters;
  /** Undefined where no element is masked. */
  readonly hidden: HiddenElements | undefined;
  /** The mask that applies, by name. */
  readonly mask: readonly string[];
  /** Is it a part by scope, row filter or mask, and not for sensitive staff alone? */
  readonly filtered: boolean;
  /** Is no row withheld of the types that the scopes name? Else what stands around a resource may be of others. */
  readonly allRows: boolean;
  /** Are all resources of the type seen? Else numbers of versions and the like would tell of others. */
  whole(type: string): boolean;
}

export interface SightParts {
  readonly canonicalBase: string;
  /** All that are served. */
  readonly parameters: SearchParameters;
  readonly extract: Extract;
  readonly clock: Clock;
  /** Staff of a tenant that are shown to few. The same list while nothing changed. */
  sensitiveStaff(tenant: string): readonly SensitivePerson[];
}

/**
 * **The one function that everything which leaves goes through** (architecture.md, invariant 2): reads, searches and
 * what they include, history, lineage, subscriptions. Whoever has a `Sight` reads through its readers and needs no
 * further check of rows or elements. Without granular scope, row filter, mask and sensitive staff it is the store
 * itself, at once.
 */
export type SeenBy = (viewer: Viewer, store: TenantStore) => Sight | Promise<Sight>;

export function seenBy(parts: SightParts): SeenBy {
  const maskOf = masks(parts);
  const rowsOf = rows();
  const kept = new WeakMap<readonly Scope[], KeptSight>();
  return (viewer, store) => {
    const { set, base } = viewer;
    const { resources } = store;
    const staff = set.sensitive ? none : parts.sensitiveStaff(store.tenant);
    const known = kept.get(viewer.scopes);
    const same = known?.set === set && known.staff === staff && known.base === base && known.from === resources;
    if (same && (known.until === null || known.until > parts.clock.now().getTime())) return known.sight;
    const keep = (sight: Sight, until: number | null) => {
      kept.set(viewer.scopes, { sight, set, staff, base, from: resources, until });
      return sight;
    };
    const scopes = scopesUnder(viewer.scopes, set);
    const plain = !narrowsView(set) && staff.length === 0;
    const granular = scopes.some(({ params }) => params !== undefined);
    if (plain && !granular) {
      return keep(wholeSight(parts, scopes, base, store), null);
    }
    const mask = maskOf(set);
    const now = parts.clock.now().getTime();
    const make = (ofRows: Rows): Sight => {
      const { parameters, canonicalBase } = parts;
      const shown = withoutSensitive(ofRows, staff, canonicalBase, store.tenant);
      const seen = visibility({ scopes, rows: shown, mask, parameters, base, now });
      const allRows = ofRows.size === 0 && !granular && staff.length === 0;
      return { ...partSight(seen, parts.extract, resources), filtered: narrowsView(set) || granular, allRows };
    };
    if (Object.keys(set.rows).length > 0) return rowsOf(set, store, viewer.contract).then(make);
    return keep(make(new Map()), now + limits.searchPlanMs);
  };
}

const none: readonly SensitivePerson[] = [];

/** Asked again a moment later, a token sees the same: the store knows its plan by the same predicate. */
interface KeptSight {
  readonly sight: Sight;
  readonly set: PermissionSet;
  readonly staff: readonly SensitivePerson[];
  readonly base: string;
  readonly from: ResourceReader;
  /** Epoch milliseconds; null: it follows from nothing that time changes. */
  readonly until: number | null;
}

function wholeSight(
  { parameters, extract, clock }: SightParts,
  scopes: readonly Scope[],
  base: string,
  { resources }: TenantStore,
): Sight {
  return {
    ...{ resources, included: resources, parameters, hidden: undefined, mask: [], filtered: false, allRows: true },
    traced() {
      const now = clock.now().getTime();
      const seen = visibility({ scopes, rows: new Map(), mask: undefined, parameters, base, now });
      return seenResources(resources, seen, extract, alongside);
    },
    whole: () => true,
  };
}

function partSight(seen: Visibility, extract: Extract, resources: ResourceReader): Omit<Sight, 'filtered' | 'allRows'> {
  const hidden = (type: string) =>
    new Set(
      seen
        .masked(type)
        .flatMap(({ steps: [first = '', ...more], kept }) => (more.length === 0 && kept === undefined ? [first] : [])),
    );
  const included = seenResources(resources, seen, extract, alongside);
  return {
    ...{ resources: seenResources(resources, seen, extract), included, parameters: seen.parameters },
    traced: () => included,
    ...{ hidden: seen.mask.length === 0 ? undefined : hidden, mask: seen.mask },
    whole: (type) => seen.where(type, ['r']).is === 'all',
  };
}

/** Masks are compiled once for each set. */
function masks({ canonicalBase, parameters }: SightParts) {
  // What is no registration: identifiers of ESR's own, and the Spine's.
  const kept = [`${canonicalBase}/Id/`, 'https://fhir.nhs.uk/Id/sds-user-id'];
  const compiled = new WeakMap<PermissionSet, ReturnType<typeof elementMask>>();
  return (set: PermissionSet) => {
    if (set.mask.length === 0) return undefined;
    const mask = compiled.get(set) ?? elementMask(set.mask, parameters, kept);
    compiled.set(set, mask);
    return mask;
  };
}

/** Row filters follow the department tree: they are made anew after every batch, and kept in between. */
function rows() {
  const kept = new Map<string, { readonly set: PermissionSet; readonly sequence: number; readonly rows: Rows }>();
  return async (set: PermissionSet, store: TenantStore, contract: string): Promise<Rows> => {
    const key = `${store.tenant} ${contract} ${set.name}`;
    const { sequence } = await store.head();
    const known = kept.get(key);
    if (known?.set === set && known.sequence === sequence) return known.rows;
    const made = await rowPredicates(set, store.resources, contract);
    if (kept.size >= limits.rowPredicatesKeptMax) kept.clear();
    kept.set(key, { set, sequence, rows: made });
    return made;
  };
}
