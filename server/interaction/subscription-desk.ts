import type { Access } from '../auth/access.ts';
import type { StoredVersion, TenantStore } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';

/** Who asks, and where: a part of `Context`. */
interface Caller {
  readonly store: TenantStore;
  readonly contract: string;
  readonly base: string;
  readonly access: Access;
  readonly sight: Sight;
}

/** A definition of `conformance/topics/`. */
export interface TopicDefinition {
  readonly topic: string;
  readonly title: string;
  readonly trigger: string;
  readonly focus: string | null;
  readonly filters: readonly { readonly name: string; readonly matches: string }[];
}

/** Bytes for a client, and `Type/id/version` of the versions in them. */
interface DeskAnswer {
  readonly body: Buffer;
  readonly disclosed: readonly string[];
}

/** Makes and changes subscriptions and answers for their delivery; `events` implements it. Throws `AppError`. */
export interface SubscriptionDesk {
  create(caller: Caller, body: unknown): Promise<StoredVersion>;
  update(caller: Caller, id: string, body: unknown, ifMatch: string | undefined): Promise<StoredVersion>;
  /** @param patch JSON Patch (RFC 6902) */
  patch(caller: Caller, id: string, patch: unknown, ifMatch: string | undefined): Promise<StoredVersion>;
  remove(caller: Caller, id: string, ifMatch: string | undefined): Promise<StoredVersion>;
  /** Of one subscription; without an id of all visible ones that the question names (empty lists: all). */
  status(
    caller: Caller,
    id: string | undefined,
    question: { readonly ids: readonly string[]; readonly statuses: readonly string[] },
  ): Promise<DeskAnswer>;
  events(
    caller: Caller,
    id: string,
    question: {
      readonly since: number | undefined;
      readonly until: number | undefined;
      readonly content: string | undefined;
    },
  ): Promise<DeskAnswer>;
  /** What a websocket binds to these subscriptions with. */
  binding(caller: Caller, ids: readonly string[]): Promise<DeskAnswer>;
  secret(caller: Caller, id: string): Promise<DeskAnswer>;
  rotate(caller: Caller, id: string): Promise<unknown>;
}
