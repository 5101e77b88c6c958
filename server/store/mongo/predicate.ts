import { present } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import type { DatePredicate, DatePrefix, Predicate, StringPredicate, TokenPredicate } from '../../search/query.ts';
import { StoreError } from '../error.ts';
import { keyPattern, keys } from './keys.ts';
import type { Filter } from './part.ts';

/** What a predicate needs to know of other documents; one question each. */
export interface Resolver {
  /** Ids of the live resources of a type that match, `max` + 1 at the most. */
  matching(type: string, where: Filter, max: number): Promise<readonly string[]>;
  /** Ids of `type` to which reference `param` of the matching resources of `from` points, `max` + 1 at the most. */
  referred(from: string, param: string, where: Filter, type: string, max: number): Promise<readonly string[]>;
  /** Sequence of the last batch before `ms` (epoch milliseconds); 0 where there is none. */
  lastBefore(ms: number): Promise<number>;
  /** The `_id` of a resource. */
  id(type: string, id: string): string;
}

const never: Filter = { _id: { $in: [] } };

/**
 * `predicate` over the live resources of a type. Chains are asked first, all of one depth at once: a search takes one
 * round trip per step of its longest chain, then one for the page.
 */
export async function filterOf(predicate: Predicate, type: string, resolver: Resolver): Promise<Filter> {
  const all = (parts: readonly Predicate[]) => Promise.all(parts.map((part) => filterOf(part, type, resolver)));
  switch (predicate.is) {
    case 'all':
      return {};
    case 'none':
      return never;
    case 'and':
      return allOf(await all(predicate.of));
    case 'or':
      return anyOf(await all(predicate.of));
    case 'not':
      return notOf(predicate.of, type, resolver);
    case 'id':
      return { _id: { $in: predicate.ids.map((id) => resolver.id(type, id)) } };
    case 'token':
      return { keys: tokenKey(predicate) };
    case 'string':
      return { keys: stringKey(predicate) };
    case 'date':
      return dateFilter(predicate);
    case 'lastUpdated':
      return lastUpdated(predicate, resolver);
    case 'reference':
      return oneOf(predicate.targets.map((target) => keys.reference(predicate.param, target)));
    case 'uri':
      return { keys: keys.uri(predicate.param, predicate.value) };
    case 'missing':
      return { keys: { $ne: keys.present(predicate.param) } };
    case 'chain': {
      const where = await filterOf(predicate.where, predicate.type, resolver);
      const ids = bounded(await resolver.matching(predicate.type, where, limits.chainedResourcesMax));
      return oneOf(ids.map((id) => keys.reference(predicate.param, `${predicate.type}/${id}`)));
    }
    case 'has': {
      const where = await filterOf(predicate.where, predicate.type, resolver);
      const max = limits.chainedResourcesMax;
      const ids = bounded(await resolver.referred(predicate.type, predicate.param, where, type, max));
      return { _id: { $in: ids.map((id) => resolver.id(type, id)) } };
    }
  }
}

function allOf(parts: readonly Filter[]): Filter {
  const telling = parts.filter((part) => Object.keys(part).length > 0);
  const [only, ...more] = telling;
  return only === undefined ? {} : more.length === 0 ? only : { $and: telling };
}

function anyOf(parts: readonly Filter[]): Filter {
  const [only, ...more] = parts;
  if (only === undefined) return never;
  return more.length === 0 ? only : { $or: parts };
}

async function notOf(of: Predicate, type: string, resolver: Resolver): Promise<Filter> {
  if (of.is === 'missing') return { keys: keys.present(of.param) };
  return { $nor: [await filterOf(of, type, resolver)] };
}

function oneOf(values: readonly string[]): Filter {
  const [only, ...more] = values;
  return { keys: only !== undefined && more.length === 0 ? only : { $in: values } };
}

/** The answer of a chain stands in the next question, and a question has 16 MB: such a search is refused, not cut. */
function bounded(ids: readonly string[]): readonly string[] {
  if (ids.length > limits.chainedResourcesMax) {
    throw new StoreError('unsupported', `a chain leads over more than ${limits.chainedResourcesMax} resources`);
  }
  return ids;
}

function tokenKey({ param, system, code }: TokenPredicate): string {
  if (system === undefined) return keys.code(param, present(code, 'the code or the system of a token'));
  return code === undefined ? keys.system(param, system ?? '') : keys.token(param, system ?? '', code);
}

function stringKey({ param, match, value }: StringPredicate): string | RegExp {
  if (match === 'exact') return keys.exact(param, value);
  return match === 'prefix' ? keyPattern(keys.folded(param, value)) : keyPattern(keys.folded(param, ''), value);
}

/** R4 3.1.1.4.4 over half-open ranges; `ge` and `le` as overlap, so that `le D` and `ge D` mean in force on D. */
function dateFilter({ param, prefix, low, high }: DatePredicate): Filter {
  const some = (bounds: Filter): Filter => ({ dates: { $elemMatch: { param, ...bounds } } });
  const filters: Readonly<Record<DatePrefix, () => Filter>> = {
    eq: () => some({ low: { $gte: low }, high: { $lte: high } }),
    ne: () => ({ $or: [some({ low: { $lt: low } }), some({ high: { $gt: high } })] }),
    gt: () => some({ high: { $gt: high } }),
    lt: () => some({ low: { $lt: low } }),
    ge: () => some({ high: { $gt: low } }),
    le: () => some({ low: { $lt: high } }),
    sa: () => some({ low: { $gte: high } }),
    eb: () => some({ low: { $lt: low }, high: { $lte: low } }),
    ap: () => some({ low: { $lt: high }, high: { $gt: low } }),
  };
  return filters[prefix]();
}

/** A batch's time, a millisecond long, against [low, high), as a range of sequence numbers. */
async function lastUpdated(
  { prefix, low, high }: Extract<Predicate, { readonly is: 'lastUpdated' }>,
  resolver: Resolver,
): Promise<Filter> {
  const [beforeLow, beforeHigh] = await Promise.all([resolver.lastBefore(low), resolver.lastBefore(high)]);
  const within = { sequence: { $gt: beforeLow, $lte: beforeHigh } };
  const above = { sequence: { $gt: beforeHigh } };
  const below = { sequence: { $lte: beforeLow } };
  const filters: Readonly<Record<DatePrefix, Filter>> = {
    eq: within,
    ne: { $or: [below, above] },
    gt: above,
    lt: below,
    ge: { sequence: { $gt: beforeLow } },
    le: { sequence: { $lte: beforeHigh } },
    sa: above,
    eb: below,
    ap: within,
  };
  return filters[prefix];
}
