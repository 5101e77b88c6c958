import { lookup as systemLookup } from 'node:dns';
import type { Dispatcher } from 'undici';
import { literalOf, mayReach } from '../../core/address.ts';
import { limits } from '../../core/limits.ts';
import { checkEndpoint, type EgressPolicy } from '../endpoint.ts';
import { retryAfterSeconds } from '../retry.ts';
import { Blocked, type Connection, type Connections, connections, type Resolve, TimedOut } from './connections.ts';

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

const everyAddress: Resolve = (hostname, done) => systemLookup(hostname, { all: true }, done);

/**
 * Sends to URLs that clients named. Every address is looked at when it is connected to, literals in the URL included,
 * for which no look-up happens; redirects are answers, never followed; no proxy of the environment is used.
 */
export function restHook(policyOf: (tenant: string) => EgressPolicy, resolve: Resolve = everyAddress): RestHook {
  const all = connections(policyOf, resolve);
  return {
    send(tenant, message) {
      try {
        const policy = policyOf(tenant);
        const { origin, path } = reachable(message.url, policy);
        return answered(message, path, all.take(tenant, origin, policy), all);
      } catch (error) {
        return Promise.resolve({ status: null, error: classOfError(error), retryAfter: undefined, milliseconds: 0 });
      }
    },
    close: () => all.close(),
  };
}

type Answer = Omit<Outcome, 'milliseconds'>;

/**
 * Sends one request and reads its answer to the end, or to `answerBytesMax`, or until its time is up: what an endpoint
 * says is of no interest, and may be without end. Never rejects. The dispatcher's own interface, as a `request` makes
 * a stream of every answer, and its older form: undici 7 wraps the newer one into it for each request, which takes a
 * tenth of all that sending does (measured). undici 8 has the newer one alone.
 */
function answered(
  { method, headers, body, timeoutMs }: Message,
  path: string,
  connection: Connection,
  all: Connections,
): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve) => {
    let answer: Answer | undefined;
    let bytes = 0;
    let over = false;
    const end = ({ status, error, retryAfter }: Answer, broken: boolean) => {
      if (over) return;
      over = true;
      all.leave(connection, broken);
      resolve({ status, error, retryAfter, milliseconds: Math.round(performance.now() - started) });
    };
    const failed = (error: unknown) =>
      end(answer ?? { status: null, error: classOfError(error), retryAfter: undefined }, true);
    connection.untilMs = started + timeoutMs;
    connection.cutOff = failed;
    const handler: Dispatcher.DispatchHandler = {
      // undici asks for it. What is cut off ends with its connection.
      onConnect() {},
      onHeaders(status, received) {
        if (status >= 200)
          answer = { status, error: classOfStatus(status), retryAfter: retryAfterOf(status, received) };
        return true;
      },
      onData(chunk) {
        bytes += chunk.length;
        if (bytes > limits.answerBytesMax) failed(new TimedOut());
        return true;
      },
      onComplete() {
        if (answer === undefined) failed(new Error('no answer'));
        else end(answer, false);
      },
      onError: failed,
    };
    try {
      connection.client.dispatch({ path, method, headers, body }, handler);
    } catch (error) {
      failed(error);
    }
  });
}

/** Of a success nothing is waited for. @param headers name, value, name, value … */
function retryAfterOf(status: number, headers: readonly Buffer[]): number | undefined {
  if (status < 300) return undefined;
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toString().toLowerCase() === 'retry-after');
  const value = at < 0 ? undefined : headers[at + 1];
  return value === undefined ? undefined : retryAfterSeconds(value.toString(), new Date());
}

interface Reach {
  readonly policy: EgressPolicy;
  readonly origin: string;
  readonly path: string;
}

/** Under which policy a URL was found good: while neither changes, it is. */
const found = new WeakMap<URL, Reach>();

/** Throws where nothing may be sent there: what was allowed when the subscription was made may be closed now. */
function reachable(url: URL, policy: EgressPolicy): Reach {
  const known = found.get(url);
  if (known?.policy === policy) return known;
  try {
    checkEndpoint(url.href, policy);
  } catch {
    throw new Blocked();
  }
  const literal = literalOf(url);
  if (literal !== undefined && !mayReach(literal, policy)) throw new Blocked();
  const reach = { policy, origin: url.origin, path: `${url.pathname}${url.search}` };
  found.set(url, reach);
  return reach;
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
