import { type ProtectedRoute, routes } from '../../server/interaction/table.ts';
import { compileExtract } from '../../server/search/extract.ts';
import type { SearchParameter } from '../../server/search/parameters.ts';
import type { IndexEntry } from '../../server/search/query.ts';
import { parameters, type TestResource } from './fhir-rig.ts';

/** One request below a base, and what it is about: `Type.parameter` or a route. */
export interface Question {
  readonly about: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly prefer?: string;
}

const extract = compileExtract(parameters);
const served = ['Practitioner', 'PractitionerRole', 'Organization', 'Location', 'Basic'] as const;
const types: readonly string[] = served;

/** Every search parameter of the stored types. */
function everyParameter(): readonly (readonly [type: string, parameter: SearchParameter])[] {
  return types.flatMap((type) => [...(parameters.get(type)?.values() ?? [])].map((one) => [type, one] as const));
}

/** All index values of a parameter in these resources, as search values. */
function valuesOf(resources: readonly TestResource[], type: string, code: string): readonly string[] {
  const entries = resources.filter(({ resourceType }) => resourceType === type).flatMap(extract);
  const own = entries.filter(({ param }) => param === code).flatMap(searchValues);
  return [...new Set(own)].slice(0, 6);
}

function searchValues(entry: IndexEntry): readonly string[] {
  switch (entry.kind) {
    case 'token':
      return entry.system === null ? [entry.code] : [entry.code, `${entry.system}|${entry.code}`, `${entry.system}|`];
    case 'string':
    case 'uri':
      return [entry.value];
    case 'reference':
      return [entry.target];
    case 'date':
      return [`le${new Date(entry.low).toISOString().slice(0, 10)}`];
  }
}

const modifiers = ['not', 'exact', 'contains', 'text', 'of-type', 'identifier'] as const;

/** Everything that a client can ask by a parameter: filters, modifiers, orders, chains, includes, parts, scopes. */
function byParameter(type: string, { code, kind }: SearchParameter, values: readonly string[]): readonly string[] {
  const filters = values.flatMap((value) => {
    const encoded = encodeURIComponent(value);
    return [`${code}=${encoded}`, ...modifiers.map((modifier) => `${code}:${modifier}=${encoded}`)];
  });
  const missing = [`${code}:missing=true`, `${code}:missing=false`];
  const own = [...filters, ...missing].flatMap((filter) => [`${type}?${filter}`, `${type}?${filter}&_summary=count`]);
  const order = [`${type}?_sort=${code}`, `${type}?_sort=-${code}&_count=1`];
  const first = encodeURIComponent(values[0] ?? 'x');
  const filtered = [`${type}?_filter=${code}%20eq%20${first}`, `${type}?_sort=${code}&_total=accurate&_count=1`];
  const reached = [...filters.slice(0, 2), ...missing].flatMap((filter) => [
    ...chains(type, filter),
    ...has(type, filter),
  ]);
  const along = kind === 'reference' ? [`${type}?_include=${type}:${code}`, ...revincludes(type, code)] : [];
  return [...own, ...order, ...filtered, ...reached, ...along];
}

function references() {
  return everyParameter().filter(([, { kind }]) => kind === 'reference');
}

function chains(type: string, filter: string): readonly string[] {
  return references()
    .filter(([, { targets }]) => targets.includes(type))
    .map(([source, { code }]) => `${source}?${code}:${type}.${filter}`);
}

function has(type: string, filter: string): readonly string[] {
  return references()
    .filter(([source]) => source === type)
    .flatMap(([, { code, targets }]) =>
      targets.filter((one) => types.includes(one)).map((target) => `${target}?_has:${type}:${code}:${filter}`),
    );
}

function revincludes(type: string, code: string): readonly string[] {
  const { targets = [] } = parameters.get(type)?.get(code) ?? {};
  return targets.filter((one) => types.includes(one)).map((target) => `${target}?_revinclude=${type}:${code}`);
}

/** What can be asked of each route of the table about these ids, their pages and parts. */
const byRoute: Readonly<Record<string, (type: string, ids: readonly string[]) => readonly string[]>> = {
  'GET {type}/{id}': (type, ids) => ids.flatMap((id) => [`${type}/${id}`, `${type}/${id}?_summary=true`]),
  'GET {type}/{id}/_history': (type, ids) =>
    ids.flatMap((id) => [`${type}/${id}/_history`, `${type}/${id}/_history?_count=1`]),
  'GET {type}/{id}/_history/{version}': (type, ids) =>
    ids.flatMap((id) => [1, 2].map((n) => `${type}/${id}/_history/${n}`)),
  'GET {type}': (type) =>
    [
      ...[
        '',
        '?_total=accurate',
        '?_count=1',
        '?_summary=count',
        '?_summary=data',
        '?_include=*',
        '?_sort=_id&_count=2',
      ],
      ...['?_lastUpdated=gt2000', '?_elements=identifier', '?_count=0', '?_include:iterate=PractitionerRole:*'],
    ].map((query) => type + query),
  'POST {type}/_search': (type) => [`${type}/_search`],
};

const storedRoutes = routes.filter(
  (route): route is ProtectedRoute => !route.open && route.types.some((type) => types.includes(type)),
);

/** Throws where the table has a route over stored resources that nothing is asked of. */
export function questions(worlds: readonly (readonly TestResource[])[]): readonly Question[] {
  const resources = worlds.flat();
  const asked: Question[] = [];
  for (const { method, path, types: of } of storedRoutes) {
    const ask = byRoute[`${method} ${path}`];
    if (ask === undefined) throw new Error(`nothing is asked of ${method} ${path}`);
    for (const type of of) {
      const ids = [...new Set(resources.filter((one) => one.resourceType === type).map(({ id }) => id))];
      const verb = method === 'POST' ? 'POST' : 'GET';
      asked.push(...ask(type, ids).map((one) => ({ about: `${method} ${path}`, method: verb, path: one }) as const));
    }
  }
  for (const [type, parameter] of everyParameter()) {
    const about = `${type}.${parameter.code}`;
    const paths = byParameter(type, parameter, valuesOf(resources, type, parameter.code));
    asked.push(...paths.map((path) => ({ about, method: 'GET', path }) as const));
    const [filter = ''] = paths;
    asked.push({ about, method: 'GET', path: filter, prefer: 'handling=lenient' });
    const [searched = '', query = ''] = filter.split('?');
    asked.push({ about, method: 'POST', path: `${searched}/_search`, body: query });
  }
  return asked;
}

/** Parameters by which resources that both worlds have can be told apart. */
export function telling(a: readonly TestResource[], b: readonly TestResource[]): ReadonlySet<string> {
  const names = (world: readonly TestResource[]) => world.map(({ resourceType, id }) => `${resourceType}/${id}`);
  const common = new Set(names(a).filter((name) => names(b).includes(name)));
  const text = (world: readonly TestResource[], type: string, code: string) =>
    JSON.stringify(
      world
        .filter(({ resourceType, id }) => resourceType === type && common.has(`${type}/${id}`))
        .map((one) => [one.id, extract(one).filter(({ param }) => param === code || param.startsWith(`${code}:`))]),
    );
  const found = everyParameter().filter(([type, { code }]) => text(a, type, code) !== text(b, type, code));
  return new Set(found.map(([type, { code }]) => `${type}.${code}`));
}
