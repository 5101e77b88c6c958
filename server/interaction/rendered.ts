import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { type BundleVersion, searchset } from '../fhir/bundle.ts';
import { etag } from '../fhir/version-headers.ts';
import { parseSearch, unescapeValue } from '../search/parse.ts';
import type { Context, InteractionRequest, InteractionResponse } from './context.ts';
import { nextLink, pagePosition, selfLink, splitPage } from './page-link.ts';
import { isLenient } from './prefer.ts';
import { renderedTypes } from './published-types.ts';
import { disclosure, notFound } from './read.ts';
import { searchError } from './search-problems.ts';
import type { JsonResource, TracePage, TracePageRequest, TraceParameter, TraceReader } from './trace-reader.ts';

/** A read of a type that is rendered and not stored: such a resource has one version, for ever. */
export async function renderedRead(
  context: Context,
  find: (trace: TraceReader) => Promise<JsonResource | undefined>,
): Promise<InteractionResponse> {
  const resource = await find(traceOf(context));
  if (resource === undefined) throw notFound();
  const version = rendered(resource);
  return { status: 200, headers: { etag: etag(1) }, body: version.body, disclosed: [disclosure(version)] };
}

/** A search of such a type: `_count` and the page token are read here, all other parameters by `find`. */
export async function renderedSearch(
  context: Context,
  request: InteractionRequest,
  find: (trace: TraceReader, parameters: readonly TraceParameter[], page: TracePageRequest) => Promise<TracePage>,
): Promise<InteractionResponse> {
  const { query: asked, token } = splitPage(request.query);
  const query = isLenient(request.header) ? knownPart(asked, request.type) : asked;
  const { count, parameters } = split(query);
  const url = `${context.base}/${request.type}`;
  const after = token === undefined ? undefined : pagePosition(context, url, query, token);
  const page = await find(traceOf(context), parameters, { count, ...(after === undefined ? {} : { after }) });
  const matches = page.resources.map(rendered);
  const body = searchset({
    base: context.base,
    links: {
      self: selfLink(url, query, token),
      next: page.next === undefined ? undefined : nextLink(context, url, query, page.next),
    },
    total: page.total,
    matches,
    includes: [],
  });
  return { status: 200, headers: {}, body, disclosed: matches.map(disclosure) };
}

/** Of what a client does not see it is told nothing either. */
function traceOf({ service, store, contract, base, sight }: Context): TraceReader {
  return service.trace({ ...store, resources: sight.traced() }, contract, base);
}

const resultNames: readonly string[] = ['_count', '_sort', '_format', '_pretty'];

/** The pairs of a query string that a search of the type knows: what a lenient client's search is made of. */
function knownPart(query: string, type: string): string {
  const parameters = renderedTypes.find((one) => one.type === type)?.parameters ?? [];
  const names = new Set([...resultNames, ...parameters.map(({ name }) => name)]);
  const isKnown = (pair: string) => {
    const parsed = parseSearch(pair);
    if (!parsed.ok) return true;
    const [parameter] = parsed.value;
    return parameter?.key.is === 'plain' && names.has(parameter.key.param);
  };
  return query.split('&').filter(isKnown).join('&');
}

function split(query: string): { readonly count: number; readonly parameters: readonly TraceParameter[] } {
  const parsed = parseSearch(query);
  if (!parsed.ok) throw searchError(parsed.problems);
  const parameters: TraceParameter[] = [];
  let count: number = limits.searchCountDefault;
  for (const { name, key, values } of parsed.value) {
    const [value = ''] = values;
    if (name === '_format' || name === '_pretty') continue;
    if (name === '_count') {
      if (!/^[1-9]\d{0,8}$/.test(value)) {
        throw new AppError('invalid', '_count must be a whole number, 1 or more', { expression: name });
      }
      count = Math.min(Number(value), limits.searchCountMax);
    } else if (key.is === 'plain') {
      const modifier = key.modifier === undefined ? {} : { modifier: key.modifier };
      parameters.push({ name: key.param, ...modifier, values: values.map(unescapeValue) });
    } else {
      throw new AppError('unknown-parameter', `"${name}" is not supported`, { expression: name });
    }
  }
  return { count, parameters };
}

function rendered(resource: JsonResource): BundleVersion {
  const body = Buffer.from(JSON.stringify(resource));
  return { type: resource.resourceType, id: resource.id, version: 1, at: '', change: 'create', body };
}
