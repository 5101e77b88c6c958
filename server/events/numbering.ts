import type { NumberedEvent } from '../store/delivery-port.ts';
import type { EventRow, OutboxPosition } from '../store/port.ts';
import type { About } from './about.ts';
import type { Progress } from './progress.ts';
import type { Terms } from './terms.ts';
import { matchesAll } from './topic-filter.ts';

/** A subscription to a topic, as numbering needs it. */
export interface Counting {
  readonly id: string;
  readonly terms: Terms;
  progress: Progress;
  /** Position of its newest event; what is not beyond it has its number already. */
  through: OutboxPosition;
}

type NumberedRow = NumberedEvent & { readonly row: 'event' };

/** What numbering reads of a CloudEvent (`topics/domain-event.ts`). */
interface KeptEvent {
  readonly id: string;
  readonly time: string;
  readonly data: {
    readonly contract?: string;
    readonly focus?: { readonly reference: string; readonly version: number };
    readonly effectiveDate: string;
    readonly receivedDate: string;
    readonly correlationId: string;
    readonly firstEvent?: string;
    readonly filters?: Readonly<Record<string, readonly string[]>>;
  };
}

/**
 * Gives events of the outbox, in commit order, the next numbers of the subscriptions that they match; an event gets one
 * number per subscription, whoever asks and how often. Returns the rows to write and who got any.
 *
 * @param listeners of a topic
 * @param mayHave false where an event is about something that a listener does not see
 */
export function numberEvents(
  events: readonly EventRow[],
  listeners: (topic: string) => readonly Counting[],
  mayHave: (listener: Counting, event: EventRow) => boolean,
): { readonly rows: readonly NumberedRow[]; readonly counted: ReadonlySet<Counting> } {
  const rows: NumberedRow[] = [];
  const counted = new Set<Counting>();
  for (const event of events) {
    const listening = listeners(event.topic).filter((one) => concerns(one, event) && mayHave(one, event));
    if (listening.length === 0) continue;
    const kept = JSON.parse(event.body) as KeptEvent;
    const shared = toldOf(event, kept);
    for (const one of listening) {
      const { to } = one.terms;
      if (to.is !== 'topic' || !matchesAll(to.filters, kept.data.filters ?? {})) continue;
      const number = one.progress.last + 1;
      rows.push({ row: 'event', subscription: one.id, number, ...shared });
      // Nobody's endpoint has to take it: who listens is told, who does not asks `$events`.
      const delivered = one.terms.channel === 'websocket' ? number : one.progress.delivered;
      one.progress = { ...one.progress, last: number, delivered };
      one.through = { sequence: event.sequence, index: event.index };
      counted.add(one);
    }
  }
  return { rows, counted };
}

/** Made, or made again, before the event; not counted yet. */
function concerns({ progress, through }: Counting, { sequence, index }: EventRow): boolean {
  if (progress.status === 'off' || sequence <= progress.after.sequence) return false;
  return sequence > through.sequence || (sequence === through.sequence && index > through.index);
}

/** What all who count an event are told of it. */
function toldOf(
  { sequence, index, topic }: EventRow,
  { id, time, data }: KeptEvent,
): Omit<NumberedEvent, 'subscription' | 'number'> {
  const { contract, focus, effectiveDate, receivedDate, correlationId, firstEvent } = data;
  const about: About = {
    ...{ event: id, correlationId, effectiveDate, receivedDate },
    ...(contract === undefined ? {} : { contract }),
    ...(firstEvent === undefined ? {} : { firstEvent }),
  };
  return {
    ...{ sequence, index, topic, at: time, about: JSON.stringify(about) },
    focus: focus === undefined ? '' : `${focus.reference}/${focus.version}`,
  };
}
