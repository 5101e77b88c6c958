import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { docsHeaders, docsPage } from './docs-page.ts';
import { type AdminArrival, handleAdmin } from './handle.ts';
import type { AdminDeps } from './route.ts';

const prefix = '/admin/v1/';

/**
 * Registers `/admin/v1/*` and the page `/admin/docs`, in a scope of its own: bodies are files, and nobody reads them
 * but the operation.
 */
export function adminPlugin(deps: AdminDeps): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _body, done) => done(null));
      scope.all(`${prefix}*`, (request, reply) => answer(deps, request, reply));
      scope.get('/admin/docs', (request, reply) => answerPage(deps, request, reply));
    });
  };
}

async function answer(deps: AdminDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const url = request.raw.url ?? prefix;
  const mark = url.indexOf('?');
  const path = (mark < 0 ? url : url.slice(0, mark)).slice(prefix.length);
  const arrived = arrival(request, reply, path, mark < 0 ? '' : url.slice(mark + 1));
  const { status, headers, body } = await handleAdmin(deps, arrived);
  // What is left of an upload that nobody wants is not waited for.
  if (!request.raw.complete) reply.header('connection', 'close');
  return reply
    .code(status)
    .headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers })
    .send(JSON.stringify(body));
}

/** Asks for the document as anybody does, so that it is recorded like it, and shows it to people. */
async function answerPage(deps: AdminDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { status, body } = await handleAdmin(deps, arrival(request, reply, 'openapi.json', ''));
  if (status !== 200) return reply.code(status).send({ error: 'unavailable' });
  return reply.headers({ ...docsHeaders, 'cache-control': 'no-cache' }).send(docsPage(body as object));
}

function arrival(request: FastifyRequest, reply: FastifyReply, path: string, query: string): AdminArrival {
  const { raw } = request;
  return {
    ...{ method: raw.method === 'HEAD' ? 'GET' : (raw.method ?? 'GET'), path, query, body: raw },
    authorization: raw.headersDistinct['authorization'] ?? [],
    proof: raw.headersDistinct['dpop']?.join(),
    requestId: String(reply.getHeader('x-request-id') ?? request.id),
    correlationId: String(reply.getHeader('x-correlation-id') ?? request.id),
    address: raw.socket.remoteAddress ?? null,
  };
}
