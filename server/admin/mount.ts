import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { handleAdmin } from './handle.ts';
import type { AdminDeps } from './route.ts';

const prefix = '/admin/v1/';

/** Registers `/admin/v1/*`, in a scope of its own: bodies are files, and nobody reads them but the operation. */
export function adminPlugin(deps: AdminDeps): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _body, done) => done(null));
      scope.all(`${prefix}*`, (request, reply) => answer(deps, request, reply));
    });
  };
}

async function answer(deps: AdminDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const url = request.raw.url ?? prefix;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const { status, headers, body } = await handleAdmin(deps, {
    method: request.raw.method ?? 'GET',
    path: path.slice(prefix.length),
    query: mark < 0 ? '' : url.slice(mark + 1),
    authorization: request.raw.headersDistinct['authorization'] ?? [],
    proof: request.raw.headersDistinct['dpop']?.join(),
    body: request.raw,
    requestId: String(reply.getHeader('x-request-id') ?? request.id),
    correlationId: String(reply.getHeader('x-correlation-id') ?? request.id),
    address: request.raw.socket.remoteAddress ?? null,
  });
  // What is left of an upload that nobody wants is not waited for.
  if (!request.raw.complete) reply.header('connection', 'close');
  return reply
    .code(status)
    .headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers })
    .send(JSON.stringify(body));
}
