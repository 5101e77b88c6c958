import type { Subscriber } from './subscriber.ts';

/** What an operator asks of delivery from another process; the holder of the tenant's lease does it. */
export type Asked = {
  /** Sends the events from this number on once more, under the numbers that they have. */
  readonly do: 'replay';
  readonly subscription: string;
  readonly from: number;
};

/** Does what was asked to the subscriber that it concerns, once nothing of it is on its way; undefined: nobody's. */
export function obeyed(body: string, subscribers: ReadonlyMap<string, Subscriber>): Subscriber | undefined {
  const asked = JSON.parse(body) as Asked;
  const one = subscribers.get(asked.subscription);
  if (one === undefined || one.inFlight) return one;
  const delivered = Math.min(Math.max(asked.from - 1, 0), one.progress.last);
  one.progress = { ...one.progress, delivered, failing: null };
  return one;
}
