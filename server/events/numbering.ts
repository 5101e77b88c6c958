import type { Counted, DeliveryRow, Happened } from '../store/delivery-port.ts';
import type { EventRow, OutboxPosition } from '../store/port.ts';
import { type About, aboutText } from './about.ts';
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

type HappenedRow = Extract<DeliveryRow, { readonly row: 'happened' }>;

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

/** The last of the events that some count, and those before it: subscriptions to one topic mostly count the same. */
interface Alike {
  readonly happened: Happened;
  readonly event: EventRow;
  readonly before: Alike | undefined;
  /** Who counts another event besides. */
  readonly next: Map<EventRow, Alike>;
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
): { readonly rows: readonly HappenedRow[]; readonly counted: ReadonlySet<Counting> } {
  const firsts = new Map<EventRow, Alike>();
  const counts = new Map<Counting, Alike>();
  for (const event of events) {
    const listening = listeners(event.topic).filter((one) => concerns(one, event) && mayHave(one, event));
    if (listening.length === 0) continue;
    const kept = JSON.parse(event.body) as KeptEvent;
    const happened = toldOf(event, kept);
    for (const one of listening) {
      const { to } = one.terms;
      if (to.is !== 'topic' || !matchesAll(to.filters, kept.data.filters ?? {})) continue;
      const before = counts.get(one);
      const next = before?.next ?? firsts;
      const after = next.get(event) ?? { happened, event, before, next: new Map<EventRow, Alike>() };
      next.set(event, after);
      counts.set(one, after);
    }
  }
  const runs = new Map<Alike, Counting[]>();
  for (const [one, alike] of counts) {
    const others = runs.get(alike);
    if (others === undefined) runs.set(alike, [one]);
    else others.push(one);
  }
  const rows = [...runs].map(([alike, all]): HappenedRow => {
    const happened = eventsUntil(alike);
    return { row: 'happened', events: happened, countedBy: all.map((one) => counted(one, happened.length, alike)) };
  });
  return { rows, counted: new Set(counts.keys()) };
}

/** The events until this one, in their order. */
function eventsUntil(newest: Alike): readonly Happened[] {
  const events: Happened[] = [];
  for (let one: Alike | undefined = newest; one !== undefined; one = one.before) events.push(one.happened);
  return events.reverse();
}

/** Moves a subscription on by what it counts. */
function counted(one: Counting, count: number, { event }: Alike): Counted {
  const { last } = one.progress;
  // Nobody's endpoint has to take it: who listens is told, who does not asks `$events`.
  const delivered = one.terms.channel === 'websocket' ? last + count : one.progress.delivered;
  one.progress = { ...one.progress, last: last + count, delivered };
  one.through = { sequence: event.sequence, index: event.index };
  return { subscription: one.id, first: last + 1 };
}

/** Made, or made again, before the event; not counted yet. */
function concerns({ progress, through }: Counting, { sequence, index }: EventRow): boolean {
  if (progress.status === 'off' || sequence <= progress.after.sequence) return false;
  return sequence > through.sequence || (sequence === through.sequence && index > through.index);
}

/** What all who count an event are told of it. */
function toldOf({ sequence, index, topic }: EventRow, { id, time, data }: KeptEvent): Happened {
  const { contract, focus, effectiveDate, receivedDate, correlationId, firstEvent } = data;
  const about: About = {
    ...{ event: id, correlationId, effectiveDate, receivedDate },
    ...(contract === undefined ? {} : { contract }),
    ...(firstEvent === undefined ? {} : { firstEvent }),
  };
  return {
    ...{ sequence, index, topic, at: time, about: aboutText(about) },
    focus: focus === undefined ? '' : `${focus.reference}/${focus.version}`,
  };
}
