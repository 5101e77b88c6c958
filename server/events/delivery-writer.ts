import { limits } from '../core/limits.ts';
import type { DeliveryRow } from '../store/delivery-port.ts';
import type { Subscriber } from './subscriber.ts';

/**
 * Everything that the delivery of a tenant writes, one write after the other. What is only to be remembered waits a
 * moment for company: a transaction for each answer of a receiver costs as much as the request did.
 */
export interface DeliveryWriter {
  /** Writes rows, and how far these subscriptions are by then, with all that waits. Rejects with the store's error. */
  write(rows: readonly DeliveryRow[], concerned: Iterable<Subscriber>): Promise<void>;
  /** The same within some milliseconds. */
  add(rows: readonly DeliveryRow[], one: Subscriber): Promise<void>;
  /** Somebody waits for what was added. */
  hurry(): void;
}

interface Group {
  readonly rows: DeliveryRow[];
  readonly concerned: Set<Subscriber>;
  readonly written: Promise<void>;
  /** It is written as soon as its turn comes. */
  readonly hurry: () => void;
}

/** @param store writes rows with the tenant's lease */
export function deliveryWriter(store: (rows: readonly DeliveryRow[]) => Promise<void>): DeliveryWriter {
  let open: Group | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const begin = (): Group => {
    const rows: DeliveryRow[] = [];
    const concerned = new Set<Subscriber>();
    const before = last;
    let hurry = () => {};
    const waited = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limits.deliveryWriteMs);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    const written = Promise.all([before, waited]).then(() => {
      open = undefined;
      // Progress as it is now: all that it says has been done stands among the rows of this write or an earlier one.
      return store([...rows, ...[...concerned].map(progressRow)]);
    });
    last = written.catch(() => undefined);
    return { rows, concerned, written, hurry };
  };
  const put = (rows: readonly DeliveryRow[], concerned: Iterable<Subscriber>): Group => {
    open ??= begin();
    for (const row of rows) open.rows.push(row);
    for (const one of concerned) open.concerned.add(one);
    return open;
  };
  return {
    write(rows, concerned) {
      const { written, hurry } = put(rows, concerned);
      hurry();
      return written;
    },
    add: (rows, one) => put(rows, [one]).written,
    hurry: () => open?.hurry(),
  };
}

/** The note that says how far a subscription is. */
function progressRow({ id, progress }: Subscriber): DeliveryRow {
  return { row: 'note', kind: 'progress', id, body: JSON.stringify(progress) };
}
