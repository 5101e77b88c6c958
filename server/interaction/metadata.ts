import { issuerUrl, tokenEndpoint } from '../auth/base.ts';
import { limits } from '../core/limits.ts';
import { modifiersOf } from '../search/bind-filter.ts';
import { resultParameters } from '../search/bind-result.ts';
import type { InteractionResponse, OpenContext } from './context.ts';
import { type PublishedType, renderedTypes } from './published-types.ts';

interface DescribedRoute {
  readonly interaction: string;
  readonly types: readonly string[];
  readonly operation?: { readonly name: string; readonly definition: string };
}

/**
 * https://hl7.org/fhir/R4/http.html#capabilities: the CapabilityStatement of this base, generated from the routes and
 * the search parameters. Says nothing of the tenant but the URL that was asked.
 */
export async function metadata(
  context: OpenContext,
  routes: readonly DescribedRoute[],
  types: readonly PublishedType[],
): Promise<InteractionResponse> {
  const { base, contract, service } = context;
  const { software } = service;
  const statement = {
    resourceType: 'CapabilityStatement',
    id: `esr-fhir-${contract}`,
    status: 'active',
    date: software.releasedAt,
    kind: 'instance',
    instantiates: ['http://hl7.org/fhir/uv/subscriptions-backport/CapabilityStatement/backport-subscription-server-r4'],
    software: { name: software.name, version: software.version, releaseDate: software.releasedAt },
    implementation: { description: `ESR workforce data, contract ${contract}`, url: base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        documentation,
        security: security(service.publicUrl()),
        resource: types.map((type) => resourceEntry(type, routes, context)),
      },
    ],
  };
  return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(statement)), disclosed: [] };
}

/** What R4 has no element for; not of AuditEvent and Provenance, which are rendered when they are read. */
const documentation = [
  `Searches take ${resultParameters.join(', ')}, _has and chains of at most ${limits.chainStepsMax} steps.`,
  '_sort takes any search parameter of the type; what has no value comes last.',
  '_include and _revinclude take Type:* and :iterate. Reads take _summary and _elements.',
  'Unknown parameters are refused unless the client prefers handling=lenient.',
].join(' ');

/** SMART App Launch 2.2, section "Declaring support in the CapabilityStatement". */
function security(publicUrl: string) {
  return {
    extension: [
      {
        url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
        extension: [
          { url: 'token', valueUri: tokenEndpoint(publicUrl) },
          { url: 'authorize', valueUri: `${issuerUrl(publicUrl)}/auth` },
        ],
      },
    ],
    service: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
            code: 'SMART-on-FHIR',
            display: 'SMART-on-FHIR',
          },
        ],
      },
    ],
    description: 'OAuth 2.0 client credentials with SMART scopes; a token is good for one base',
  };
}

function resourceEntry({ type, profiles }: PublishedType, routes: readonly DescribedRoute[], context: OpenContext) {
  const { service } = context;
  const own = routes.filter((route) => route.types.includes(type));
  const has = new Set(own.map((route) => route.interaction).filter((code) => code !== 'operation'));
  const operations = new Map(
    own.flatMap(({ operation }) => (operation === undefined ? [] : [[operation.name, operation]])),
  );
  const include = includes(type, context);
  return {
    type,
    ...(profiles.length === 0
      ? {}
      : { supportedProfile: profiles.map((url) => url.replace('{base}', service.canonicalBase)) }),
    interaction: [...has].map((code) => ({ code })),
    versioning: has.has('vread') ? 'versioned' : 'no-version',
    readHistory: has.has('vread'),
    updateCreate: false,
    conditionalRead: has.has('vread') ? 'full-support' : 'not-supported',
    ...(include.forward.length === 0 ? {} : { searchInclude: include.forward }),
    ...(include.reverse.length === 0 ? {} : { searchRevInclude: include.reverse }),
    searchParam: searchParams(type, context),
    ...(operations.size === 0 ? {} : { operation: [...operations.values()] }),
    ...(type === 'Subscription' ? { extension: topicExtensions(context) } : {}),
  };
}

/** Backport 1.1, topic discovery: the topics that a subscription may be for. */
function topicExtensions({ service }: OpenContext) {
  const url =
    'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/capabilitystatement-subscriptiontopic-canonical';
  return service.topics.map(({ topic }) => ({
    url,
    valueCanonical: `${service.canonicalBase}/SubscriptionTopic/${topic}`,
  }));
}

function searchParams(type: string, { service }: OpenContext) {
  const rendered = renderedTypes.find((one) => one.type === type);
  if (rendered !== undefined) {
    return rendered.parameters.map(({ name, type: kind }) => ({
      name,
      definition: definitionOf(type, name),
      type: kind,
    }));
  }
  return [
    { name: '_id', definition: definitionOf(type, '_id'), type: 'token' },
    { name: '_lastUpdated', definition: definitionOf(type, '_lastUpdated'), type: 'date' },
    ...[...(service.parameters.get(type)?.values() ?? [])].map((parameter) => ({
      name: parameter.code,
      definition: parameter.definition,
      type: parameter.kind,
      documentation: `Modifiers: ${modifiersOf(parameter).join(', ')}`,
    })),
  ];
}

function definitionOf(type: string, name: string): string {
  const id = name.startsWith('_') ? `Resource-${name.slice(1)}` : `${type}-${name}`;
  return `http://hl7.org/fhir/SearchParameter/${id}`;
}

/** Only what can come back: references to types that are stored. */
function includes(type: string, { service: { parameters } }: OpenContext) {
  const forward: string[] = [];
  const reverse: string[] = [];
  for (const [source, ofSource] of parameters) {
    for (const { code, kind, targets } of ofSource.values()) {
      if (kind !== 'reference') continue;
      if (source === type && targets.some((target) => parameters.has(target))) forward.push(`${source}:${code}`);
      if (targets.includes(type)) reverse.push(`${source}:${code}`);
    }
  }
  return { forward: forward.length === 0 ? forward : [`${type}:*`, ...forward], reverse };
}
