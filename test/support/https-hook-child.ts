import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { restHook } from '../../server/events/channels/rest-hook.ts';

/**
 * A receiver that speaks https with the certificate for `localhost` of a folder, and one notification to each of its
 * names. Prints the outcomes as JSON. In a process of its own: whom Node trusts is settled when it starts.
 */
const [, , folder = ''] = process.argv;
const file = (name: string) => readFileSync(`${folder}/${name}`);
const got: string[] = [];
const server = createServer({ cert: file('cert.pem'), key: file('key.pem') }, (request, response) => {
  got.push(`${request.method} ${request.url}`);
  request.resume().on('end', () => response.end());
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
const { port } = server.address() as AddressInfo;
const channel = restHook(() => ({ privateRanges: [], loopback: true, ownOrigins: [] }));
const errors: (string | null)[] = [];
for (const host of ['localhost', '127.0.0.1']) {
  const url = new URL(`https://${host}:${port}/hook`);
  const message = { method: 'POST', url, headers: {}, body: Buffer.from('{}'), timeoutMs: 5_000 } as const;
  errors.push((await channel.send('rxx', message)).error);
}
process.stdout.write(JSON.stringify({ errors, got }));
await channel.close();
server.close();
server.closeAllConnections();
