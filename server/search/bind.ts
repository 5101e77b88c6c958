import type { View } from '../fhir/subset.ts';
import { bindFilter, type FilterContext } from './bind-filter.ts';
import type { Include } from './bind-include.ts';
import { bindResult, conflicts, defaultOptions, isResultParameter, type ResultOptions } from './bind-result.ts';
import type { HiddenElements } from './bind-view.ts';
import type { SearchParameters } from './parameters.ts';
import type { Parameter } from './parse.ts';
import { type Checked, checked, failed, type Problem } from './problem.ts';
import type { Predicate, Query } from './query.ts';

export interface BindContext {
  /** Those that the client may ask about. */
  readonly parameters: SearchParameters;
  /** Of a client that sees resources in part. */
  readonly hidden?: HiddenElements | undefined;
  readonly contract: string;
  readonly type: string;
  /** The own FHIR base, without a trailing slash. */
  readonly base: string;
  /** Drops what is unsupported instead of refusing it; the self link shows what was used. */
  readonly lenient: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A search whose every part is known to mean something. */
export interface BoundSearch {
  /** Without `after`. */
  readonly query: Query;
  readonly includes: readonly Include[];
  readonly revincludes: readonly Include[];
  /** The part of each match that is wanted; undefined = all of it. */
  readonly matchView: View | undefined;
  /** The same for what is included: `_elements` does not concern it. */
  readonly includeView: View | undefined;
  /** Types that chains and `_has` look into: each needs the search scope. */
  readonly reaches: readonly string[];
  /** The query string of what was used, percent-encoded, without `?`. */
  readonly self: string;
}

/** Gives parsed parameters their meaning, or says everything that is wrong with them. */
export function bindSearch(parsed: readonly Parameter[], context: BindContext): Checked<BoundSearch> {
  const problems: Problem[] = [];
  const used: string[] = [];
  const seen = new Set<string>();
  const where: Predicate[] = [];
  const filters: FilterContext = { ...context, reaches: new Set() };
  let options = defaultOptions;
  const refuse = (found: readonly Problem[]) => {
    problems.push(...found.filter((problem) => problem.is === 'invalid' || !context.lenient));
  };
  for (const parameter of parsed) {
    if (isResultParameter(parameter)) {
      const result = bindResult(parameter, options, seen, context);
      seen.add(parameter.name);
      if (!result.ok) refuse(result.problems);
      else {
        options = result.value.options;
        used.push(pair(parameter.name, result.value.used));
      }
    } else {
      const filter = bindFilter(parameter, context.type, filters);
      if (!filter.ok) refuse(filter.problems);
      else {
        where.push(filter.value);
        used.push(pair(parameter.name, parameter.values.join(',')));
      }
    }
  }
  problems.push(...conflicts(options));
  if (problems.length > 0) return failed(...problems);
  return checked({
    query: query(where, options, context),
    includes: options.includes,
    revincludes: options.revincludes,
    matchView: options.elements ?? options.summary,
    includeView: options.summary,
    reaches: [...filters.reaches],
    self: used.join('&'),
  });
}

function query(where: readonly Predicate[], options: ResultOptions, { contract, type }: BindContext): Query {
  const [only] = where;
  const count = options.countOnly ? 0 : options.count;
  return {
    contract,
    type,
    where: only === undefined ? { is: 'all' } : where.length === 1 ? only : { is: 'and', of: where },
    sort: options.sort,
    count,
    total: count === 0 || options.total,
  };
}

/** Keeps what a query string may hold as it is (RFC 3986, section 3.4), so that links stay readable. */
function pair(name: string, value: string): string {
  return `${name}=${encodeURIComponent(value).replace(/%(?:3A|2F|2C|24)/g, decodeURIComponent)}`;
}
