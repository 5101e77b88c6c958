import type { AuditEntry } from '../audit/entry.ts';
import { sha256 } from '../core/hash.ts';
import { randomId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import type { DeliveryAttempt, DeliveryRow, NumberedEvent } from '../store/delivery-port.ts';
import type { TenantStore } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';
import { letterOf } from './asked.ts';
import type { Outcome } from './channels/rest-hook.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { aliveMessage, eventMessage } from './message.ts';
import { afterFailure, afterSuccess, type DeadLetter } from './progress.ts';
import { waitAfter } from './retry.ts';
import type { Subscriber } from './subscriber.ts';
import { signatureOf, storedForm } from './subscription-form.ts';
import type { SubscriptionStatus } from './subscription-resource.ts';
import { putVersion } from './subscription-write.ts';
import { sightOf } from './visibility.ts';

/** Kinds of requests that an endpoint gets. */
export type AttemptKind = DeliveryAttempt['kind'];

interface Attempted {
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

/** Sends one message of a subscriber, recorded in the audit before it leaves. */
export async function attempt(
  subscriber: Subscriber,
  kind: AttemptKind,
  store: TenantStore,
  parts: DeliveryParts,
): Promise<Attempted> {
  const { clock, keys, canonicalBase } = parts;
  const { tenant } = store;
  const now = clock.now();
  const { form, terms, contract, progress } = subscriber;
  const listening = { form, terms, contract, base: parts.base(tenant, contract), last: progress.last };
  const listener = { tenant, contract, client: subscriber.client };
  const shared = { store, keys, canonicalBase, sight: await sightOf(listener, store, parts) };
  const events = kind === 'event-notification' ? await nextEvents(subscriber, store) : [];
  const mark = kind === 'handshake' ? String(progress.version) : String(now.getTime());
  const message =
    kind === 'event-notification'
      ? await eventMessage(listening, events, shared, now)
      : aliveMessage(kind, listening, shared, now, mark);
  const { disclosed, correlationId, body, unreadable } = message;
  const { mask } = shared.sight;
  if (kind === 'event-notification') {
    await parts.audit(notified(subscriber, tenant, now, { disclosed, correlationId, mask }));
  }
  const outcome = await parts.channel.send(tenant, message);
  const range = { from: events[0]?.number ?? 0, to: events.at(-1)?.number ?? 0 };
  return { kind, ...range, outcome, bytes: body.length, sha256: sha256(body), at: now.toISOString(), unreadable };
}

/** What failed is sent again as it was; else as much as the subscription takes at once. */
async function nextEvents({ id, progress, terms }: Subscriber, store: TenantStore): Promise<readonly NumberedEvent[]> {
  const from = progress.delivered + 1;
  const again = progress.failing === null || progress.failing.to < from ? undefined : progress.failing.to;
  const to = Math.min(again ?? from + terms.maxCount - 1, progress.last);
  return store.delivery.events(id, from, to, limits.notificationEventsMax);
}

function notified(
  { client, id }: Subscriber,
  tenant: string,
  now: Date,
  told: Pick<AuditEntry, 'disclosed' | 'correlationId'> & Pick<Sight, 'mask'>,
): AuditEntry {
  return {
    ...{ at: now.toISOString(), tenant, kind: 'rest', interaction: 'notification', client, jti: null },
    ...{ type: 'Subscription', id, query: null, status: 200, outcome: 0, reason: null, requestId: randomId() },
    ...{ correlationId: told.correlationId, address: null, disclosed: told.disclosed },
    ...(told.disclosed.length === 0 || told.mask.length === 0 ? {} : { mask: told.mask }),
  };
}

/**
 * What an attempt makes of its subscriber: the rows to write, and the status that it must have from now on, where that
 * changes. The subscriber's progress is the new one.
 */
export function concluded(
  subscriber: Subscriber,
  attempted: Attempted,
  parts: Pick<DeliveryParts, 'schedule' | 'random'>,
): { readonly rows: readonly DeliveryRow[]; readonly status: SubscriptionStatus | undefined } {
  const { id, progress } = subscriber;
  const { kind, from, to, outcome, bytes, sha256: hash, at } = attempted;
  const { status, error, milliseconds } = outcome;
  const row: DeliveryRow = {
    ...{ row: 'attempt', id: randomId(), subscription: id, kind, from, to, at },
    ...{ status, error, bytes, sha256: hash, milliseconds },
  };
  const letterNote = (body: string | null): DeliveryRow => ({ row: 'note', kind: 'dead-letter', id, body });
  if (error === null) {
    const taken = kind === 'event-notification';
    subscriber.progress = afterSuccess(progress, taken ? to : undefined, at);
    const rows = [row, ...lettersOf(id, attempted), ...(progress.letter && taken ? [letterNote(null)] : [])];
    subscriber.progress = { ...subscriber.progress, letter: progress.letter && !taken };
    return { rows, status: kind === 'handshake' ? 'active' : undefined };
  }
  const { schedule, random } = parts;
  const waits = kind === 'handshake' ? schedule.handshake : schedule.delivery;
  const failures = (progress.failing?.failures ?? 0) + 1;
  const failure = { failures, status, retryAfter: outcome.retryAfter };
  const gone = status === 410;
  const wait = gone ? undefined : waitAfter(failure, waits, schedule, random());
  subscriber.progress = afterFailure(progress, { to, status, error }, at, wait);
  if (wait !== undefined) return { rows: [row], status: undefined };
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
  const rows = left ? [row, letterNote(JSON.stringify(letter))] : [row];
  return { rows, status: gone ? 'off' : 'error' };
}

/** What an attempt says of itself alone, of a test. */
export function noted({ id }: Subscriber, { kind, outcome, bytes, sha256: hash, at }: Attempted): DeliveryRow {
  const { status, error, milliseconds } = outcome;
  return {
    row: 'attempt',
    id: randomId(),
    subscription: id,
    kind,
    from: 0,
    to: 0,
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
