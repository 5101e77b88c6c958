import type { TenantStore } from '../store/port.ts';
import { parseForm } from './desk.ts';
import { type Progress, parseProgress } from './progress.ts';
import type { StoredForm } from './subscription-form.ts';
import type { SubscriptionStatus } from './subscription-resource.ts';

/** A subscription as an operator sees it: what was asked for, and how far delivery is. No header, no secret. */
export interface SubscriptionState {
  readonly id: string;
  readonly contract: string;
  readonly client: string;
  readonly status: SubscriptionStatus;
  readonly error: string | null;
  readonly criteria: string;
  readonly channel: string;
  readonly endpoint: string | null;
  /** Number of its newest event, and of the newest one that was taken. */
  readonly events: number;
  readonly delivered: number;
  /** Events that wait, and since when the first of them does (ISO 8601). */
  readonly lag: number;
  readonly waitingSince: string | null;
  /** Since when an operator has it rest. */
  readonly paused: string | null;
  readonly failing: Progress['failing'];
  readonly heardAt: string | null;
}

/** Those of a tenant, in all contracts, by id. */
export async function subscriptionStates(
  { resources, delivery }: TenantStore,
  contracts: readonly string[],
  owner: (form: StoredForm) => string | undefined,
): Promise<readonly SubscriptionState[]> {
  const notes = await delivery.notes('progress');
  const states: SubscriptionState[] = [];
  for (const contract of contracts) {
    const sort = { by: 'id', descending: false } as const;
    const query = { contract, type: 'Subscription', where: { is: 'all' }, sort, count: 500, total: false } as const;
    for (let page = await resources.search(query); ; ) {
      for (const form of page.matches.map(parseForm)) {
        const note = notes.get(form.id);
        const progress = note === undefined ? undefined : parseProgress(note);
        const since = await waitingSince(delivery, form.id, progress);
        states.push(stateOf(form, contract, owner(form) ?? '', progress, since));
      }
      if (page.next === undefined) break;
      page = await resources.search({ ...query, after: page.next });
    }
  }
  return states;
}

async function waitingSince(
  delivery: TenantStore['delivery'],
  id: string,
  progress: Progress | undefined,
): Promise<string | null> {
  const { last = 0, delivered = 0 } = progress ?? {};
  if (last <= delivered) return null;
  const [first] = await delivery.events(id, delivered + 1, last, 1);
  return first?.at ?? null;
}

function stateOf(
  form: StoredForm,
  contract: string,
  client: string,
  progress: Progress | undefined,
  since: string | null,
): SubscriptionState {
  const { id, status, error = null, criteria, channel } = form;
  const { last: events = 0, delivered = 0, failing = null, heardAt = null, paused = null } = progress ?? {};
  const { type, endpoint = null } = channel;
  return {
    id,
    contract,
    client,
    status,
    error,
    criteria,
    channel: type,
    endpoint,
    events,
    delivered,
    lag: events - delivered,
    waitingSince: since,
    paused,
    failing,
    heardAt,
  };
}
