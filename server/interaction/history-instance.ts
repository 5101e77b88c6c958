import { limits } from '../core/limits.ts';
import { historyBundle } from '../fhir/bundle.ts';
import { dateRange } from '../search/date-range.ts';
import { type Parameter, parseSearch } from '../search/parse.ts';
import { invalid, type Problem, unsupported } from '../search/problem.ts';
import type { Interaction } from './context.ts';
import { nextLink, pagePosition, selfLink, splitPage } from './page-link.ts';
import { isLenient } from './prefer.ts';
import { disclosure, notFound } from './read.ts';
import { searchError } from './search-problems.ts';

/** https://hl7.org/fhir/R4/http.html#history of one resource, newest first, deletes included; `_count`, `_since`. */
export const historyInstance: Interaction = async (context, request) => {
  const { base, contract, store, sight } = context;
  const { type, id } = request;
  const { query, token } = splitPage(request.query);
  const { count, since } = options(query, isLenient(request.header));
  const url = `${base}/${type}/${id}/_history`;
  const before = token === undefined ? undefined : Number(pagePosition(context, url, query, token));
  const key = { contract, type, id };
  const found = await store.resources.history(key, { ...(before === undefined ? {} : { before }), count: count + 1 });
  const [newest] = found;
  if (newest === undefined && before === undefined) throw notFound();
  const recent = since === undefined ? found : found.filter(({ at }) => Date.parse(at) >= since);
  const versions = recent.slice(0, count);
  const last = versions.at(-1);
  const body = historyBundle({
    base,
    links: {
      self: selfLink(url, query, token),
      next: recent.length > count && last ? nextLink(context, url, query, String(last.version)) : undefined,
    },
    // Versions count 1, 2, 3 …, so that the newest one says how many there are, to whoever sees all of them.
    total: before === undefined && since === undefined && sight.whole(type) ? newest?.version : undefined,
    versions,
  });
  return {
    status: 200,
    headers: {},
    body,
    disclosed: versions.filter(({ change }) => change !== 'delete').map(disclosure),
  };
};

interface HistoryOptions {
  readonly count: number;
  /** Epoch milliseconds. */
  readonly since: number | undefined;
}

function options(query: string, lenient: boolean): HistoryOptions {
  const parsed = parseSearch(query);
  if (!parsed.ok) throw searchError(parsed.problems);
  let count: number = limits.searchCountDefault;
  let since: number | undefined;
  const problems: Problem[] = [];
  for (const { name, values } of parsed.value) {
    const value = values.join(',');
    if (name === '_count' && /^[1-9]\d{0,8}$/.test(value)) count = Math.min(Number(value), limits.searchCountMax);
    else if (name === '_since' && dateRange(value) !== undefined) since = dateRange(value)?.low;
    else problems.push(...refused(name).filter(({ is }) => is === 'invalid' || !lenient));
  }
  if (problems.length > 0) throw searchError(problems);
  return { count, since };
}

function refused(name: Parameter['name']): readonly Problem[] {
  if (name === '_format' || name === '_pretty') return [];
  if (name === '_count' || name === '_since') return [invalid(name, `a value of "${name}" is not valid`)];
  return [unsupported(name, `a history has no parameter "${name}"`)];
}
