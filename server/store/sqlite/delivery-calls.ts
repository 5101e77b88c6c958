import type { Lease } from '../port.ts';
import { type DeliveryBatch, type PackedDelivery, packedDelivery } from './delivery-batch.ts';
import { type ThreadCalls, threadCalls } from './thread-calls.ts';

/** What the thread is asked to do; it answers every call, in order. `system`: where the lease is looked up. */
export type DeliveryCall =
  | {
      readonly do: 'open';
      readonly path: string;
      readonly key: Uint8Array;
      readonly system: { readonly path: string; readonly key: Uint8Array };
    }
  | { readonly do: 'write'; readonly path: string; readonly batch: PackedDelivery; readonly lease: Lease }
  | { readonly do: 'close'; readonly path: string };

/** Writes delivery files in a thread of its own. */
export interface DeliveryCalls {
  /** As `DeliveryStore.write`. `key`: of the file; asked for when the file is opened, at first and after a close. */
  write(path: string, key: () => Buffer, batch: DeliveryBatch, lease: Lease): Promise<void>;
  /** Closes a file; the next write opens it again. */
  close(path: string): Promise<void>;
  /** Ends the thread, where there is one, when all that was asked is done. */
  end(): Promise<void>;
}

/**
 * An eighth of a delivery is the writing of its event and its attempt (measured): here a thread does that while the
 * next ones are sent. It is started for the first write; one that dies fails what waits for it, and the next write
 * starts another.
 */
export function deliveryCalls(system: { readonly path: string; readonly key: () => Buffer }): DeliveryCalls {
  const opened = new Set<string>();
  let thread: ThreadCalls<DeliveryCall, null> | undefined;
  const live = () => {
    if (thread !== undefined && thread.ended() === undefined) return thread;
    opened.clear();
    thread = threadCalls('delivery thread', 'delivery-thread', import.meta.url);
    return thread;
  };

  return {
    async write(path, key, batch, lease) {
      const { ask } = live();
      if (!opened.has(path)) {
        const at = { path: system.path, key: system.key() };
        // What the opening fails with, the write behind it fails with as well.
        ask({ do: 'open', path, key: key(), system: at }).catch(() => {});
        opened.add(path);
      }
      await ask({ do: 'write', path, batch: packedDelivery(batch), lease });
    },
    async close(path) {
      if (opened.delete(path)) await live().ask({ do: 'close', path });
    },
    async end() {
      for (const path of opened) await live().ask({ do: 'close', path });
      opened.clear();
      await thread?.terminate();
      thread = undefined;
    },
  };
}
