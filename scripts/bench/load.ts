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

/** Sends exactly `amount` requests over 64 connections. Throws where one is not answered with 200. */
export async function load(target: LoadTarget, amount: number): Promise<LoadResult> {
  const { url, paths, tokens } = target;
  const connections = Math.min(64, paths.length);
  let connection = 0;
  const result = await autocannon({
    url,
    connections,
    amount,
    // The clock of the result ticks at this rate: a second would round every round.
    sampleInt: 10,
    setupClient(client) {
      const own = connection++;
      const token = present(tokens[own % tokens.length], 'a token');
      const share = paths.filter((_, index) => index % connections === own % connections);
      client.setRequests(share.map((path) => ({ path, headers: { authorization: `Bearer ${token}` } })));
    },
  });
  const good = result['2xx'];
  if (good !== amount) throw new Error(`${good} of ${amount} requests to ${url} were answered with success`);
  const seconds = (result.finish.getTime() - result.start.getTime()) / 1000;
  return { requestsPerSecond: amount / seconds, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}
