import type { ServerResponse } from 'node:http';
import type { InteractionResponse } from '../interaction/context.ts';
import type { Exchange } from './exchange.ts';

/** What a browser must not do with an answer (OWASP REST security): it is data, and stands in nobody's page. */
const safe = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
} as const;

/**
 * Writes the answer to the socket. `private`, `no-cache`: a cache may keep it for this client and must ask again;
 * `Vary` keeps answers to different tokens apart (security-eventing.md 1.7).
 */
export function respond(exchange: Exchange, response: InteractionResponse, to: ServerResponse): void {
  const { status, body } = response;
  const headers: Record<string, string | number> = {
    'content-type': exchange.contentType,
    'x-request-id': exchange.requestId,
    'x-correlation-id': exchange.correlationId,
    'cache-control': 'private, no-cache',
    vary: 'Authorization, Accept, Prefer, Origin',
    ...safe,
    ...response.headers,
  };
  if (body !== null) headers['content-length'] = body.length;
  else delete headers['content-type'];
  to.writeHead(status, headers);
  if (body === null || exchange.method === 'HEAD') to.end();
  else to.end(body);
}
