import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { present } from '../../server/core/assert.ts';

/** What is asked of the receiver by the process that forked it. */
export type ReceiverCall =
  | { readonly counts: readonly string[] }
  | { readonly times: string }
  | { readonly last: true };

/** The request that came last, as it came. */
export interface LastRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Base64. */
  readonly body: string;
}

/**
 * A receiver on loopback in a process of its own, so that neither the server nor the bare loop pays for it: answers 200
 * and notes when each event number came first, by path. Times are of the clock that all processes of a machine share.
 */
const times = new Map<string, number[]>();
const number = /"event-number","valueString":"(\d+)"/g;
let last: { readonly headers: LastRequest['headers']; readonly body: Buffer } | undefined;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(200).end();
    const atMs = Number(process.hrtime.bigint()) / 1e6;
    const body = Buffer.concat(chunks);
    last = { headers: request.headers as LastRequest['headers'], body };
    const path = request.url ?? '';
    const known = times.get(path) ?? [];
    times.set(path, known);
    for (const [, text] of body.toString().matchAll(number)) known[Number(text) - 1] ??= atMs;
  });
});

function answer(call: ReceiverCall): unknown {
  if ('counts' in call) return call.counts.map((path) => times.get(path)?.length ?? 0);
  if ('times' in call) return times.get(call.times) ?? [];
  const { headers, body } = present(last, 'a request');
  return { headers, body: body.toString('base64') } satisfies LastRequest;
}

const send = present(process.send, 'the process that forked this one').bind(process);
process.on('message', (call: ReceiverCall) => void send(answer(call)));
process.once('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
