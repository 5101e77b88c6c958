import { derivedId } from '../core/id.ts';
import { quoted } from '../core/json.ts';
import type { NumberedEvent } from '../store/delivery-port.ts';
import type { StoredVersion } from '../store/port.ts';
import { toldAbout } from './about.ts';
import { backport, type SubscriptionStatus } from './subscription-resource.ts';
import type { Content } from './terms.ts';

/** https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/StructureDefinition-backport-subscription-status-r4.html */
export type StatusKind = 'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';

/** What every status says of its subscription. */
export interface StatusHead {
  /** FHIR base of the subscription. */
  readonly base: string;
  readonly canonicalBase: string;
  readonly subscription: string;
  /** Canonical URL; undefined of plain R4 criteria. */
  readonly topic: string | undefined;
  readonly status: SubscriptionStatus;
  /** Number of its newest event, delivered or not. */
  readonly events: number;
  /** Class of the failure that put it into error. */
  readonly error: string | null;
}

/** An event with the version that it is about, where there is one to show. */
export interface ShownEvent {
  readonly event: NumberedEvent;
  readonly version: StoredVersion | undefined;
  /** It is about something that the client does not see, or that cannot be read: its number is told alone. */
  readonly withheld: boolean;
  /** What is stored of it cannot be read: somebody must look. */
  readonly unreadable?: true;
}

/** Parameters resource of a `$status` or of the first entry of a notification. R4 carries numbers as strings. */
export function statusParameters(head: StatusHead, kind: StatusKind): object {
  const { base, subscription, events } = head;
  const id = derivedId('status', base, subscription, kind, String(events));
  return JSON.parse(statusText(id, head, kind, [], 'empty'));
}

/**
 * Its JSON, put together from what differs: made as objects first, a notification took a third of what it costs to
 * deliver it besides the request (measured).
 */
function statusText(
  id: string,
  head: StatusHead,
  kind: StatusKind,
  events: readonly ShownEvent[],
  content: Content,
): string {
  const { base, subscription, topic, status, events: count, error } = head;
  // "Empty" keeps also what it is about to itself; who asks for a status knows.
  const untold = content === 'empty' && kind !== 'query-status';
  const parameters = [
    `{"name":"subscription","valueReference":{"reference":${quoted(`${base}/Subscription/${subscription}`)}}}`,
    ...(topic === undefined || untold ? [] : [`{"name":"topic","valueCanonical":${quoted(topic)}}`]),
    `{"name":"status","valueCode":"${status}"},{"name":"type","valueCode":"${kind}"}`,
    `{"name":"events-since-subscription-start","valueString":"${count}"}`,
    ...events.map(({ event, withheld }) => eventText(head, event, withheld ? 'empty' : content)),
    ...(error === null ? [] : [JSON.stringify({ name: 'error', valueCodeableConcept: errorConcept(error) })]),
  ];
  const opening = `{"resourceType":"Parameters","id":"${id}","meta":{"profile":["${backport.status}"]}`;
  return `${opening},"parameter":[${parameters.join(',')}]}`;
}

function errorConcept(error: string) {
  return {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/subscription-error', code: 'no-response' }],
    text: error,
  };
}

/** `empty` says that something happened and when, and nothing else. */
function eventText({ base, canonicalBase }: StatusHead, event: NumberedEvent, content: Content): string {
  const number = `{"name":"event-number","valueString":"${event.number}"}`;
  const time = `{"name":"timestamp","valueInstant":${quoted(event.at)}}`;
  const part = `"name":"notification-event","part":[${number},${time}`;
  if (content === 'empty') return `{${part}]}`;
  const reference = event.focus === '' ? '' : quoted(`${base}/${focusOf(event)}`);
  const focus = reference === '' ? '' : `,{"name":"focus","valueReference":{"reference":${reference}}}`;
  return `{"extension":[${aboutText(event, canonicalBase)}],${part}${focus}]}`;
}

function aboutText({ about }: NumberedEvent, canonicalBase: string): string {
  const url = quoted(`${canonicalBase}/StructureDefinition/subscription-event`);
  return `{"url":${url},"extension":[${toldAbout(about)}]}`;
}

/** `Type/id` of an event's focus. */
function focusOf({ focus }: NumberedEvent): string {
  return focus.slice(0, focus.lastIndexOf('/'));
}

/**
 * A notification (Backport 1.1, "Notification bundle"): a history Bundle whose first entry is the status.
 *
 * @param id the same for all attempts at the same events
 * @param at ISO 8601; of the newest event, so that every attempt sends the same bytes
 */
export function notificationBundle({
  id,
  at,
  head,
  kind,
  events,
  content,
}: {
  readonly id: string;
  readonly at: string;
  readonly head: StatusHead;
  readonly kind: StatusKind;
  readonly events: readonly ShownEvent[];
  readonly content: Content;
}): Buffer {
  const url = quoted(`${head.base}/Subscription/${head.subscription}/$status`);
  const statusId = derivedId('status', id);
  const status =
    `{"fullUrl":"urn:uuid:${statusId}","resource":${statusText(statusId, head, kind, events, content)},` +
    `"request":{"method":"GET","url":${url}},"response":{"status":"200"}}`;
  const opening =
    `{"resourceType":"Bundle","id":"${id}","meta":{"profile":["${backport.notification}"]},"type":"history",` +
    `"timestamp":"${at}","entry":[`;
  return Buffer.from(`${opening}${[status, ...focusEntries(head.base, events, content)].join(',')}]}`);
}

const requests = {
  create: { method: 'POST', status: '201' },
  update: { method: 'PUT', status: '200' },
  delete: { method: 'DELETE', status: '204' },
} as const;

/** One entry for each version; without contents, one for each resource. */
function focusEntries(base: string, events: readonly ShownEvent[], content: Content): readonly string[] {
  if (content === 'empty') return [];
  const entries = new Map<string, string>();
  for (const { version } of events) {
    if (version === undefined) continue;
    const { type, id, change, body } = version;
    const { method, status } = requests[change];
    const name = `${type}/${id}`;
    const full = content === 'full-resource' && change !== 'delete';
    const head = `{"fullUrl":${JSON.stringify(`${base}/${name}`)}`;
    const request = JSON.stringify({ method, url: method === 'POST' ? type : name });
    const tail = `"request":${request},"response":{"status":"${status}"}}`;
    const key = content === 'full-resource' ? `${name}/${version.version}` : name;
    entries.set(key, full ? `${head},"resource":${body.toString()},${tail}` : `${head},${tail}`);
  }
  return [...entries.values()];
}
