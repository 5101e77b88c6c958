import { limits } from '../core/limits.ts';
import type { DeliveryRow } from '../store/delivery-port.ts';
import { type Attempted, noted } from './attempt.ts';
import type { Subscriber } from './subscriber.ts';

/**
 * Everything that the delivery of a tenant writes, one write after the other. What is only to be remembered waits a
 * moment for company: a transaction for each answer of a receiver costs as much as the request did.
 */
export interface DeliveryWriter {
  /** Writes rows, and how far these subscriptions are by then, with all that waits. Rejects with the store's error. */
  write(rows: readonly DeliveryRow[], concerned: Iterable<Subscriber>): Promise<void>;
  /** The same within some milliseconds: what was sent to a subscription, and what else is to be written of that. */
  add(attempted: Attempted, rows: readonly DeliveryRow[], one: Subscriber): Promise<void>;
  /** Somebody waits for what was added. */
  hurry(): void;
}

interface Group {
  readonly attempts: Sent[];
  readonly rows: DeliveryRow[];
  readonly concerned: Set<Subscriber>;
  readonly written: Promise<void>;
  /** It is written as soon as its turn comes. */
  readonly hurry: () => void;
}

interface Sent {
  readonly one: Subscriber;
  readonly attempted: Attempted;
}

/**
 * What was begun while a write was under way fails with it: its progress would say of what that write held that it is
 * stored. Whoever was in either begins anew from what the store has.
 *
 * @param store writes rows with the tenant's lease
 */
export function deliveryWriter(store: (rows: readonly DeliveryRow[]) => Promise<void>): DeliveryWriter {
  let open: Group | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const begin = (): Group => {
    const attempts: Sent[] = [];
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
      // One after the other, rows of attempts take half of what each does where an answer comes.
      const attempted = attempts.map((sent) => noted(sent.one, sent.attempted));
      // Progress as it is now: all that it says has been done stands among the rows of this write or an earlier one.
      return store([...attempted, ...rows, ...[...concerned].map(progressRow)]);
    });
    const group: Group = { attempts, rows, concerned, written, hurry };
    last = written;
    written.catch(() => {
      if (open === group) open = undefined;
      if (last === written) last = Promise.resolve();
    });
    return group;
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
    add(attempted, rows, one) {
      const group = put(rows, [one]);
      group.attempts.push({ one, attempted });
      return group.written;
    },
    hurry: () => open?.hurry(),
  };
}

/** The note that says how far a subscription is. */
function progressRow({ id, progress }: Subscriber): DeliveryRow {
  return { row: 'note', kind: 'progress', id, body: JSON.stringify(progress) };
}
