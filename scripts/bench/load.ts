import autocannon from 'autocannon';
import { present } from '../../server/core/assert.ts';

export interface LoadTarget {
  readonly url: string;
  /** Paths with their queries; every connection asks its own share of them, round and round. */
  readonly paths: readonly string[];
  /** Access tokens, dealt out to the connections. */
  readonly tokens: readonly string[];
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends `rate` requests a second until `until` settles. */
export async function steadyLoad(target: LoadTarget, rate: number, until: Promise<unknown>): Promise<LoadResult> {
  const { url, paths } = target;
  const connections = Math.min(16, paths.length);
  const began = performance.now();
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const setupClient = dealt(target, connections);
    const options = { url, connections, duration: 3600, overallRate: rate, sampleInt: 100, setupClient };
    const instance = autocannon(options, (error: unknown, done) => (error ? reject(error) : resolve(done)));
    const stop = () => {
      (instance as unknown as { stop(): void }).stop();
    };
    until.then(stop, stop);
  });
  const seconds = (performance.now() - began) / 1000;
  return { requestsPerSecond: result['2xx'] / seconds, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}

/** Gives every connection its share of the paths, and a token. */
function dealt({ paths, tokens }: LoadTarget, connections: number) {
  let connection = 0;
  return (client: autocannon.Client) => {
    const own = connection++ % connections;
    const token = present(tokens[own % tokens.length], 'a token');
    const share = paths.filter((_, index) => index % connections === own);
    client.setRequests(share.map((path) => ({ path, headers: { authorization: `Bearer ${token}` } })));
  };
}

/** Sends exactly `amount` requests over 128 connections. Throws where one is not answered with 200. */
export async function load(target: LoadTarget, amount: number): Promise<LoadResult> {
  const { url, paths } = target;
  const connections = Math.min(128, paths.length);
  // The clock of the result ticks at this rate: a second would round every round.
  const sampleInt = 10;
  const result = await autocannon({ url, connections, amount, sampleInt, setupClient: dealt(target, connections) });
  const good = result['2xx'];
  if (good !== amount) throw new Error(`${good} of ${amount} requests to ${url} were answered with success`);
  const seconds = (result.finish.getTime() - result.start.getTime()) / 1000;
  return { requestsPerSecond: amount / seconds, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}
