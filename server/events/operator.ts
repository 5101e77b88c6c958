import { ownerOf } from '../auth/subscription-owner.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import type { DeliveryAttempt } from '../store/delivery-port.ts';
import type { TenantStore } from '../store/port.ts';
import type { Asked } from './asked.ts';
import type { DeadLetter } from './progress.ts';
import { type SubscriptionState, subscriptionStates } from './subscription-states.ts';

/** Where a replay begins: at a number, or at the first event at or after a time (ISO 8601). */
export interface ReplayFrom {
  readonly from?: number | undefined;
  readonly since?: string | undefined;
}

/**
 * Delivery as those see it who keep it running, and what they may do to it. Asked of whichever process delivers; it
 * does so within a second. Throws `not-found` for a subscription that the tenant does not have.
 */
export interface SubscriptionOperator {
  list(): Promise<readonly SubscriptionState[]>;
  get(id: string): Promise<{ readonly subscription: SubscriptionState; readonly attempts: readonly DeliveryAttempt[] }>;
  deadLetters(): Promise<readonly DeadLetter[]>;
  /** Throws `invalid` where there is no such number or time. */
  replay(id: string, start: ReplayFrom): Promise<{ readonly from: number; readonly to: number }>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /** Throws `unprocessable` for plain R4 criteria, which know no notification that tells of nothing. */
  test(id: string): Promise<void>;
}

export function subscriptionOperator(
  store: TenantStore,
  contracts: readonly string[],
  { canonicalBase, clock }: { readonly canonicalBase: string; readonly clock: Clock },
): SubscriptionOperator {
  const { delivery } = store;
  const list = () => subscriptionStates(store, contracts, (form) => ownerOf(form, canonicalBase));
  const find = async (id: string): Promise<SubscriptionState> => {
    const found = (await list()).find((one) => one.id === id);
    if (found === undefined) throw new AppError('not-found', 'the tenant has no such subscription');
    return found;
  };
  const ask = (asked: Asked) => delivery.ask(askId(clock.now()), JSON.stringify(asked));
  return {
    list,
    async get(id) {
      return { subscription: await find(id), attempts: await delivery.lastAttempts(id, limits.attemptsListedMax) };
    },
    async deadLetters() {
      return [...(await delivery.notes('dead-letter')).values()].map((body) => JSON.parse(body) as DeadLetter);
    },
    async replay(id, { from, since }) {
      const { events: to } = await find(id);
      const number = from ?? (await firstSince(store, id, since ?? ''));
      if (!Number.isInteger(number) || number < 1)
        throw new AppError('invalid', 'a replay begins at a number from 1 on');
      if (number > to) throw new AppError('invalid', `the newest event of the subscription is ${to}`);
      await ask({ do: 'replay', subscription: id, from: number });
      return { from: number, to };
    },
    async pause(id) {
      await find(id);
      await ask({ do: 'pause', subscription: id, at: clock.now().toISOString() });
    },
    async resume(id) {
      await find(id);
      await ask({ do: 'resume', subscription: id });
    },
    async test(id) {
      const { criteria, channel } = await find(id);
      if (channel !== 'rest-hook') throw new AppError('unprocessable', 'only a rest-hook has an endpoint to test');
      if (!criteria.startsWith(`${canonicalBase}/SubscriptionTopic/`)) {
        throw new AppError('unprocessable', 'a subscription with plain criteria has no notification without an event');
      }
      await ask({ do: 'test', subscription: id });
    },
  };
}

let asks = 0;

/** Requests are obeyed in the order of their ids: a pause and the resume that follows it within the second, too. */
function askId(now: Date): string {
  asks += 1;
  return `${now.toISOString()}-${String(asks).padStart(9, '0')}-${randomId()}`;
}

/** Event times never fall as numbers rise; a page at a time is walked. */
async function firstSince({ delivery }: TenantStore, id: string, since: string): Promise<number> {
  const sinceMs = Date.parse(since);
  if (Number.isNaN(sinceMs)) throw new AppError('invalid', 'since takes a time such as 2026-11-23T09:00:00Z');
  for (let from = 1; ; ) {
    const events = await delivery.events(id, from, Number.MAX_SAFE_INTEGER, limits.eventsPerMatchMax);
    const found = events.find(({ at }) => Date.parse(at) >= sinceMs);
    const last = events.at(-1);
    if (found !== undefined) return found.number;
    if (last === undefined) throw new AppError('invalid', 'the subscription has no event since then');
    from = last.number + 1;
  }
}
