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
        states.push(stateOf(form, contract, owner(form) ?? '', note === undefined ? undefined : parseProgress(note)));
      }
      if (page.next === undefined) break;
      page = await resources.search({ ...query, after: page.next });
    }
  }
  return states;
}

function stateOf(
  form: StoredForm,
  contract: string,
  client: string,
  progress: Progress | undefined,
): SubscriptionState {
  const { id, status, error = null, criteria, channel } = form;
  const { last: events = 0, delivered = 0, failing = null, heardAt = null } = progress ?? {};
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
    failing,
    heardAt,
  };
}
