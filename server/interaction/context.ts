import type { Access } from '../auth/access.ts';
import type { Clock } from '../core/clock.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { TenantStore } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';
import type { BoundSearches } from './bound-searches.ts';
import type { EventFeed } from './event-feed.ts';
import type { SubscriptionDesk, TopicDefinition } from './subscription-desk.ts';
import type { TraceReader } from './trace-reader.ts';

/** What all requests share. */
export interface Service {
  /** Without a trailing slash; every URL in an answer begins with it. A call, as the port may be known late. */
  publicUrl(): string;
  /** Root of our own canonical URLs, without a trailing slash. */
  readonly canonicalBase: string;
  /** `releasedAt`: `YYYY-MM-DD`. */
  readonly software: { readonly name: string; readonly version: string; readonly releasedAt: string };
  readonly parameters: SearchParameters;
  readonly searches: BoundSearches;
  /** 32 bytes that page tokens are signed with. */
  readonly pageKey: Uint8Array;
  readonly clock: Clock;
  readonly subscriptions: SubscriptionDesk;
  readonly topics: readonly TopicDefinition[];
  readonly events: EventFeed;
  /** Renders AuditEvent and Provenance of one tenant and contract. */
  trace(store: TenantStore, contract: string, base: string): TraceReader;
}

/** Where a request arrived, before anything is known of who sent it. */
export interface OpenContext {
  readonly tenant: string;
  readonly contract: string;
  /** The FHIR base, without a trailing slash. */
  readonly base: string;
  readonly service: Service;
  readonly requestId: string;
  readonly correlationId: string;
}

/**
 * The same for a request whose token was verified. The store is that tenant's and nobody else's, and has of its
 * resources those that the client sees.
 */
export interface Context extends OpenContext {
  readonly access: Access;
  readonly store: TenantStore;
  readonly sight: Sight;
  /**
   * The context as it would be now, for an answer that goes on: undefined once the token is good for nothing more or
   * its scopes cover the route no longer.
   */
  again(): Promise<Context | undefined>;
}

/** A request as an interaction sees it; path parts that its route does not have are empty. */
export interface InteractionRequest {
  readonly type: string;
  readonly id: string;
  readonly version: string;
  /** Raw query string without `?`; of a POST search the form body as well, joined by `&`. */
  readonly query: string;
  /** Of a request that its route takes a body from; else empty. */
  readonly body: Buffer;
  /** Value of a request header, by lower-case name. */
  header(name: string): string | undefined;
}

export interface InteractionResponse {
  readonly status: number;
  /** What this interaction adds to the headers that every answer has; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** `Type/id/version` of every resource in the body. */
  readonly disclosed: readonly string[];
  /** The id of what was made: a create's path does not name it. */
  readonly created?: string;
  /**
   * What follows the body, for as long as the client listens; asked for the next part only once the last one is on its
   * way. `ended`: the client is gone, or the server stops.
   */
  readonly stream?: (ended: AbortSignal) => AsyncIterable<StreamPart>;
}

export interface StreamPart {
  readonly text: string;
  /** As of an answer; undefined where it says nothing of anybody, and is not recorded. */
  readonly disclosed: readonly string[] | undefined;
}

export type OpenInteraction = (context: OpenContext, request: InteractionRequest) => Promise<InteractionResponse>;
export type Interaction = (context: Context, request: InteractionRequest) => Promise<InteractionResponse>;
