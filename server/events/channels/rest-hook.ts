import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { literalOf, mayReach } from '../../core/address.ts';
import { limits } from '../../core/limits.ts';
import { checkEndpoint, type EgressPolicy } from '../endpoint.ts';
import { retryAfterSeconds } from '../retry.ts';

export interface Message {
  readonly method: 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly timeoutMs: number;
}

/** All that anybody is told of an answer: nothing of what stands behind an endpoint leaves through us. */
export interface Outcome {
  readonly status: number | null;
  /** Null for a success (2xx). */
  readonly error: ErrorClass | null;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  readonly milliseconds: number;
}

export type ErrorClass = 'dns' | 'blocked' | 'connect' | 'tls' | 'timeout' | `http-${3 | 4 | 5}xx`;

export interface RestHook {
  /** Never rejects. */
  send(tenant: string, message: Message): Promise<Outcome>;
  /** Cuts off what is on its way. */
  close(): Promise<void>;
}

/** Answers with every address of a name. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

const everyAddress: Resolve = (hostname, done) => systemLookup(hostname, { all: true }, done);

class Blocked extends Error {}
class TimedOut extends Error {}

/**
 * Sends to URLs that clients named. Every address is looked at when it is connected to, literals in the URL included,
 * for which no look-up happens; redirects are answers, never followed; no proxy of the environment is used. Connections
 * are of one tenant, since what one may reach another may not.
 */
export function restHook(policyOf: (tenant: string) => EgressPolicy, resolve: Resolve = everyAddress): RestHook {
  const agents = new Map<string, Agent>();
  const agentOf = (tenant: string): Agent => {
    const known = agents.get(tenant);
    if (known !== undefined) return known;
    const agent = new Agent({
      connect: { lookup: guardedLookup(() => policyOf(tenant), resolve), timeout: limits.connectTimeoutMs },
      connections: limits.deliveriesPerHostMax,
      pipelining: 1,
      keepAliveTimeout: 10_000,
      keepAliveMaxTimeout: 30_000,
    });
    agents.set(tenant, agent);
    return agent;
  };
  const onTheirWay = deadlines();
  return {
    send: (tenant, message) =>
      answered(message, onTheirWay, () => {
        checkReach(message.url, policyOf(tenant));
        return agentOf(tenant);
      }),
    async close() {
      onTheirWay.close();
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

/** A request that is cut off when its time is up. */
interface Pending {
  /** `performance.now()` */
  readonly untilMs: number;
  cutOff(error: Error): void;
}

interface Deadlines {
  add(one: Pending): void;
  done(one: Pending): void;
  close(): void;
}

/** Looks at all requests now and then: a timer for each costs a tenth of what sending it does (measured). */
function deadlines(): Deadlines {
  const pending = new Set<Pending>();
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const now = performance.now();
    for (const one of pending) if (now >= one.untilMs) one.cutOff(new TimedOut());
    if (pending.size === 0) close();
  };
  const close = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    add(one) {
      pending.add(one);
      timer ??= setInterval(look, limits.deliveryDeadlineMs);
    },
    done: (one) => void pending.delete(one),
    close,
  };
}

type Answer = Omit<Outcome, 'milliseconds'>;

/**
 * Sends one request and reads its answer to the end, or to `answerBytesMax`, or until its time is up: what an endpoint
 * says is of no interest, and may be without end. Never rejects. The dispatcher's own interface, as a `request` makes
 * a stream of every answer.
 *
 * @param dispatcher throws where nothing may be sent there
 */
function answered(
  { method, url, headers, body, timeoutMs }: Message,
  onTheirWay: Deadlines,
  dispatcher: () => Agent,
): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve) => {
    let answer: Answer | undefined;
    let aborting: Dispatcher.DispatchController | undefined;
    let bytes = 0;
    const end = ({ status, error, retryAfter }: Answer) => {
      onTheirWay.done(pending);
      resolve({ status, error, retryAfter, milliseconds: Math.round(performance.now() - started) });
    };
    const failed = (error: unknown) =>
      end(answer ?? { status: null, error: classOfError(error), retryAfter: undefined });
    const cutOff = (error: Error) => {
      failed(error);
      aborting?.abort(error);
    };
    const pending: Pending = { untilMs: started + timeoutMs, cutOff };
    onTheirWay.add(pending);
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        aborting = controller;
      },
      onResponseStart(_controller, status, received) {
        if (status < 200) return;
        const after = received['retry-after'];
        const retryAfter = typeof after === 'string' ? retryAfterSeconds(after, new Date()) : undefined;
        answer = { status, error: classOfStatus(status), retryAfter };
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        if (bytes > limits.answerBytesMax) cutOff(new TimedOut());
      },
      onResponseEnd: () => failed(undefined),
      onResponseError: (_controller, error) => failed(error),
    };
    try {
      const path = `${url.pathname}${url.search}`;
      dispatcher().dispatch({ origin: url.origin, path, method, headers, body }, handler);
    } catch (error) {
      failed(error);
    }
  });
}

/** Under which policy a URL was found good: while neither changes, it is. */
const reachable = new WeakMap<URL, EgressPolicy>();

/** What was allowed when the subscription was made may be closed now. */
function checkReach(url: URL, policy: EgressPolicy): void {
  if (reachable.get(url) === policy) return;
  try {
    checkEndpoint(url.href, policy);
  } catch {
    throw new Blocked();
  }
  const literal = literalOf(url);
  if (literal !== undefined && !mayReach(literal, policy)) throw new Blocked();
  reachable.set(url, policy);
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

function classOfStatus(status: number): ErrorClass | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 500) return 'http-5xx';
  return status >= 400 ? 'http-4xx' : 'http-3xx';
}

function classOfError(error: unknown): ErrorClass {
  if (error instanceof Blocked) return 'blocked';
  if (error instanceof TimedOut) return 'timeout';
  const { name, code = '', cause } = error as { name?: string; code?: string; cause?: unknown };
  if (cause instanceof Blocked) return 'blocked';
  if (name === 'TimeoutError' || name === 'AbortError' || code.includes('TIMEOUT')) return 'timeout';
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'dns';
  return /TLS|SSL|CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code) ? 'tls' : 'connect';
}
