import type { Access } from '../auth/access.ts';
import type { TenantStore } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';

/** Who asks for events, and where: a part of `Context`. */
interface Viewer {
  readonly store: TenantStore;
  readonly contract: string;
  readonly access: Access;
  readonly sight: Sight;
}

/** An event as this viewer may have it. */
interface FedEvent {
  /** Its place in the tenant's order of events; what `after` takes. */
  readonly cursor: string;
  /** CloudEvents 1.0 JSON. */
  readonly body: string;
  /** `Type/id/version` of what it is about, where there is something. */
  readonly disclosed: readonly string[];
}

interface FedPage {
  readonly events: readonly FedEvent[];
  /** Where to go on: behind the last one looked at, whether shown or not. */
  readonly next: string;
  /** Perhaps more follow at once. */
  readonly more: boolean;
}

/** The tenant's events in commit order, those alone that a viewer may have; `events` implements it. */
export interface EventFeed {
  /**
   * @param topics left out: all that the scopes cover; `invalid` for what is none, `forbidden` for one not covered
   * @param after a cursor; undefined: from the first. Throws `invalid` for what is none
   */
  read(
    viewer: Viewer,
    wish: {
      readonly topics: readonly string[] | undefined;
      readonly after: string | undefined;
      readonly count: number;
    },
  ): Promise<FedPage>;
  /** The cursor behind all that has happened. */
  newest(viewer: Viewer): Promise<string>;
  /** Resolves when something may have happened after the cursor, or at the time limit, or when it is called off. */
  happened(viewer: Viewer, after: string, waitMs: number, signal: AbortSignal): Promise<void>;
}
