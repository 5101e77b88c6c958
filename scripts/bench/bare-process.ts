import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { present } from '../../server/core/assert.ts';

/**
 * The baseline of HTTP benchmarks: one Fastify route that answers every path with the bytes that our server answered
 * it with, held in memory. Argument: a JSON file of path → base64.
 */
const stored = JSON.parse(readFileSync(present(process.argv[2], 'file of bodies'), 'utf8')) as Record<string, string>;
const bodies = new Map(Object.entries(stored).map(([path, body]) => [path, Buffer.from(body, 'base64')]));
const app = Fastify({ logger: false });
app.get('/t/*', (request, reply) => {
  reply.type('application/fhir+json; charset=utf-8').send(bodies.get(request.raw.url ?? ''));
});
await app.listen({ port: 0, host: '127.0.0.1' });
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`listening on http://127.0.0.1:${port}\n`);
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
