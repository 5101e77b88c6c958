import type { DeliveryRow } from '../store/delivery-port.ts';
import type { Subscriber } from './subscriber.ts';

/** What an operator asks of delivery, from whatever process; the holder of the tenant's lease does it. */
export type Asked =
  /** Sends the events from this number on once more, under the numbers that they have. */
  | { readonly do: 'replay'; readonly subscription: string; readonly from: number }
  /** Nothing is sent until it is resumed. `at`: ISO 8601. */
  | { readonly do: 'pause'; readonly subscription: string; readonly at: string }
  | { readonly do: 'resume'; readonly subscription: string }
  /** Sends a notification that tells of nothing, whatever state the subscription is in, and notes what came of it. */
  | { readonly do: 'test'; readonly subscription: string };

/** Does what was asked to the subscriber that it concerns, unless it is busy; undefined: nobody's. */
export function obeyed(
  body: string,
  subscribers: ReadonlyMap<string, Subscriber>,
  busy: ReadonlySet<Subscriber>,
): Subscriber | undefined {
  const asked = JSON.parse(body) as Asked;
  const one = subscribers.get(asked.subscription);
  if (one === undefined || busy.has(one)) return one;
  const { progress } = one;
  switch (asked.do) {
    case 'replay': {
      const delivered = Math.min(Math.max(asked.from - 1, 0), progress.last);
      one.progress = { ...progress, delivered, failing: null };
      break;
    }
    case 'pause':
      one.progress = { ...progress, paused: progress.paused ?? asked.at };
      break;
    case 'resume':
      one.progress = { ...progress, paused: undefined };
      break;
    case 'test':
      one.testAsked = true;
      break;
  }
  return one;
}

/** Letters of single events that a replay tries again. */
export function lettersTaken(body: string, letters: Iterable<string>): readonly DeliveryRow[] {
  const asked = JSON.parse(body) as Asked;
  if (asked.do !== 'replay') return [];
  return [...letters].flatMap((id): readonly DeliveryRow[] => {
    const [subscription, number] = id.split('/');
    const again = subscription === asked.subscription && Number(number ?? 0) >= asked.from;
    return again ? [{ row: 'note', kind: 'dead-letter', id, body: null }] : [];
  });
}

/** A dead letter of one event stands under its subscription and number, that of a whole subscription under its id. */
export function letterOf(subscription: string, number: number): string {
  return `${subscription}/${number}`;
}
