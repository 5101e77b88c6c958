import type { Permission } from '../auth/scope.ts';
import { readAuditEvent, searchAuditEvent } from './audit-event.ts';
import type { Interaction, OpenInteraction } from './context.ts';
import { historyInstance } from './history-instance.ts';
import { metadata } from './metadata.ts';
import { readProvenance, searchProvenance } from './provenance.ts';
import { clientOwnedTypes, renderedTypes, storedTypes } from './published-types.ts';
import { read } from './read.ts';
import { searchType } from './search-type.ts';
import { smartConfiguration } from './smart-configuration.ts';
import {
  bindingToken,
  rotateWebhookSecret,
  subscriptionEvents,
  subscriptionStatus,
  webhookSecret,
} from './subscription-operations.ts';
import { amongOwn } from './subscription-read.ts';
import { readSubscriptionTopic, searchSubscriptionTopic } from './subscription-topic.ts';
import { createSubscription, deleteSubscription, patchSubscription, updateSubscription } from './subscription-write.ts';
import { vread } from './vread.ts';

/** A route below a FHIR base. `path`: literal segments, `{type}`, `{id}` and `{version}`. HEAD goes with every GET. */
interface RouteShape {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** FHIR interaction code (https://hl7.org/fhir/R4/valueset-restful-interaction.html) or our own name. */
  readonly interaction: string;
  /** Kind of the audit row. */
  readonly audit: 'rest';
  /** Answers in this media type whatever the client accepts. */
  readonly always?: 'application/json' | 'application/cloudevents-batch+json' | 'text/event-stream';
}

/** Needs no token. */
export interface OpenRoute extends RouteShape {
  readonly open: true;
  readonly run: OpenInteraction;
}

export interface ProtectedRoute extends RouteShape {
  readonly open: false;
  /** The body that it takes: a form (parameters), FHIR JSON, a JSON Patch. Left out: none. */
  readonly takes?: 'form' | 'resource' | 'patch';
  /** Name and definition of an operation, whose interaction is `operation`. */
  readonly operation?: { readonly name: string; readonly definition: string };
  /** Whose scopes cover it, where that is not its own type. */
  readonly scopeType?: string;
  /** Types of which a scope for any one covers it. */
  readonly scopeTypes?: readonly string[];
  /** Types that `{type}` stands for. */
  readonly types: readonly string[];
  /** Letter of the SMART scope that the token must have for the type. */
  readonly needs: Permission;
  readonly run: Interaction;
}

export type Route = OpenRoute | ProtectedRoute;

const stored = storedTypes.map(({ type }) => type);
const audit = 'rest';
const open = false;
const Subscription = ['Subscription'];
const one = '{type}/{id}';
const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-';

const protectedRoutes: readonly ProtectedRoute[] = [
  { method: 'GET', path: '{type}/{id}', interaction: 'read', types: stored, needs: 'r', run: read, audit, open },
  {
    method: 'GET',
    path: '{type}/{id}/_history',
    interaction: 'history-instance',
    types: stored,
    needs: 'r',
    run: historyInstance,
    audit,
    open,
  },
  {
    method: 'GET',
    path: '{type}/{id}/_history/{version}',
    interaction: 'vread',
    types: stored,
    needs: 'r',
    run: vread,
    audit,
    open,
  },
  ...search(stored, searchType),
  {
    method: 'GET',
    path: '{type}/{id}',
    interaction: 'read',
    types: ['AuditEvent'],
    needs: 'r',
    run: readAuditEvent,
    audit,
    open,
  },
  ...search(['AuditEvent'], searchAuditEvent),
  {
    method: 'GET',
    path: '{type}/{id}',
    interaction: 'read',
    types: ['Provenance'],
    needs: 'r',
    run: readProvenance,
    audit,
    open,
  },
  ...search(['Provenance'], searchProvenance),
  ...subscriptionRoutes(),
];

function subscriptionRoutes(): readonly ProtectedRoute[] {
  const shared = { types: Subscription, audit, open } as const;
  const reading = { method: 'GET', needs: 'r', ...shared } as const;
  const change = { method: 'PUT', needs: 'u', ...shared } as const;
  const topics = { method: 'GET', types: ['SubscriptionTopic'], scopeType: 'Subscription', audit, open } as const;
  return [
    { ...reading, path: one, interaction: 'read', run: amongOwn(read) },
    { ...reading, path: `${one}/_history`, interaction: 'history-instance', run: amongOwn(historyInstance) },
    { ...reading, path: `${one}/_history/{version}`, interaction: 'vread', run: amongOwn(vread) },
    ...search(Subscription, amongOwn(searchType)),
    {
      ...{ ...shared, method: 'POST', path: '{type}', interaction: 'create', needs: 'c' },
      ...{ takes: 'resource', run: createSubscription },
    },
    { ...change, path: one, interaction: 'update', takes: 'resource', run: updateSubscription },
    { ...change, method: 'PATCH', path: one, interaction: 'patch', takes: 'patch', run: patchSubscription },
    { ...shared, method: 'DELETE', path: one, interaction: 'delete', needs: 'd', run: deleteSubscription },
    ...operation('{type}/$status', 's', 'status', subscriptionStatus),
    ...operation(`${one}/$status`, 'r', 'status', subscriptionStatus),
    ...operation(`${one}/$events`, 'r', 'events', subscriptionEvents),
    ...operation('{type}/$get-ws-binding-token', 'r', 'get-ws-binding-token', bindingToken),
    ...operation(`${one}/$get-ws-binding-token`, 'r', 'get-ws-binding-token', bindingToken),
    { ...reading, path: `${one}/$webhook-secret`, interaction: 'operation', run: webhookSecret },
    {
      ...{ ...change, method: 'POST', path: `${one}/$rotate-webhook-secret` },
      ...{ interaction: 'operation', run: rotateWebhookSecret },
    },
    { ...topics, path: one, interaction: 'read', needs: 'r', run: readSubscriptionTopic },
    { ...topics, path: '{type}', interaction: 'search-type', needs: 's', run: searchSubscriptionTopic },
  ];
}

/** By GET and by POST. */
function operation(
  path: string,
  needs: Permission,
  name: string | undefined,
  run: Interaction,
): readonly ProtectedRoute[] {
  const named = name === undefined ? {} : { operation: { name, definition: `${backport}${name}` } };
  const route = { path, interaction: 'operation', types: Subscription, needs, run, audit, open, ...named } as const;
  return [
    { ...route, method: 'GET' },
    { ...route, method: 'POST', takes: 'resource' },
  ];
}

function search(types: readonly string[], run: Interaction): readonly ProtectedRoute[] {
  return [
    { method: 'GET', path: '{type}', interaction: 'search-type', types, needs: 's', run, audit, open },
    {
      ...{ method: 'POST', path: '{type}/_search', interaction: 'search-type', takes: 'form' },
      ...{ types, needs: 's', run, audit, open },
    },
  ];
}

/**
 * Everything that a FHIR base answers. One list with four uses: routing, the CapabilityStatement, the
 * authorisation-coverage test, the documentation.
 */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: 'metadata',
    interaction: 'capabilities',
    audit,
    open: true,
    run: (context) => metadata(context, protectedRoutes, [...storedTypes, ...clientOwnedTypes, ...renderedTypes]),
  },
  {
    method: 'GET',
    path: '.well-known/smart-configuration',
    interaction: 'smart-configuration',
    audit,
    always: 'application/json',
    open: true,
    run: smartConfiguration,
  },
  ...protectedRoutes,
];
