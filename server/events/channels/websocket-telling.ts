import { ownerOf } from '../../auth/subscription-owner.ts';
import { derivedPair } from '../../core/id.ts';
import type { NumberedEvent } from '../../store/delivery-port.ts';
import type { Sight } from '../../visibility/sight.ts';
import type { DeliveryParts } from '../delivery-parts.ts';
import { parseForm } from '../desk.ts';
import { correlationOf, disclosedBy } from '../message.ts';
import { notificationBundle, type StatusKind } from '../notification.ts';
import type { Telling } from '../notified.ts';
import { shownEvents } from '../shown-events.ts';
import { statusHead } from '../status-head.ts';
import { readTerms } from '../subscriber.ts';
import type { StoredForm } from '../subscription-form.ts';
import type { Terms } from '../terms.ts';
import { sightOf, unseen } from '../visibility.ts';

/** A subscription that sockets are bound to, as it stands now. */
export interface Bound {
  readonly tenant: string;
  readonly contract: string;
  readonly client: string;
  readonly id: string;
  readonly form: StoredForm;
  readonly terms: Terms;
  readonly sight: Sight;
}

type Parts = Pick<
  DeliveryParts,
  'tenantStore' | 'registry' | 'seenBy' | 'base' | 'parameters' | 'canonicalBase' | 'clock' | 'logger'
>;

/** Undefined where it is not this client's, not active, of another channel, or its client may be told no more. */
export async function boundSubscription(
  of: Pick<Bound, 'tenant' | 'contract' | 'client' | 'id'>,
  parts: Parts,
): Promise<Bound | undefined> {
  const { tenant, contract, client, id } = of;
  const store = parts.tenantStore(tenant);
  const version = await store.resources.read({ contract, type: 'Subscription', id });
  if (version === undefined || version.change === 'delete') return undefined;
  const form = parseForm(version);
  const terms = readTerms(form, tenant, contract, parts);
  if (terms?.channel !== 'websocket' || ownerOf(form, parts.canonicalBase) !== client) return undefined;
  if (form.status === 'off' || form.status === 'error') return undefined;
  if (unseen(of, terms, parts.registry, parts.clock.now()) !== undefined) return undefined;
  return { ...of, form, terms, sight: await sightOf(of, store, parts) };
}

/** A notification as a socket gets it, with what the audit must know of it. */
export interface Told extends Telling {
  readonly text: string;
}

/** @param last number of the subscription's newest event that this tells of */
export async function toldOf(
  { form, terms, contract, tenant, sight }: Bound,
  kind: Extract<StatusKind, 'handshake' | 'heartbeat' | 'event-notification'>,
  events: readonly NumberedEvent[],
  last: number,
  { base, canonicalBase, clock }: Parts,
): Promise<Told> {
  const shown = await shownEvents(contract, events, terms.content, sight);
  const range = kind === 'event-notification' ? `${events[0]?.number}-${last}` : String(clock.now().getTime());
  const ids = derivedPair('notification', tenant, form.id, kind, range);
  const head = statusHead(form, { last }, base(tenant, contract), canonicalBase);
  const at = events.at(-1)?.at ?? clock.now().toISOString();
  const body = notificationBundle({ ids, at, head, kind, events: shown, content: terms.content });
  const numbers = { from: events[0]?.number ?? last, to: last };
  const noted = { disclosed: disclosedBy(shown, terms), correlationId: correlationOf(shown) };
  return { text: body.toString(), ...numbers, ...noted };
}
