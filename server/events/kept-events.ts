import { limits } from '../core/limits.ts';
import type { DeliveryStore, Happened, HappenedRow, NumberedEvent } from '../store/delivery-port.ts';

/**
 * Numbered events of a tenant that wait to be sent, in memory, so that what was just written need not be read again.
 * Of each subscription a run without gaps; what there is no room for is read from the store, which has them all.
 */
export interface KeptEvents {
  /**
   * Keeps events that are stored, in the order of their numbers; once for all who count them. Where there is no room
   * the oldest go: whoever has not taken them rests, or has a socket that was told already.
   */
  keep(rows: Iterable<HappenedRow>): void;
  /**
   * The events of a subscription from one number to another, as far as they are stored. Those that came together, and
   * all before them, are kept no longer once the last of them was taken: what is sent again is read from the store.
   */
  take(subscription: string, from: number, to: number): readonly NumberedEvent[] | Promise<readonly NumberedEvent[]>;
  /** Forgets those of a subscription. */
  drop(subscription: string): void;
}

/** Events that follow each other in a subscription's numbers; shared with the others that count them. */
interface Run {
  readonly first: number;
  readonly events: readonly Happened[];
}

export function keptEvents(store: () => Pick<DeliveryStore, 'events'>): KeptEvents {
  const waiting = new Map<string, Run[]>();
  /** Who has not taken all of them yet. */
  const holders = new Map<readonly Happened[], number>();
  let count = 0;

  const leave = ({ events }: Run) => {
    const left = (holders.get(events) ?? 1) - 1;
    if (left > 0) holders.set(events, left);
    else if (holders.delete(events)) count -= events.length;
  };
  const drop = (subscription: string) => {
    for (const run of waiting.get(subscription) ?? []) leave(run);
    waiting.delete(subscription);
  };
  const hold = (subscription: string, run: Run) => {
    const runs = waiting.get(subscription);
    if (runs === undefined) waiting.set(subscription, [run]);
    else if (endOf(runs) === run.first - 1) runs.push(run);
    else return;
    holders.set(run.events, (holders.get(run.events) ?? 0) + 1);
  };
  const forgetOldest = () => {
    const [oldest = []] = holders.keys();
    for (const [subscription, runs] of waiting) {
      if (runs[0]?.events !== oldest) continue;
      runs.shift();
      if (runs.length === 0) waiting.delete(subscription);
    }
    holders.delete(oldest);
    count -= oldest.length;
  };
  return {
    drop,
    keep(rows) {
      for (const { events, countedBy } of rows) {
        if (events.length > limits.eventsKeptMax) continue;
        while (count + events.length > limits.eventsKeptMax) forgetOldest();
        for (const { subscription, first } of countedBy) hold(subscription, { first, events });
        if (holders.has(events)) count += events.length;
      }
    },
    take(subscription, from, to) {
      const runs = waiting.get(subscription) ?? [];
      const first = runs[0]?.first ?? Number.POSITIVE_INFINITY;
      const last = endOf(runs);
      if (from < first || to > last) {
        if (to >= last) drop(subscription);
        return store().events(subscription, from, to, to - from + 1);
      }
      const taken: NumberedEvent[] = [];
      for (const run of runs) {
        if (run.first > to) break;
        for (let number = Math.max(from, run.first); number <= Math.min(to, endOf([run])); number += 1) {
          const happened = run.events[number - run.first];
          if (happened !== undefined) taken.push(numbered(happened, subscription, number));
        }
      }
      for (let run = runs[0]; run !== undefined && endOf([run]) <= to; run = runs[0]) {
        leave(run);
        runs.shift();
      }
      if (runs.length === 0) waiting.delete(subscription);
      return taken;
    },
  };
}

/** One literal: there are very many. */
function numbered(
  { sequence, index, topic, focus, at, about }: Happened,
  subscription: string,
  number: number,
): NumberedEvent {
  return { subscription, number, sequence, index, topic, focus, at, about };
}

/** The number of the newest event; 0 where there is none. */
function endOf(runs: readonly Run[]): number {
  const run = runs.at(-1);
  return run === undefined ? 0 : run.first + run.events.length - 1;
}
