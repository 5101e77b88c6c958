import type { Access } from '../auth/access.ts';
import { allows } from '../auth/scope.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { EventRow, OutboxPosition, TenantStore } from '../store/port.ts';
import { type Topic, topics } from '../topics/topic.ts';
import type { Sight } from '../visibility/sight.ts';
import { type Cursors, cursors } from './cursor.ts';
import type { HeadWatch } from './head-watch.ts';
import { type KeptEvent, shownTo } from './shown-to.ts';
import { seesEvent } from './visibility.ts';

interface Viewer {
  readonly store: TenantStore;
  readonly contract: string;
  readonly access: Access;
  readonly sight: Sight;
}

interface Wish {
  readonly topics: readonly string[] | undefined;
  readonly after: string | undefined;
  readonly count: number;
}

interface FedEvent {
  readonly cursor: string;
  readonly body: string;
  readonly disclosed: readonly string[];
}

/**
 * The events of a tenant as one order that can be read from anywhere: gapless for its reader, since it is the order of
 * commits. What a viewer may not have is passed over, whenever it looks.
 */
export function eventFeed(watch: HeadWatch, key: Uint8Array) {
  const cursorsOf = ({ store: { tenant }, access: { clientId: client }, contract }: Viewer) =>
    cursors(key, { tenant, client, contract });
  return {
    async read(viewer: Viewer, { topics: asked, after, count }: Wish) {
      const wanted = topicsFor(viewer.access, asked);
      const { sequence: head } = await viewer.store.head();
      const events: FedEvent[] = [];
      const cursor = cursorsOf(viewer);
      let position = cursor.position(after);
      let scanned = 0;
      for (;;) {
        const rows = await viewer.store.outbox.events(position, limits.eventsPerMatchMax);
        for (const row of rows) {
          // A reader may see part of a batch that is still being written: what is behind the head waits.
          if (row.sequence > head) return { events, next: cursor.behind(throughHead(position, head)), more: false };
          const one = wanted.has(row.topic) ? await fedTo(viewer, row, cursor) : undefined;
          if (one !== undefined) events.push(one);
          position = { sequence: row.sequence, index: row.index };
          if (events.length === count) return { events, next: cursor.behind(position), more: true };
        }
        scanned += rows.length;
        if (rows.length < limits.eventsPerMatchMax)
          return { events, next: cursor.behind(throughHead(position, head)), more: false };
        if (scanned >= limits.eventsScannedMax) return { events, next: cursor.behind(position), more: true };
      }
    },

    async newest(viewer: Viewer): Promise<string> {
      return cursorsOf(viewer).behind(throughBatch((await viewer.store.head()).sequence));
    },

    async happened(viewer: Viewer, after: string, waitMs: number, signal: AbortSignal): Promise<void> {
      const { sequence } = cursorsOf(viewer).position(after);
      await watch.beyond(viewer.store.tenant, sequence, waitMs, signal);
    },
  };
}

/** All batches up to the head have been looked at, those without events too. */
function throughHead(position: OutboxPosition, head: number): OutboxPosition {
  return position.sequence > head ? position : throughBatch(head);
}

function throughBatch(sequence: number): OutboxPosition {
  return { sequence, index: Number.MAX_SAFE_INTEGER };
}

/** Throws `invalid` for what is no topic, `forbidden` for one that the scopes do not cover. */
function topicsFor(access: Access, asked: readonly string[] | undefined): ReadonlySet<string> {
  const all = Object.keys(topics) as Topic[];
  const covered = (topic: Topic) => allows(access, topics[topic].focus ?? 'Provenance', 'r');
  if (asked === undefined) return new Set(all.filter(covered));
  for (const name of asked) {
    const topic = all.find((one) => one === name);
    if (topic === undefined) throw new AppError('invalid', 'there is no such topic', { expression: 'topic' });
    if (!covered(topic)) throw new AppError('forbidden', `the scopes of the token do not cover the topic ${topic}`);
  }
  return new Set(asked);
}

async function fedTo({ sight, contract }: Viewer, row: EventRow, cursors: Cursors): Promise<FedEvent | undefined> {
  const kept = JSON.parse(row.body) as KeptEvent;
  if (!(await seesEvent(sight, kept, contract))) return undefined;
  const cursor = cursors.of({ sequence: row.sequence, index: row.index });
  const { reference, version } = kept.data.focus ?? {};
  const disclosed = reference === undefined || version === undefined ? [] : [`${reference}/${version}`];
  // An extension attribute (CloudEvents 1.0.2, 3.2).
  return { cursor, body: JSON.stringify({ ...shownTo(kept, sight, contract), cursor }), disclosed };
}
