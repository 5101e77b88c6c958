import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ConsoleParts, consoleApplication } from './application.ts';
import { consoleClient } from './client.ts';

/**
 * Registers `/console`. Its application is made when somebody first comes: only then the public URL is known, which its
 * login needs, and where nobody comes the registry has no client of it.
 */
export function consolePlugin(parts: ConsoleParts): (app: FastifyInstance) => Promise<void> {
  let made: { readonly url: string; readonly application: Promise<FastifyInstance> } | undefined;
  const application = async () => {
    const url = parts.admin.publicUrl();
    if (made?.url !== url) made = { url, application: make(parts, url) };
    // What could not be made is tried again by the next request.
    return made.application.catch((error: unknown) => {
      made = undefined;
      throw error;
    });
  };
  return async (app) => {
    app.addHook('onClose', async () => void (await (await made?.application.catch(() => undefined))?.close()));
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _body, done) => done(null));
      const answer = async (request: FastifyRequest, reply: FastifyReply) => {
        const inner = await application();
        reply.hijack();
        // What the outer server called the request, the inner one calls it too.
        for (const name of ['x-request-id', 'x-correlation-id']) {
          request.raw.headers[name] = String(reply.raw.getHeader(name));
        }
        inner.routing(request.raw, reply.raw);
      };
      scope.all('/console', answer);
      scope.all('/console/*', answer);
    });
  };
}

async function make(parts: ConsoleParts, url: string): Promise<FastifyInstance> {
  return consoleApplication(parts, await consoleClient(parts.admin, `${url}/console/callback`));
}
