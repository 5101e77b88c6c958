import { present } from '../core/assert.ts';
import { derivedId, derivedPair } from '../core/id.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { TenantStore } from '../store/port.ts';
import { aboutOf } from './about.ts';
import type { Message } from './channels/rest-hook.ts';
import { notificationBundle, type ShownEvent, type StatusHead } from './notification.ts';
import { webhookHeaders } from './signature.ts';
import { signingSecrets } from './signing-secrets.ts';
import { statusHead } from './status-head.ts';
import { type StoredForm, signatureOf } from './subscription-form.ts';
import type { Terms } from './terms.ts';

/** A subscription as delivery knows it. */
export interface Listening {
  readonly form: StoredForm;
  readonly terms: Terms;
  readonly contract: string;
  /** FHIR base of its contract. */
  readonly base: string;
  readonly last: number;
}

export interface MessageParts {
  readonly store: TenantStore;
  readonly keys: KeyRing;
  readonly canonicalBase: string;
}

/** A message but for its signature, which is of the moment of sending; with what the audit must know of it. */
export interface Unsigned extends Pick<Message, 'method' | 'url' | 'body'> {
  /** The same for every attempt at it (`webhook-id`). */
  readonly name: string;
  /** `Type/id/version` of the versions that it shows. */
  readonly disclosed: readonly string[];
  readonly correlationId: string;
  /** Numbers of events that could not be read. */
  readonly unreadable: readonly number[];
}

/** Nothing to tell but that the endpoint is ours to use, or that we are still here. `mark` tells one from another. */
export function aliveMessage(
  kind: 'handshake' | 'heartbeat',
  listening: Listening,
  parts: MessageParts,
  now: Date,
  mark: string,
): Unsigned {
  const { form, terms } = listening;
  const head = headOf(listening, parts);
  const ids = derivedPair(kind, parts.store.tenant, form.id, mark);
  const at = now.toISOString();
  const body = notificationBundle({ ids, at, head, kind, events: [], content: terms.content });
  const request = { method: 'POST', url: present(terms.endpoint, 'the endpoint'), body } as const;
  const told = { disclosed: [], correlationId: ids[0], unreadable: [] };
  return { ...request, name: `${form.id}.${kind}-${mark}`, ...told };
}

/** The same bytes for every attempt at the same events. */
export function eventMessage(
  listening: Listening,
  shown: readonly ShownEvent[],
  parts: MessageParts,
  now: Date,
): Unsigned {
  const { form, terms } = listening;
  const newest = shown.at(-1)?.event;
  const unreadable = shown.filter((one) => one.unreadable === true).map(({ event }) => event.number);
  const range = `${shown[0]?.event.number}-${newest?.number}`;
  const noted = { disclosed: disclosedBy(shown, terms), correlationId: correlationOf(shown), unreadable };
  const name = `${form.id}.${range}`;
  if (terms.to.is === 'criteria') return { ...plainRequest(terms, shown), name, ...noted };
  const ids = derivedPair('notification', parts.store.tenant, form.id, range);
  const told = { events: shown, content: terms.content, count: newest?.number };
  const at = newest?.at ?? now.toISOString();
  const body = notificationBundle({ ids, at, head: activeHead(listening, parts), kind: 'event-notification', ...told });
  return { method: 'POST', url: present(terms.endpoint, 'the endpoint'), body, name, ...noted };
}

/** Plain R4: without a payload an empty POST, with one the resource as an update of the receiver's. */
function plainRequest(
  { endpoint: to, payload }: Terms,
  [shown]: readonly ShownEvent[],
): Pick<Message, 'method' | 'url' | 'body'> {
  const endpoint = present(to, 'the endpoint');
  const version = shown?.version;
  if (payload === undefined || version === undefined) return { method: 'POST', url: endpoint, body: Buffer.alloc(0) };
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${version.type}/${version.id}`;
  return { method: 'PUT', url, body: version.body };
}

function headOf({ form, base, last }: Listening, { canonicalBase }: Pick<MessageParts, 'canonicalBase'>): StatusHead {
  return statusHead(form, { last }, base, canonicalBase);
}

const activeHeads = new WeakMap<Listening, StatusHead>();

/** Whoever is told of events is active, whatever the resource still says. */
function activeHead(listening: Listening, parts: Pick<MessageParts, 'canonicalBase'>): StatusHead {
  const known = activeHeads.get(listening);
  if (known !== undefined) return known;
  const made: StatusHead = { ...headOf(listening, parts), status: 'active', error: null };
  activeHeads.set(listening, made);
  return made;
}

/** For the audit: an id tells that there is such a resource, and which event it had, as its content would. */
export function disclosedBy(shown: readonly ShownEvent[], { content, payload }: Terms): readonly string[] {
  if (content === 'empty' || payload === undefined) return [];
  return shown.flatMap(({ version }) =>
    version === undefined || version.change === 'delete' ? [] : [`${version.type}/${version.id}/${version.version}`],
  );
}

/** Of several events from several files there is no one id: then it is the notification's own. */
export function correlationOf(shown: readonly ShownEvent[]): string {
  const [first] = shown;
  if (shown.length === 1 && first?.unreadable === undefined && first !== undefined) {
    return aboutOf(first.event.about).correlationId;
  }
  const readable = shown.filter(({ unreadable }) => unreadable === undefined);
  const ids = new Set(readable.map(({ event }) => aboutOf(event.about).correlationId));
  const [only = ''] = ids;
  return ids.size === 1 ? only : derivedId('correlation', ...ids);
}

/** The secrets of a subscription as they are in this second. */
export function secretsOf(
  { form }: Pick<Listening, 'form'>,
  { store, keys, canonicalBase }: Pick<MessageParts, 'store' | 'keys' | 'canonicalBase'>,
  now: Date,
): readonly Buffer[] {
  return signingSecrets(keys, store.tenant, form.id, signatureOf(form, canonicalBase), now);
}

/** The message as it leaves in this second (since 1970). */
export function signed(
  { method, url, body, name, correlationId }: Unsigned,
  { headers: own, payload, timeoutSeconds }: Pick<Terms, 'headers' | 'payload' | 'timeoutSeconds'>,
  secrets: readonly Buffer[],
  second: number,
): Message {
  const headers: Record<string, string> = {};
  for (const header of own) headers[header.name] = header.value;
  if (payload !== undefined) headers['content-type'] = payload;
  headers['x-correlation-id'] = correlationId;
  Object.assign(headers, webhookHeaders(name, second, body, secrets));
  return { method, url, headers, body, timeoutMs: timeoutSeconds * 1000 };
}
