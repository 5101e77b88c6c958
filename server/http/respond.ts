import type { ServerResponse } from 'node:http';
import type { InteractionResponse } from '../interaction/context.ts';
import type { Exchange } from './exchange.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * Writes the answer to the socket. `private`, `no-cache`: a cache may keep it for this client and must ask again;
 * `Vary` keeps answers to different tokens apart (security-eventing.md 1.7).
 */
export function respond(
  exchange: Exchange,
  { safe, cors }: { readonly safe: Headers; readonly cors: Headers },
  response: InteractionResponse,
  to: ServerResponse,
): void {
  const { status, body } = response;
  const headers: Record<string, string | number> = {
    'content-type': exchange.contentType,
    'x-request-id': exchange.requestId,
    'x-correlation-id': exchange.correlationId,
    'cache-control': 'private, no-cache',
    vary: 'Authorization, Accept, Prefer, Origin',
    ...safe,
    ...cors,
    ...exchange.rate,
    ...response.headers,
  };
  const goesOn = response.stream !== undefined && exchange.method !== 'HEAD';
  if (body === null) delete headers['content-type'];
  else if (!goesOn) headers['content-length'] = body.length;
  to.writeHead(status, headers);
  if (body === null || exchange.method === 'HEAD') to.end();
  else if (goesOn) to.write(body);
  else to.end(body);
}
