import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector, Client } from 'undici';
import { mayReach } from '../../core/address.ts';
import { limits } from '../../core/limits.ts';
import type { EgressPolicy } from '../endpoint.ts';

/** Answers with every address of a name. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export class Blocked extends Error {}
export class TimedOut extends Error {}

/** Connections of a tenant to an origin. */
interface Place {
  readonly key: string;
  /** Nothing is on its way over these; the one that was used last comes last. */
  readonly free: Connection[];
  /** Free or not. */
  count: number;
}

/** A connection for one request at a time, which is opened when it is first used, and again where it was closed. */
export interface Connection {
  readonly client: Client;
  /** Under which it was opened: what may be reached under another one is asked anew. */
  readonly policy: EgressPolicy;
  readonly place: Place;
  /** `performance.now()` at which what is on its way is cut off. */
  untilMs: number;
  /** Undefined where nothing is on its way. */
  cutOff: ((error: Error) => void) | undefined;
}

export interface Connections {
  /**
   * One that nothing is on its way over: of one tenant, since what one may reach another may not. Throws once they are
   * closed.
   */
  take(tenant: string, origin: string, policy: EgressPolicy): Connection;
  /** Nothing is on its way over it any more; `broken`: nothing ever will be. */
  leave(connection: Connection, broken: boolean): void;
  /** Cuts off what is on its way. From now on nothing is. */
  close(): Promise<void>;
}

/** Milliseconds that a connection rests before it is closed, where the far side says nothing, and whatever it says. */
const keepAlive = { keepAliveTimeout: 10_000, keepAliveMaxTimeout: 30_000 } as const;

/**
 * Connections to endpoints: undici's `Client` without its `Pool` and `Agent`, which look for a free one with every
 * request; here what sent one is free again. A timer for each request, or a set of all of them, costs as much as that
 * does: deadlines are looked at now and then (all measured).
 */
export function connections(policyOf: (tenant: string) => EgressPolicy, resolve: Resolve): Connections {
  const places = new Map<string, Place>();
  const all = new Set<Connection>();
  const connectors = new Map<string, buildConnector.connector>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const connectorOf = (tenant: string): buildConnector.connector => {
    const known = connectors.get(tenant);
    if (known !== undefined) return known;
    const lookup = guardedLookup(() => policyOf(tenant), resolve);
    const made = buildConnector({ lookup, timeout: limits.connectTimeoutMs });
    connectors.set(tenant, made);
    return made;
  };
  const drop = (one: Connection) => {
    const { place, client } = one;
    all.delete(one);
    const at = place.free.indexOf(one);
    if (at >= 0) place.free.splice(at, 1);
    place.count -= 1;
    if (place.count === 0) places.delete(place.key);
    client.destroy().catch(() => undefined);
  };
  const look = () => {
    const now = performance.now();
    for (const one of [...all]) {
      if (now < one.untilMs) continue;
      if (one.cutOff !== undefined) one.cutOff(new TimedOut());
      else if (now >= one.untilMs + keepAlive.keepAliveMaxTimeout) drop(one);
    }
    if (all.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const opened = (tenant: string, origin: string, policy: EgressPolicy, key: string): Connection => {
    const place = places.get(key) ?? { key, free: [], count: 0 };
    places.set(key, place);
    place.count += 1;
    const client = new Client(origin, { connect: connectorOf(tenant), pipelining: 1, ...keepAlive });
    const one: Connection = { client, policy, place, untilMs: 0, cutOff: undefined };
    all.add(one);
    timer ??= setInterval(look, limits.deliveryDeadlineMs).unref();
    return one;
  };

  return {
    take(tenant, origin, policy) {
      if (closed) throw new Error('connections are closed');
      const key = `${tenant} ${origin}`;
      for (let one = places.get(key)?.free.pop(); one !== undefined; one = places.get(key)?.free.pop()) {
        if (one.policy === policy) return one;
        drop(one);
      }
      return opened(tenant, origin, policy, key);
    },
    leave(one, broken) {
      one.cutOff = undefined;
      if (broken) drop(one);
      else one.place.free.push(one);
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await Promise.all([...all].map(({ client }) => client.destroy()));
    },
  };
}

function guardedLookup(policy: () => EgressPolicy, resolve: Resolve): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      const blocked = () => addresses.some(({ address }) => !mayReach(address, policy()));
      if (error !== null || first === undefined) done(error ?? new Error('no address'), '', 0);
      else if (blocked()) done(new Blocked(), '', 0);
      else if (options.all === true) done(null, [...addresses]);
      else done(null, first.address, first.family);
    });
  };
}
