import { limits } from '../core/limits.ts';
import type { Subscriber } from './subscriber.ts';

/** Numbers of the events of one notification, both ends included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The notifications that follow the event `after`, at most `count` and of as many events as one may hold. What failed
 * is sent again as it was; else each tells of as much as the subscription takes at once. One that could still grow is
 * made only once nothing is on its way.
 */
export function rangesAfter(
  { progress, terms }: Pick<Subscriber, 'progress' | 'terms'>,
  after: number,
  count: number,
): readonly Range[] {
  const { failing, last, delivered } = progress;
  const { maxCount } = terms;
  const from = after + 1;
  if (from > last) return [];
  if (failing !== null && failing.to >= from) return [{ from, to: Math.min(failing.to, last) }];
  const most = Math.min(count, Math.max(1, Math.floor(limits.notificationEventsMax / maxCount)));
  const full = Math.min(most, Math.floor((last - after) / maxCount));
  if (full === 0) return after === delivered ? [{ from, to: last }] : [];
  return Array.from({ length: full }, (_, at) => ({
    from: from + at * maxCount,
    to: from + (at + 1) * maxCount - 1,
  }));
}
