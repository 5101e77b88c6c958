import { idPattern } from '../fhir/id.ts';
import { eventRoutes } from '../interaction/event-table.ts';
import { type Route, routes } from '../interaction/table.ts';
import { tenantIdPattern } from '../tenancy/tenant.ts';

/** A path of the form `/t/{tenant}/fhir/{contract}/…` or `/t/{tenant}/events/{contract}…`. */
export interface Located {
  readonly at: 'fhir' | 'events';
  readonly tenant: string;
  readonly contract: string;
  readonly rest: readonly string[];
}

export interface Routed {
  readonly route: Route;
  readonly type: string;
  readonly id: string;
  readonly version: string;
}

const contractPattern = /^v[0-9]{1,4}$/;

/**
 * Reads a raw request path. Nothing is decoded: tenants, types and ids have no character that needs it, so `%2f`,
 * `..`, `//` and capital letters find no tenant instead of another one.
 */
export function locate(path: string): Located | undefined {
  // By index: taking a list apart goes through its iterator, on every request.
  const segments = path.split('/');
  const at = segments[3];
  if (segments[0] !== '' || segments[1] !== 't' || (at !== 'fhir' && at !== 'events')) return undefined;
  const tenant = segments[2] ?? '';
  const contract = segments[4] ?? '';
  if (!tenantIdPattern.test(tenant) || !contractPattern.test(contract)) return undefined;
  return { at, tenant, contract, rest: segments.slice(5) };
}

interface CompiledRoute {
  readonly route: Route;
  readonly segments: readonly string[];
  readonly types: ReadonlySet<string>;
}

const compiled = { fhir: compiledBySegments(routes), events: compiledBySegments(eventRoutes) } as const;

function compiledBySegments(table: readonly Route[]): ReadonlyMap<number, readonly CompiledRoute[]> {
  const found = new Map<number, CompiledRoute[]>();
  for (const route of table) {
    const segments = route.path === '' ? [] : route.path.split('/');
    const peers = found.get(segments.length) ?? [];
    peers.push({ route, segments, types: new Set(route.open ? [] : route.types) });
    found.set(segments.length, peers);
  }
  return found;
}

/** The route of a path below a base; the methods that the path knows where it does not know this one. */
export function findRoute(
  method: string,
  { at, rest }: Pick<Located, 'at' | 'rest'>,
): Routed | { readonly allow: string } | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const candidates = compiled[at].get(rest.length) ?? [];
  for (const { route, segments, types } of candidates) {
    const parts = route.method === wanted ? matchSegments(segments, rest, types) : undefined;
    if (parts !== undefined) return { route, type: parts.type, id: parts.id, version: parts.version };
  }
  const allowed = candidates
    .filter(({ segments, types }) => matchSegments(segments, rest, types) !== undefined)
    .flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  return allowed.length === 0 ? undefined : { allow: [...new Set(allowed)].join(', ') };
}

function matchSegments(segments: readonly string[], rest: readonly string[], types: ReadonlySet<string>) {
  let type = '';
  let id = '';
  let version = '';
  for (let at = 0; at < segments.length; at++) {
    const segment = segments[at];
    const text = rest[at] ?? '';
    if (segment === '{type}') {
      if (!types.has(text)) return undefined;
      type = text;
    } else if (segment === '{id}') {
      if (!idPattern.test(text)) return undefined;
      id = text;
    } else if (segment === '{version}') version = text;
    else if (segment !== text) return undefined;
  }
  return { type, id, version };
}
