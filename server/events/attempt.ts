import type { AuditEntry } from '../audit/entry.ts';
import { epochSecond } from '../core/clock.ts';
import { sha256 } from '../core/hash.ts';
import { orderedId, randomId } from '../core/id.ts';
import type { DeliveryAttempt, DeliveryRow } from '../store/delivery-port.ts';
import type { TenantStore } from '../store/port.ts';
import { letterOf } from './asked.ts';
import type { Outcome } from './channels/rest-hook.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { aliveMessage, secretsOf, signed } from './message.ts';
import { afterFailure, afterSuccess, type DeadLetter } from './progress.ts';
import { waitAfter } from './retry.ts';
import type { Subscriber } from './subscriber.ts';
import { signatureOf, storedForm } from './subscription-form.ts';
import type { SubscriptionStatus } from './subscription-resource.ts';
import { putVersion } from './subscription-write.ts';

/** Kinds of requests that an endpoint gets. */
export type AttemptKind = DeliveryAttempt['kind'];

export interface Attempted {
  readonly kind: AttemptKind;
  readonly from: number;
  readonly to: number;
  readonly outcome: Outcome;
  readonly bytes: number;
  readonly sha256: string;
  readonly at: string;
  /** Numbers that were told without what they are about, as it cannot be read. */
  readonly unreadable: readonly number[];
}

/** Sends a message that tells of no events. */
export async function greet(
  subscriber: Subscriber,
  kind: 'handshake' | 'heartbeat',
  store: TenantStore,
  parts: DeliveryParts,
): Promise<Attempted> {
  const { clock, keys, canonicalBase } = parts;
  const now = clock.now();
  const { form, terms, contract, progress } = subscriber;
  const listening = { form, terms, contract, base: parts.base(store.tenant, contract), last: progress.last };
  const mark = kind === 'handshake' ? String(progress.version) : String(now.getTime());
  const shared = { store, keys, canonicalBase };
  const message = aliveMessage(kind, listening, shared, now, mark);
  const leaving = signed(message, terms, secretsOf(listening, shared, now), epochSecond(now));
  const outcome = await parts.channel.send(store.tenant, leaving);
  const { body } = message;
  const sent = { bytes: body.length, sha256: sha256(body), at: now.toISOString() };
  return { kind, from: 0, to: 0, outcome, ...sent, unreadable: [] };
}

/**
 * What an attempt makes of its subscriber: rows to write besides its own, and the status that it must have from now on,
 * where that changes. The subscriber's progress is the new one.
 */
export function concluded(
  subscriber: Subscriber,
  attempted: Attempted,
  parts: Pick<DeliveryParts, 'schedule' | 'random'>,
): { readonly rows: readonly DeliveryRow[]; readonly status: SubscriptionStatus | undefined } {
  const { id, progress } = subscriber;
  const { kind, to, outcome, at } = attempted;
  const { status, error } = outcome;
  const letterNote = (body: string | null): DeliveryRow => ({ row: 'note', kind: 'dead-letter', id, body });
  if (error === null) {
    const taken = kind === 'event-notification';
    subscriber.progress = afterSuccess(progress, taken ? to : undefined, at);
    const more = attempted.unreadable.length > 0 ? lettersOf(id, attempted) : [];
    const rows = [...more, ...(progress.letter && taken ? [letterNote(null)] : [])];
    return { rows, status: kind === 'handshake' ? 'active' : undefined };
  }
  const { schedule, random } = parts;
  const waits = kind === 'handshake' ? schedule.handshake : schedule.delivery;
  const failures = (progress.failing?.failures ?? 0) + 1;
  const failure = { failures, status, retryAfter: outcome.retryAfter };
  const gone = status === 410;
  const wait = gone ? undefined : waitAfter(failure, waits, schedule, random());
  subscriber.progress = afterFailure(progress, { to, status, error }, at, wait);
  if (wait !== undefined) return { rows: [], status: undefined };
  const { failing, last, delivered } = subscriber.progress;
  const letter: DeadLetter = {
    ...{ subscription: id, from: delivered + 1, to: last, status, error, attempts: failures },
    ...{ firstAt: failing?.firstAt ?? at, lastAt: at },
  };
  const left = last > delivered;
  subscriber.progress = {
    ...subscriber.progress,
    ...{ failing: null, errorSince: at, letter: left || progress.letter },
  };
  const rows = left ? [letterNote(JSON.stringify(letter))] : [];
  return { rows, status: gone ? 'off' : 'error' };
}

/** What an attempt says of itself. */
export function noted(
  { id }: Pick<Subscriber, 'id'>,
  { kind, from, to, outcome, bytes, sha256: hash, at }: Attempted,
): DeliveryRow {
  const { status, error, milliseconds } = outcome;
  return {
    row: 'attempt',
    id: orderedId(at),
    subscription: id,
    kind,
    from,
    to,
    at,
    status,
    error,
    bytes,
    sha256: hash,
    milliseconds,
  };
}

/** The receiver has the number; what it is about nobody could be told. */
function lettersOf(subscription: string, { unreadable, at, outcome }: Attempted): readonly DeliveryRow[] {
  return unreadable.map((number) => {
    const letter: DeadLetter = {
      ...{ subscription, from: number, to: number, status: outcome.status, error: 'unreadable', attempts: 1 },
      ...{ firstAt: at, lastAt: at },
    };
    return { row: 'note', kind: 'dead-letter', id: letterOf(subscription, number), body: JSON.stringify(letter) };
  });
}

/** Commits the status of a subscription that its delivery decides on. Throws `conflict` where its client was faster. */
export async function changeStatus(
  subscriber: Subscriber,
  status: SubscriptionStatus,
  reason: string | undefined,
  store: TenantStore,
  parts: DeliveryParts,
): Promise<void> {
  const { clock, extract, canonicalBase } = parts;
  const { form, contract, client, id, version } = subscriber;
  const server = { id, status, error: reason, owner: client, signature: signatureOf(form, canonicalBase) };
  const next = storedForm(form, server, canonicalBase);
  const audit = (at: string): AuditEntry => ({
    ...{ at, tenant: store.tenant, kind: 'rest', interaction: 'subscription-status', client: null, jti: null },
    ...{ type: 'Subscription', id, query: null, status: 200, outcome: 0, requestId: randomId() },
    ...{
      reason: reason === undefined ? status : `${status}: ${reason}`,
      correlationId: id,
      address: null,
      disclosed: [],
    },
  });
  const place = { store, contract, clock, extract, canonicalBase };
  const written = await putVersion(place, next, version.version + 1, audit);
  const errorSince = status === 'error' ? (subscriber.progress.errorSince ?? written.at) : null;
  const delivered = status === 'off' ? subscriber.progress.last : subscriber.progress.delivered;
  subscriber.progress = { ...subscriber.progress, version: written.version, status, errorSince, delivered };
  subscriber.version = written;
  subscriber.form = next;
}
