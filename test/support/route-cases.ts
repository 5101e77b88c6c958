import type { Asking } from './house-server.ts';
import { subscriptionTo } from './subscription-client.ts';

/** Questions that one tenant's client may ask of a route about an id; the path is relative to the base. */
export type RouteCase = (type: string, id: string) => readonly (Asking & { readonly path: string })[];

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const plain = (...paths: readonly string[]) => paths.map((path) => ({ path }));

/** Search criteria that name a resource `Type/id`, by the type that is searched. */
const criteria: Readonly<Record<string, (id: string) => readonly string[]>> = {
  Practitioner: (id) => [`_id=${id}`, `_id=${id}&_revinclude=PractitionerRole:practitioner`],
  PractitionerRole: (id) => [
    `_id=${id}&_include=PractitionerRole:practitioner`,
    `practitioner=Practitioner/${id}`,
    `practitioner=${id}&_include=*`,
    `organization=Organization/${id}`,
    `department=Organization/${id}`,
    `location=Location/${id}`,
    `practitioner._id=${id}`,
    `organization=Organization/${id}&_summary=count`,
  ],
  Organization: (id) => [`_id=${id}&_revinclude=PractitionerRole:organization`, `partof=Organization/${id}`],
  Location: (id) => [`_id=${id}`, `organization=Organization/${id}&_total=accurate`],
  Basic: (id) => [`_id=${id}`],
  Provenance: (id) =>
    ['Practitioner', 'PractitionerRole', 'Organization', 'Location', 'Basic'].flatMap((type) => [
      `target=${type}/${id}`,
      `target=${type}/${id}/_history/1`,
    ]),
  Subscription: (id) => [`_id=${id}`, `_id=${id}&_summary=count`, `url=https://hooks.example/${id}`],
  SubscriptionTopic: (id) => [`url=${id}`],
  AuditEvent: (id) => [`entity=Practitioner/${id}`, `entity=PractitionerRole/${id}`],
};

const searches: RouteCase = (type, id) => plain(...(criteria[type]?.(id) ?? []).map((one) => `${type}?${one}`));

/** How each route of the table is asked about somebody else's id. A route that is not here fails the test. */
export const routeCases: Readonly<Record<string, RouteCase>> = {
  'GET {type}/{id}': (type, id) => [
    { path: `${type}/${id}` },
    { path: `${type}/${id}`, method: 'HEAD' },
    { path: `${type}/${id}?_format=json&_summary=true` },
    ...['W/"1"', 'W/"2"', '*', '"1"'].map((tag) => ({ path: `${type}/${id}`, headers: { 'if-none-match': tag } })),
    { path: `${type}/${id}`, headers: { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' } },
    { path: `${type}/${id}`, headers: { 'if-match': 'W/"1"' } },
  ],
  'GET {type}/{id}/_history': (type, id) =>
    plain(`${type}/${id}/_history`, `${type}/${id}/_history?_count=1`, `${type}/${id}/_history?_since=2020-01-01`),
  'GET {type}/{id}/_history/{version}': (type, id) => [
    ...plain(...['1', '2', '3', '99'].map((version) => `${type}/${id}/_history/${version}`)),
    { path: `${type}/${id}/_history/1`, headers: { 'if-none-match': 'W/"1"' } },
  ],
  'GET {type}': searches,
  'POST {type}/_search': (type, id) =>
    searches(type, id).map(({ path }) => ({
      path: `${type}/_search`,
      method: 'POST',
      headers: form,
      body: path.slice(path.indexOf('?') + 1),
    })),
  // A create names no id: what it is refused for must not depend on what there is elsewhere.
  'POST {type}': (type, id) => [
    { path: type, method: 'POST', headers: fhir, body: subscription({ id, status: 'active' }) },
    { path: type, method: 'POST', headers: { ...fhir, 'if-none-exist': `_id=${id}` }, body: subscription({ id }) },
    { path: type, method: 'POST', headers: fhir, body: subscription({ criteria: `Basic?${id}=1` }) },
  ],
  'PUT {type}/{id}': (type, id) => [
    { path: `${type}/${id}`, method: 'PUT', headers: fhir, body: subscription({ id }) },
    { path: `${type}/${id}`, method: 'PUT', headers: { ...fhir, 'if-match': 'W/"1"' }, body: subscription({ id }) },
    { path: `${type}/${id}`, method: 'PUT', headers: { ...fhir, 'if-match': 'W/"9"' }, body: '{}' },
  ],
  'PATCH {type}/{id}': (type, id) =>
    ['[]', '[{"op":"replace","path":"/status","value":"off"}]'].map((body) => ({
      ...{ path: `${type}/${id}`, method: 'PATCH', body },
      headers: { 'content-type': 'application/json-patch+json' },
    })),
  'DELETE {type}/{id}': (type, id) => [
    { path: `${type}/${id}`, method: 'DELETE' },
    { path: `${type}/${id}`, method: 'DELETE', headers: { 'if-match': 'W/"1"' } },
  ],
  'GET {type}/$status': (type, id) => plain(`${type}/$status?id=${id}`, `${type}/$status?id=Subscription/${id}`),
  'POST {type}/$status': (type, id) => [
    { path: `${type}/$status`, method: 'POST', headers: fhir, body: parameters('id', id) },
  ],
  ...operation('$status'),
  ...operation('$events'),
  ...operation('$get-ws-binding-token'),
  'GET {type}/$get-ws-binding-token': (type, id) => plain(`${type}/$get-ws-binding-token?id=${id}`),
  'POST {type}/$get-ws-binding-token': (type, id) => [
    { path: `${type}/$get-ws-binding-token`, method: 'POST', headers: fhir, body: parameters('ids', id) },
  ],
  'GET {type}/{id}/$webhook-secret': (type, id) => plain(`${type}/${id}/$webhook-secret`),
  'POST {type}/{id}/$rotate-webhook-secret': (type, id) => [
    { path: `${type}/${id}/$rotate-webhook-secret`, method: 'POST' },
  ],
};

const fhir = { 'content-type': 'application/fhir+json' };

function subscription(change: object): string {
  return JSON.stringify({ ...subscriptionTo('https://hooks.example/hook'), status: 'off', ...change });
}

function parameters(name: string, valueString: string): string {
  return JSON.stringify({ resourceType: 'Parameters', parameter: [{ name, valueString }] });
}

function operation(name: string): Readonly<Record<string, RouteCase>> {
  return {
    [`GET {type}/{id}/${name}`]: (type, id) =>
      plain(`${type}/${id}/${name}`, `${type}/${id}/${name}?eventsSinceNumber=1`),
    [`POST {type}/{id}/${name}`]: (type, id) => [
      { path: `${type}/${id}/${name}`, method: 'POST', headers: fhir, body: parameters('content', 'full-resource') },
    ],
  };
}
