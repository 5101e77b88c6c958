import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { holdAsyncContext } from './async-context.ts';
import type { HandleRequest } from './origin.ts';

/** Discovery documents that stand at the host's root: OpenID Connect Discovery, RFC 8414 section 3.1 with and without
 * the issuer's path. */
const rootDocuments = {
  '/.well-known/openid-configuration': '/oauth/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server': '/oauth/.well-known/oauth-authorization-server',
  '/.well-known/oauth-authorization-server/oauth': '/oauth/.well-known/oauth-authorization-server',
} as const;

/**
 * Hands `/oauth/*` to the authorization server as raw requests: Fastify must not read their bodies, so this runs in a
 * scope of its own. Headers that earlier hooks put on the reply (`X-Request-ID`, `X-Correlation-ID`) go out with it.
 */
export async function mountRoutes(app: FastifyInstance, handle: HandleRequest): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    const answer = (request: FastifyRequest, reply: FastifyReply, path?: string) => {
      reply.hijack();
      holdAsyncContext(reply.raw);
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      if (path !== undefined) request.raw.url = path;
      handle(request.raw, reply.raw, {
        requestId: String(reply.getHeader('x-request-id') ?? request.id),
        correlationId: String(reply.getHeader('x-correlation-id') ?? request.id),
        address: request.ip ?? null,
      });
    };
    scope.all('/oauth/*', (request, reply) => answer(request, reply));
    for (const [path, own] of Object.entries(rootDocuments)) {
      scope.get(path, (request, reply) => answer(request, reply, own));
    }
  });
}
