import { Agent, request } from 'undici';
import { present } from '../../server/core/assert.ts';
import type { LastRequest } from './receiver-process.ts';

/** What a bare loop is to post: the bytes and headers of one of our notifications. */
export interface BareLoop {
  readonly url: string;
  /** One in flight each. */
  readonly atOnce: number;
  readonly requests: number;
  readonly sent: LastRequest;
}

export interface BareFigures {
  readonly perSecond: number;
  /** User and system time of one request: what is left of a measurement on a busy machine. */
  readonly cpuMs: number;
}

/** A bare undici loop, which knows nothing of events: prints requests per second, warmed up as our server is. */
const { url, atOnce, requests, sent } = JSON.parse(present(process.argv[2], 'what to post')) as BareLoop;
const dispatcher = new Agent({ connections: atOnce, pipelining: 1 });
const body = Buffer.from(sent.body, 'base64');
const connection = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);
const headers = Object.fromEntries(Object.entries(sent.headers).filter(([name]) => !connection.has(name)));

async function post(count: number): Promise<number> {
  let left = count;
  const loop = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await request(url, { method: 'POST', headers, body, dispatcher });
      await answer.body.dump();
    }
  };
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: atOnce }, loop));
  return count / ((performance.now() - beganMs) / 1000);
}

await post(requests);
const cpu = process.cpuUsage();
const perSecond = await post(requests);
const { user, system } = process.cpuUsage(cpu);
await dispatcher.close();
process.stdout.write(JSON.stringify({ perSecond, cpuMs: (user + system) / 1000 / requests } satisfies BareFigures));
