import { limits } from '../core/limits.ts';
import type { DeliveryStore, NumberedEvent } from '../store/delivery-port.ts';

/**
 * Numbered events of a tenant that wait to be sent, in memory, so that what was just written need not be read again.
 * Of each subscription a run without gaps; what there is no room for is read from the store, which has them all.
 */
export interface KeptEvents {
  /** Keeps events that are stored, in the order of their numbers. */
  keep(events: Iterable<NumberedEvent>): void;
  /**
   * The events of a subscription from one number to another, as far as they are stored. They and those before are kept
   * no longer: what is to be sent again is read from the store.
   */
  take(subscription: string, from: number, to: number): readonly NumberedEvent[] | Promise<readonly NumberedEvent[]>;
  /** Forgets those of a subscription. */
  drop(subscription: string): void;
}

export function keptEvents(store: () => Pick<DeliveryStore, 'events'>): KeptEvents {
  const runs = new Map<string, NumberedEvent[]>();
  let count = 0;

  const drop = (subscription: string) => {
    count -= runs.get(subscription)?.length ?? 0;
    runs.delete(subscription);
  };
  return {
    drop,
    keep(events) {
      for (const event of events) {
        if (count >= limits.eventsKeptMax) return;
        const run = runs.get(event.subscription);
        if (run === undefined) runs.set(event.subscription, [event]);
        else if (run.at(-1)?.number === event.number - 1) run.push(event);
        else continue;
        count += 1;
      }
    },
    take(subscription, from, to) {
      const run = runs.get(subscription);
      const first = run?.[0]?.number;
      const last = run?.at(-1)?.number ?? 0;
      if (run === undefined || first === undefined || from < first || to > last) {
        if (to >= last) drop(subscription);
        return store().events(subscription, from, to, to - from + 1);
      }
      if (from === first && to === last) {
        drop(subscription);
        return run;
      }
      count -= to - first + 1;
      return run.splice(0, to - first + 1).slice(from - first);
    },
  };
}
