import type { Outbox, OutboxPosition } from '../port.ts';
import type { Journal } from './journal.ts';
import type { Filter } from './part.ts';
import type { TenantParts } from './tenant-parts.ts';

const inOrder = { sequence: 1, place: 1 } as const;

export function outbox(parts: () => Promise<TenantParts>, journal: Journal): Outbox {
  return {
    events: (after, limit) =>
      journal.reading(async () => {
        const { event } = await parts();
        const found = limit === 0 ? [] : await event.find(beyond(after), { sort: inOrder, limit });
        return found.map(({ sequence, place, topic, body, at }) => ({ sequence, index: place, topic, body, at }));
      }),

    audits: (limit) =>
      journal.reading(async () => {
        const found = limit === 0 ? [] : await (await parts()).outbox.find({}, { sort: inOrder, limit });
        return found.map(({ sequence, place, row }) => ({ position: { sequence, index: place }, row }));
      }),

    async auditsCarried({ sequence, index }) {
      await (await parts()).outbox.remove({
        $or: [{ sequence: { $lt: sequence } }, { sequence, place: { $lte: index } }],
      });
    },
  };
}

/** The first part bounds the index. */
function beyond({ sequence, index }: OutboxPosition): Filter {
  return {
    sequence: { $gte: sequence },
    $or: [{ sequence: { $gt: sequence } }, { sequence, place: { $gt: index } }],
  };
}
