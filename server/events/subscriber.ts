import { ownerOf } from '../auth/subscription-owner.ts';
import type { OutboxPosition, StoredVersion, TenantStore } from '../store/port.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { parseForm } from './desk.ts';
import { adopted, type Progress, parseProgress } from './progress.ts';
import type { StoredForm } from './subscription-form.ts';
import { type Terms, termsOf } from './terms.ts';

/** A subscription in the memory of the process that delivers for its tenant. */
export interface Subscriber {
  readonly id: string;
  readonly contract: string;
  version: StoredVersion;
  form: StoredForm;
  terms: Terms;
  client: string;
  progress: Progress;
  through: OutboxPosition;
  /** Batch until which plain criteria have been looked at. */
  seen: number;
  inFlight: boolean;
  /** An operator asked for something while it was in flight: its turn ends soon. */
  askedMeanwhile: boolean;
  /** How long its receiver takes to answer, of late; infinite where that is not known, or it failed. */
  paceMs: number;
  /** When registry and resource were last read for it (`performance.now`). */
  checkedMs: number;
  /** Nothing is tried before; epoch milliseconds. */
  holdUntilMs: number;
  /** An operator wants to see whether its endpoint answers. */
  testAsked: boolean;
  /** Its client may be told no more, as of the last whole look: it is turned off, also where nothing waits. */
  rightLost: boolean;
  /** Times in a row that something of ours failed where nothing should. */
  faults: number;
}

/** What is known of a tenant's subscriptions, and how far they were read. */
export interface Roster {
  readonly subscribers: Map<string, Subscriber>;
  /** By contract. */
  readonly read: Map<string, { readonly sequence: number; readonly id: string }>;
}

const perPage = 200;

/** Takes up the subscriptions that were made or changed since the last time, as of the batch `head`. */
export async function refreshRoster(
  roster: Roster,
  store: TenantStore,
  contracts: readonly string[],
  head: number,
  parts: DeliveryParts,
): Promise<void> {
  for (const contract of contracts) {
    for (;;) {
      const after = roster.read.get(contract) ?? { sequence: 0, id: '' };
      const sort = { by: 'sequence', descending: false } as const;
      const query = { contract, type: 'Subscription', where: { is: 'all' }, sort, after, count: perPage } as const;
      const { matches } = await store.resources.search({ ...query, total: false });
      const settled = matches.filter(({ sequence }) => sequence <= head);
      for (const version of settled) await takeUp(roster, store, version, parts);
      const last = settled.at(-1);
      if (last !== undefined) roster.read.set(contract, { sequence: last.sequence, id: last.id });
      if (settled.length < perPage) break;
    }
  }
}

/** Takes one version up; a subscription that makes no sense any more is nobody's subscriber. */
export async function takeUp(
  roster: Roster,
  store: TenantStore,
  version: StoredVersion,
  parts: DeliveryParts,
): Promise<void> {
  const { id, contract, sequence } = version;
  const form = parseForm(version);
  const terms = readTerms(form, store.tenant, contract, parts);
  if (terms === undefined) {
    parts.logger.warn('a stored subscription cannot be delivered', { tenant: store.tenant, subscription: id });
    roster.subscribers.delete(id);
    return;
  }
  const client = ownerOf(form, parts.canonicalBase) ?? '';
  const known = roster.subscribers.get(id);
  const resource = { version: version.version, sequence, status: form.status };
  if (known !== undefined) {
    const progress = adopted(known.progress, contract, resource);
    Object.assign(known, { version, form, terms, client, progress, holdUntilMs: 0 });
    return;
  }
  const note = await store.delivery.note('progress', id);
  const newest = await store.delivery.lastEvent(id);
  const progress = adopted(note === undefined ? undefined : parseProgress(note), contract, resource);
  // A crash may have left numbers without the note that was to follow.
  const last = Math.max(progress.last, newest?.number ?? 0);
  const beyond = terms.to.is === 'criteria' && newest !== undefined && newest.number > progress.last;
  const after = beyond ? { sequence: newest.sequence, id: newest.focus.split('/')[1] ?? '' } : progress.after;
  roster.subscribers.set(id, {
    ...{ id, contract, version, form, terms, client, progress: { ...progress, last, after } },
    through: newest ?? { sequence: 0, index: 0 },
    ...{ seen: 0, inFlight: false, askedMeanwhile: false, paceMs: Number.POSITIVE_INFINITY, checkedMs: 0 },
    ...{ holdUntilMs: 0, testAsked: false, rightLost: false, faults: 0 },
  });
}

/**
 * As the subscription was admitted; where it may send to now is looked at when it sends, so that a network that an
 * operator closes for a while loses no events.
 */
export function readTerms(
  form: StoredForm,
  tenant: string,
  contract: string,
  parts: Pick<DeliveryParts, 'canonicalBase' | 'parameters' | 'base'>,
): Terms | undefined {
  const { canonicalBase, parameters } = parts;
  const everywhere = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];
  const egress = { privateRanges: everywhere, loopback: true, ownOrigins: [] };
  try {
    return termsOf(form, { canonicalBase, contract, parameters, egress, base: parts.base(tenant, contract) });
  } catch {
    return undefined;
  }
}
