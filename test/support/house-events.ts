import type { Topic } from '../../server/cli/generator/events.ts';
import type { OutboxPosition, TenantStore } from '../../server/store/port.ts';

/** An event as it is kept: a CloudEvent. */
export interface KeptEvent {
  readonly specversion: string;
  readonly id: string;
  readonly type: Topic;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly data: {
    readonly correlationId: string;
    readonly effectiveDate: string;
    readonly receivedDate: string;
    readonly firstEvent?: string;
    readonly [fact: string]: unknown;
  };
}

/** All events of a tenant, in their order. */
export async function eventsOf(store: TenantStore, after?: OutboxPosition): Promise<readonly KeptEvent[]> {
  const rows = await store.outbox.events(after ?? { sequence: 0, index: 0 }, 1_000_000);
  return rows.map(({ body }) => JSON.parse(body) as KeptEvent);
}
