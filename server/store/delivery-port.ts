/** A lease as the port has it: whoever writes shows the one that he holds. */
interface HeldLease {
  readonly name: string;
  readonly owner: string;
  readonly epoch: number;
  readonly expiresAt: string;
}

/**
 * What the delivery of events keeps: apart from the tenant's batches, so that neither waits for the other. Written by
 * the holder of the tenant's delivery lease alone, but for what is asked of it.
 */
export interface DeliveryStore {
  /**
   * Writes rows whole or not at all. `conflict` where an event's number is not its subscription's next, so that numbers
   * have no gaps and no event a second number; `fenced` where the lease is over.
   */
  write(rows: readonly DeliveryRow[], lease: HeldLease): Promise<void>;
  /**
   * Shuts out the holders before: once it resolves, no write of an earlier epoch follows, however late its writer goes
   * on. For whoever has just been given a lease, before the first look at what is kept here. `fenced` where the lease
   * is over already.
   */
  fence(lease: HeldLease): Promise<void>;
  /** Notes of a kind, by id. */
  notes(kind: DeliveryNoteKind): Promise<ReadonlyMap<string, string>>;
  note(kind: DeliveryNoteKind, id: string): Promise<string | undefined>;
  /** Numbered events of a subscription, `from` ≤ number ≤ `to`, in order, at most `limit`. */
  events(subscription: string, from: number, to: number, limit: number): Promise<readonly NumberedEvent[]>;
  /** The event with the highest number. */
  lastEvent(subscription: string): Promise<NumberedEvent | undefined>;
  /** Numbered events about any of these versions (`Type/id/version`), by subscription and number. */
  about(versions: readonly string[]): Promise<readonly NumberedEvent[]>;
  /** Attempts to deliver any of the numbers from `from` to `to`, oldest first. */
  attempts(subscription: string, from: number, to: number, limit: number): Promise<readonly DeliveryAttempt[]>;
  /** The newest attempts of a subscription, oldest first. */
  lastAttempts(subscription: string, limit: number): Promise<readonly DeliveryAttempt[]>;
  /** Leaves a request for the holder of the lease. */
  ask(id: string, body: string): Promise<void>;
  /** Requests that nobody has done yet, by id. */
  asked(): Promise<ReadonlyMap<string, string>>;
}

/** `progress` of a subscription; `matched`: how far the outbox has been matched; letters that nobody took. */
export type DeliveryNoteKind = 'progress' | 'matched' | 'dead-letter';

export type DeliveryRow =
  | ({ readonly row: 'happened' } & HappenedRow)
  | ({ readonly row: 'attempt' } & DeliveryAttempt)
  /** Replaces the note; null forgets it. */
  | { readonly row: 'note'; readonly kind: DeliveryNoteKind; readonly id: string; readonly body: string | null }
  | { readonly row: 'done'; readonly id: string }
  /**
   * Forgets numbered events and attempts of before a time (ISO 8601), at most `limit` of each; of a subscription never
   * its newest event, from which the numbers go on.
   */
  | { readonly row: 'forget'; readonly before: string; readonly limit: number };

/** Events, and who counts all of them, in that order: what thousands are told of is written once. */
export interface HappenedRow {
  readonly events: readonly Happened[];
  readonly countedBy: readonly Counted[];
}

export interface Counted {
  readonly subscription: string;
  /** Its number of the first of the events. */
  readonly first: number;
}

/** An event, whoever counts it. */
export interface Happened {
  /** Batch of the event, and its place in the outbox; for a plain change of a resource the place is 0. */
  readonly sequence: number;
  readonly index: number;
  readonly topic: string;
  /** `Type/id/version`, or empty where no resource is meant. */
  readonly focus: string;
  /** When it happened, ISO 8601. */
  readonly at: string;
  /** JSON of what the notification says besides. */
  readonly about: string;
}

/** An event as one subscription counts it. */
export interface NumberedEvent extends Happened {
  readonly subscription: string;
  /** 1, 2, 3 … per subscription, in commit order. */
  readonly number: number;
}

/** One request to an endpoint. */
export interface DeliveryAttempt {
  /** Ordered by time (UUID, version 7). */
  readonly id: string;
  readonly subscription: string;
  readonly kind: 'handshake' | 'heartbeat' | 'event-notification';
  /** Numbers that it carried; 0 and 0 for none. */
  readonly from: number;
  readonly to: number;
  readonly at: string;
  /** HTTP status; null where there was no answer. */
  readonly status: number | null;
  /** Class of the failure; null for a success. */
  readonly error: string | null;
  /** Size and SHA-256 (hex) of the body that was sent. */
  readonly bytes: number;
  readonly sha256: string;
  readonly milliseconds: number;
}
