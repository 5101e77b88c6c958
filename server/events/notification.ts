import { derivedId } from '../core/id.ts';
import { quoted } from '../core/json.ts';
import type { NumberedEvent } from '../store/delivery-port.ts';
import type { StoredVersion } from '../store/port.ts';
import { toldOf } from './about.ts';
import { backport, type SubscriptionStatus } from './subscription-resource.ts';
import type { Content } from './terms.ts';

/** https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/StructureDefinition-backport-subscription-status-r4.html */
export type StatusKind = 'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';

/** What every status says of its subscription; one object for many notifications, whose fixed text is made once. */
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
  return JSON.parse(statusText(id, { head, kind, events: [], content: 'empty' }));
}

/**
 * Its JSON, put together from what differs: made as objects first, a notification took a third of what it costs to
 * deliver it besides the request (measured).
 */
function statusText(
  id: string,
  { head, kind, events, content, count }: Pick<Notification, 'head' | 'kind' | 'events' | 'content' | 'count'>,
): string {
  const { error } = head;
  const fixed = fixedOf(head);
  // "Empty" keeps also what it is about to itself; who asks for a status knows.
  const untold = content === 'empty' && kind !== 'query-status';
  let parameters =
    `${fixed.subscription}${untold ? '' : fixed.topic}${fixed.status},{"name":"type","valueCode":"${kind}"},` +
    `{"name":"events-since-subscription-start","valueString":"${count ?? head.events}"}`;
  for (const { event, withheld } of events) {
    parameters += `,${eventText(head, event, withheld ? 'empty' : content)}`;
  }
  if (error !== null) {
    parameters += `,${JSON.stringify({ name: 'error', valueCodeableConcept: errorConcept(error) })}`;
  }
  const opening = `{"resourceType":"Parameters","id":"${id}","meta":{"profile":["${backport.status}"]}`;
  return `${opening},"parameter":[${parameters}]}`;
}

/** Texts that all notifications with the same head share. */
interface FixedTexts {
  readonly subscription: string;
  /** Empty of plain R4 criteria. */
  readonly topic: string;
  readonly status: string;
  readonly statusUrl: string;
}

const fixedTexts = new WeakMap<StatusHead, FixedTexts>();

function fixedOf(head: StatusHead): FixedTexts {
  const known = fixedTexts.get(head);
  if (known !== undefined) return known;
  const { base, subscription, topic, status } = head;
  const reference = `${base}/Subscription/${subscription}`;
  const made = {
    subscription: `{"name":"subscription","valueReference":{"reference":${quoted(reference)}}}`,
    topic: topic === undefined ? '' : `,{"name":"topic","valueCanonical":${quoted(topic)}}`,
    status: `,{"name":"status","valueCode":"${status}"}`,
    statusUrl: quoted(`${reference}/$status`),
  };
  fixedTexts.set(head, made);
  return made;
}

function errorConcept(error: string) {
  return {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/subscription-error', code: 'no-response' }],
    text: error,
  };
}

/** `empty` says that something happened and when, and nothing else. */
function eventText({ base, canonicalBase }: StatusHead, event: NumberedEvent, content: Content): string {
  if (content !== 'empty') {
    const { before, after } = toldOf(event, base, canonicalBase);
    return `${before}${event.number}${after}`;
  }
  const number = `{"name":"event-number","valueString":"${event.number}"}`;
  const time = `{"name":"timestamp","valueInstant":${quoted(event.at)}}`;
  return `{"name":"notification-event","part":[${number},${time}]}`;
}

/** What a notification is made of. */
export interface Notification {
  /** The same for all attempts at the same events. */
  readonly ids: readonly [bundle: string, status: string];
  /** ISO 8601; of the newest event, so that every attempt sends the same bytes. */
  readonly at: string;
  readonly head: StatusHead;
  /** Number of the newest event that it tells of, where that is not the head's. */
  readonly count?: number | undefined;
  readonly kind: StatusKind;
  readonly events: readonly ShownEvent[];
  readonly content: Content;
}

/** A notification (Backport 1.1, "Notification bundle"): a history Bundle whose first entry is the status. */
export function notificationBundle(notification: Notification): Buffer {
  const { ids, at, head, events, content } = notification;
  const [id, statusId] = ids;
  const status =
    `{"fullUrl":"urn:uuid:${statusId}","resource":${statusText(statusId, notification)},` +
    `"request":{"method":"GET","url":${fixedOf(head).statusUrl}},"response":{"status":"200"}}`;
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
    const url = quoted(method === 'POST' ? type : name);
    const shown = full ? `"resource":${body.toString()},` : '';
    const key = content === 'full-resource' ? `${name}/${version.version}` : name;
    entries.set(
      key,
      `{"fullUrl":${quoted(`${base}/${name}`)},${shown}` +
        `"request":{"method":"${method}","url":${url}},"response":{"status":"${status}"}}`,
    );
  }
  return [...entries.values()];
}
