import { allows } from '../auth/scope.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { searchset } from '../fhir/bundle.ts';
import { warningOutcome } from '../fhir/outcome.ts';
import { subset, type View } from '../fhir/subset.ts';
import type { BoundSearch } from '../search/bind.ts';
import { positionOf, sortKeyOf } from '../search/page-token.ts';
import type { SearchPage, StoredVersion } from '../store/port.ts';
import type { Context, Interaction, InteractionRequest } from './context.ts';
import { includedVersions } from './includes.ts';
import { nextLink, pagePosition, selfLink, splitPage } from './page-link.ts';
import { isLenient } from './prefer.ts';
import { disclosure } from './read.ts';
import { searchError } from './search-problems.ts';

/** https://hl7.org/fhir/R4/http.html#search, by GET and by POST `_search`. Deleted resources never appear. */
export const searchType: Interaction = async (context, request) => {
  const { query, token } = splitPage(request.query);
  const bound = bind(context, request, query);
  const url = `${context.base}/${request.type}`;
  const after = token === undefined ? undefined : sortKeyOf(pagePosition(context, url, bound.self, token));
  const page = await context.store.resources.search(after === undefined ? bound.query : { ...bound.query, after });
  const included = await includedVersions(context, bound, page.matches);
  const body = searchset({
    base: context.base,
    links: {
      self: selfLink(url, bound.self, token),
      next: page.next === undefined ? undefined : nextLink(context, url, bound.self, positionOf(page.next)),
    },
    total: totalOf(page, after !== undefined),
    matches: partsOf(page.matches, bound.matchView),
    includes: partsOf(included.versions, bound.includeView),
    warning: included.cut ? cutWarning : undefined,
  });
  return { status: 200, headers: {}, body, disclosed: [...page.matches, ...included.versions].map(disclosure) };
};

const { includedResourcesMax: included, includeRoundsMax: rounds } = limits;
const cutWarning = warningOutcome(
  'incomplete',
  `more than ${included} resources would be included, or some more than ${rounds} steps away: ask for less with _count`,
);

function bind(context: Context, { type, header }: InteractionRequest, query: string): BoundSearch {
  const { contract, base, service, access, sight } = context;
  const bound = service.searches(query, {
    parameters: sight.parameters,
    hidden: sight.hidden,
    mask: sight.mask,
    contract,
    type,
    base,
    lenient: isLenient(header),
    now: service.clock.now().getTime(),
  });
  if (!bound.ok) throw searchError(bound.problems);
  for (const reached of bound.value.reaches) {
    // A chain answers questions about resources that it does not return.
    if (!allows(access, reached, 's')) throw new AppError('forbidden', `this search looks into ${reached}`);
  }
  return bound.value;
}

function partsOf(versions: readonly StoredVersion[], view: View | undefined): readonly StoredVersion[] {
  return view === undefined ? versions : versions.map((version) => ({ ...version, body: subset(version.body, view) }));
}

/** A search that fits on its first page tells its total for nothing; else it is counted where it was asked for. */
function totalOf(page: SearchPage, continued: boolean): number | undefined {
  if (page.total !== undefined) return page.total;
  return page.next === undefined && !continued ? page.matches.length : undefined;
}
