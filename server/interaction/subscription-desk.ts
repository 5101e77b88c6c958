import type { StoredVersion } from '../store/port.ts';
import type { Context } from './context.ts';

/** Bytes for a client, and `Type/id/version` of the versions in them. */
export interface DeskAnswer {
  readonly body: Buffer;
  readonly disclosed: readonly string[];
}

/** Makes and changes subscriptions and answers for their delivery; `events` implements it. Throws `AppError`. */
export interface SubscriptionDesk {
  create(caller: Context, body: unknown): Promise<StoredVersion>;
  update(caller: Context, id: string, body: unknown, ifMatch: string | undefined): Promise<StoredVersion>;
  /** @param patch JSON Patch (RFC 6902) */
  patch(caller: Context, id: string, patch: unknown, ifMatch: string | undefined): Promise<StoredVersion>;
  remove(caller: Context, id: string, ifMatch: string | undefined): Promise<StoredVersion>;
  /** Of one subscription; without an id of all visible ones that the question names (empty lists: all). */
  status(
    caller: Context,
    id: string | undefined,
    question: { readonly ids: readonly string[]; readonly statuses: readonly string[] },
  ): Promise<DeskAnswer>;
  events(
    caller: Context,
    id: string,
    question: {
      readonly since: number | undefined;
      readonly until: number | undefined;
      readonly content: string | undefined;
    },
  ): Promise<DeskAnswer>;
  secret(caller: Context, id: string): Promise<DeskAnswer>;
  rotate(caller: Context, id: string): Promise<unknown>;
}
