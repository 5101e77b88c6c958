import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { type Topic, topics } from '../topics/topic.ts';
import { type Criteria, parseCriteria } from './criteria.ts';
import { checkEndpoint, checkHeaders, type EgressPolicy, type Header } from './endpoint.ts';
import { backport, type Extension, type SubscriptionResource, topicCanonical } from './subscription-resource.ts';
import { type Filter, parseFilter } from './topic-filter.ts';

export type Content = 'empty' | 'id-only' | 'full-resource';

/** What a subscription asks for, once every part of it is known to mean something here. */
export interface Terms {
  /** What it listens to: a topic of ours, or plain R4 criteria. */
  readonly to: { readonly is: 'topic'; readonly topic: Topic; readonly filters: readonly Filter[] } | Criteria;
  readonly channel: 'rest-hook' | 'websocket';
  /** Of a rest-hook; a websocket comes to us. */
  readonly endpoint: URL | null;
  readonly headers: readonly Header[];
  /** Media type of the body; undefined (plain R4 alone): requests without a body. */
  readonly payload: string | undefined;
  readonly content: Content;
  readonly heartbeatSeconds: number | undefined;
  readonly timeoutSeconds: number;
  readonly maxCount: number;
  /** ISO 8601. */
  readonly end: string | undefined;
}

export interface TermsContext {
  readonly canonicalBase: string;
  /** The FHIR base that the subscription stands on. */
  readonly base: string;
  readonly contract: string;
  readonly egress: EgressPolicy;
  readonly parameters: Parameters<typeof parseCriteria>[1]['parameters'];
}

/** Throws `unprocessable`, saying what is not offered. */
export function termsOf(resource: SubscriptionResource, context: TermsContext): Terms {
  const { channel } = resource;
  const name = topicOf(resource.criteria, context.canonicalBase);
  const way = channelOf(resource, name, context.egress);
  const asked = numbersOf(channel.extension ?? []);
  const payload = channel.payload === undefined ? undefined : mediaType(channel.payload);
  const shared = { ...way, payload, end: resource.end, ...asked };
  if (name === undefined) {
    if (resource._criteria !== undefined || channel._payload !== undefined || asked.heartbeatSeconds !== undefined) {
      throw refused('filters, payload contents and heartbeats belong to topics', 'criteria');
    }
    return { ...shared, to: parseCriteria(resource.criteria, context), content: 'full-resource', maxCount: 1 };
  }
  if (payload === undefined) throw refused('a topic subscription needs channel.payload', 'channel.payload');
  const content = contentOf(channel._payload?.extension ?? []);
  if (content !== 'empty' && topics[name].focus === null) {
    throw refused(`events of ${name} are about no resource: their content is empty`, 'channel.payload');
  }
  const filters = filtersOf(resource, name, context.base);
  return { ...shared, to: { is: 'topic', topic: name, filters }, content };
}

/** The name of a topic; undefined for criteria that are no canonical URL. */
function topicOf(criteria: string, canonicalBase: string): Topic | undefined {
  const found = Object.keys(topics).find((topic) => topicCanonical(canonicalBase, topic) === criteria);
  if (found !== undefined) return found as Topic;
  if (!/^[a-z]+:/i.test(criteria)) return undefined;
  throw refused('there is no such topic: the CapabilityStatement lists those that there are', 'criteria');
}

/** How it reaches its client. */
function channelOf(
  { channel }: SubscriptionResource,
  topic: Topic | undefined,
  egress: EgressPolicy,
): Pick<Terms, 'channel' | 'endpoint' | 'headers'> {
  const { type, endpoint, header = [] } = channel;
  if (channel._type !== undefined || (type !== 'rest-hook' && type !== 'websocket')) {
    throw refused('only the channels rest-hook and websocket are offered', 'channel.type');
  }
  if (type === 'rest-hook') {
    if (endpoint === undefined) throw refused('a rest-hook needs an endpoint', 'channel.endpoint');
    return { channel: type, endpoint: checkEndpoint(endpoint, egress), headers: checkHeaders(header) };
  }
  if (topic === undefined) throw refused('a websocket tells of topics, not of plain criteria', 'channel.type');
  if (endpoint !== undefined)
    throw refused('a websocket is opened by its client: it has no endpoint', 'channel.endpoint');
  if (header.length > 0) throw refused('a websocket sends no headers', 'channel.header');
  return { channel: type, endpoint: null, headers: [] };
}

const mediaTypes: ReadonlySet<string> = new Set(['application/fhir+json', 'application/json']);

/** Media type without parameters, `fhirVersion` and `charset` apart, is what Content-Type will be. */
function mediaType(text: string): string {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  if (!mediaTypes.has(type.toLowerCase())) throw refused('the payload can be application/fhir+json', 'channel.payload');
  for (const parameter of parameters) {
    if (/^fhirversion="?4\.0"?$/i.test(parameter) || /^charset="?utf-8"?$/i.test(parameter)) continue;
    throw refused('the payload can be of fhirVersion=4.0 and charset=utf-8 alone', 'channel.payload');
  }
  return text;
}

function contentOf(extensions: readonly Extension[]): Content {
  const [found, ...more] = extensions;
  if (found === undefined) return 'empty';
  const code = found['valueCode'];
  if (found.url !== backport.payloadContent || more.length > 0)
    throw refused('an extension is unknown', 'channel.payload');
  if (code === 'empty' || code === 'id-only' || code === 'full-resource') return code;
  throw refused('the payload content can be empty, id-only or full-resource', 'channel.payload.extension');
}

function filtersOf({ _criteria }: SubscriptionResource, topic: Topic, base: string): readonly Filter[] {
  const extensions = _criteria?.extension ?? [];
  if (extensions.length > limits.filtersPerSubscriptionMax) throw refused('there are too many filters', 'criteria');
  return extensions.flatMap((extension) => {
    const text = extension['valueString'];
    if (extension.url === backport.filterCriteria && typeof text === 'string') return parseFilter(text, topic, base);
    throw refused('criteria may have backport-filter-criteria extensions alone', 'criteria.extension');
  });
}

function numbersOf(extensions: readonly Extension[]) {
  let heartbeatSeconds: number | undefined;
  let timeoutSeconds: number = limits.deliveryTimeoutSecondsMax;
  let maxCount: number = limits.notificationEventsMax;
  for (const extension of extensions) {
    const { url } = extension;
    const number = extension['valueUnsignedInt'] ?? extension['valuePositiveInt'];
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) {
      throw refused('an extension is unknown or has no whole number', 'channel.extension');
    }
    if (url === backport.heartbeatPeriod) heartbeatSeconds = heartbeat(number);
    else if (url === backport.timeout && number > 0) timeoutSeconds = Math.min(number, timeoutSeconds);
    else if (url === backport.maxCount && number > 0) maxCount = Math.min(number, maxCount);
    else throw refused('an extension is unknown or has a value that it cannot have', 'channel.extension');
  }
  return { heartbeatSeconds, timeoutSeconds, maxCount };
}

function heartbeat(seconds: number): number | undefined {
  const { heartbeatSecondsMin: min, heartbeatSecondsMax: max } = limits;
  if (seconds === 0) return undefined;
  if (seconds >= min && seconds <= max) return seconds;
  throw refused(`a heartbeat period is between ${min} and ${max} seconds`, 'channel.extension');
}

function refused(message: string, element: string): AppError {
  return new AppError('unprocessable', message, { expression: `Subscription.${element}` });
}
