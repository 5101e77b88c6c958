import { compareKeys, sortValue } from './order.ts';
import type {
  DatePrefix,
  IndexEntry,
  Predicate,
  Query,
  Sort,
  SortKey,
  StringPredicate,
  TokenPredicate,
} from './query.ts';

/** A live resource as a search sees it. `at`: epoch milliseconds of its last update. */
export interface Indexed {
  readonly type: string;
  readonly id: string;
  readonly at: number;
  readonly index: readonly IndexEntry[];
}

/** Finds the other resources that chains and `_has` ask about; live ones only. */
export interface Resolver {
  /** By `Type/id`. */
  get(reference: string): Indexed | undefined;
  /** Resources of `type` whose reference parameter `param` names `target` (`Type/id`). */
  referring(type: string, param: string, target: string): readonly Indexed[];
}

/** A live resource with its place in `_lastUpdated` order. */
export interface Placed extends Indexed {
  readonly sequence: number;
}

/** A page as a store gives it, ids for versions. */
export interface MatchedPage {
  readonly ids: readonly string[];
  readonly next: SortKey | undefined;
  readonly total: number;
}

/** Answers a query from all resources of its contract: matches in order, the page after `after`, the total. */
export function matchedPage(query: Query, resources: readonly Placed[], resolver: Resolver): MatchedPage {
  const { type, where, sort, after, count } = query;
  const found = resources
    .filter((resource) => resource.type === type && matches(where, resource, resolver))
    .map((resource) => keyOf(sort, resource))
    .sort((a, b) => compareKeys(sort, a, b));
  const left = after === undefined ? found : found.filter((key) => compareKeys(sort, key, after) > 0);
  const page = left.slice(0, count);
  return {
    ids: page.map(({ id }) => id),
    next: left.length > count ? page.at(-1) : undefined,
    total: found.length,
  };
}

function keyOf({ keys }: Sort, { sequence, id, index }: Placed): SortKey {
  return { sequence, id, ...(keys === undefined ? {} : { values: keys.map((key) => sortValue(index, key)) }) };
}

/**
 * Evaluates a query tree over index entries in memory: what a store's compiled query must equal, and what decides
 * whether a change concerns a subscription.
 */
export function matches(predicate: Predicate, resource: Indexed, resolver: Resolver): boolean {
  switch (predicate.is) {
    case 'all':
      return true;
    case 'none':
      return false;
    case 'and':
      return predicate.of.every((one) => matches(one, resource, resolver));
    case 'or':
      return predicate.of.some((one) => matches(one, resource, resolver));
    case 'not':
      return !matches(predicate.of, resource, resolver);
    case 'id':
      return predicate.ids.includes(resource.id);
    case 'token':
      return resource.index.some((entry) => tokenMatches(predicate, entry));
    case 'string':
      return resource.index.some((entry) => stringMatches(predicate, entry));
    case 'date':
      return resource.index.some(
        (entry) =>
          entry.kind === 'date' && entry.param === predicate.param && compare[predicate.prefix](predicate, entry),
      );
    case 'lastUpdated':
      return compare[predicate.prefix](predicate, { low: resource.at, high: resource.at + 1 });
    case 'reference':
      return targetsOf(resource, predicate.param).some((target) => predicate.targets.includes(target));
    case 'uri':
      return resource.index.some(
        (entry) => entry.kind === 'uri' && entry.param === predicate.param && entry.value === predicate.value,
      );
    case 'missing':
      return !resource.index.some((entry) => entry.param === predicate.param);
    case 'chain':
      return targetsOf(resource, predicate.param).some((target) => {
        const other = target.startsWith(`${predicate.type}/`) ? resolver.get(target) : undefined;
        return other !== undefined && matches(predicate.where, other, resolver);
      });
    case 'has':
      return resolver
        .referring(predicate.type, predicate.param, `${resource.type}/${resource.id}`)
        .some((other) => matches(predicate.where, other, resolver));
  }
}

function targetsOf({ index }: Indexed, param: string): readonly string[] {
  return index.flatMap((entry) => (entry.kind === 'reference' && entry.param === param ? [entry.target] : []));
}

function tokenMatches({ param, system, code }: TokenPredicate, entry: IndexEntry): boolean {
  if (entry.kind !== 'token' || entry.param !== param) return false;
  return (system === undefined || entry.system === system) && (code === undefined || entry.code === code);
}

function stringMatches({ param, match, value }: StringPredicate, entry: IndexEntry): boolean {
  if (entry.kind !== 'string' || entry.param !== param) return false;
  if (match === 'exact') return entry.value === value;
  return match === 'prefix' ? entry.folded.startsWith(value) : entry.folded.includes(value);
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Half-open ranges: s is the search value, r the resource's. `ge` and `le` are overlaps, so that `date=leD&date=geD`
 * means "in force on D" (https://hl7.org/fhir/R4/search.html#prefix; servers differ at the boundary).
 */
const compare: Readonly<Record<DatePrefix, (s: Range, r: Range) => boolean>> = {
  eq: (s, r) => s.low <= r.low && r.high <= s.high,
  ne: (s, r) => !(s.low <= r.low && r.high <= s.high),
  gt: (s, r) => r.high > s.high,
  lt: (s, r) => r.low < s.low,
  ge: (s, r) => r.high > s.low,
  le: (s, r) => r.low < s.high,
  sa: (s, r) => r.low >= s.high,
  eb: (s, r) => r.high <= s.low,
  ap: (s, r) => r.low < s.high && r.high > s.low,
};
