import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { issuerUrl } from '../auth/base.ts';
import { isAuthorization, withConsentPrompt } from './authorization-request.ts';
import { type BearerParts, bringsToken, introspectByToken, userinfo } from './bearer-endpoints.ts';
import { type InteractionParts, interact } from './interactions.ts';
import type { RequestOrigin } from './origin.ts';
import { behindOurOwnName, pathBelow } from './own-name.ts';
import { isRegistration, type RegistrationParts, register } from './registration.ts';
import { readForm } from './request-form.ts';

/** The authorization server for one public URL and one set of signing keys. */
export interface Built {
  readonly publicUrl: string;
  readonly provider: Provider;
  readonly callback: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  bearer(origin: RequestOrigin): BearerParts;
  interactions(origin: RequestOrigin): InteractionParts;
  registration(origin: RequestOrigin): RegistrationParts;
}

/** Hands a request below `/oauth` to what answers it: our own pages and endpoints, else the library. */
export async function dispatch(
  built: Built,
  request: IncomingMessage,
  response: ServerResponse,
  origin: RequestOrigin,
): Promise<void> {
  const { provider, publicUrl } = built;
  const issuer = new URL(issuerUrl(publicUrl));
  const path = pathBelow(request);
  const [bare = ''] = path.split('?');
  if (isRegistration(bare)) return register(built.registration(origin), bare, request, response);
  if (bare === '/userinfo') return userinfo(built.bearer(origin), request, response);
  if (bare === '/introspect' && bringsToken(request)) return introspectByToken(built.bearer(origin), request, response);
  if (isAuthorization(path) && request.method === 'POST') return asGet(publicUrl, request, response);
  behindOurOwnName(request, issuer, isAuthorization(path) ? withConsentPrompt(path) : path);
  if (bare.startsWith('/interaction/')) {
    return interact(provider, built.interactions(origin), request, response);
  }
  return built.callback(request, response);
}

/**
 * An authorization request by POST (SMART 2.2, "authorize-post") goes on as the same one by GET: cookies that are not
 * for other sites' forms come along then.
 */
async function asGet(publicUrl: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = await readForm(request);
  if (form === undefined) return send(response, 400, { error: 'invalid_request', error_description: 'no form' });
  response.writeHead(303, { location: `${issuerUrl(publicUrl)}/auth?${form}`, 'cache-control': 'no-store' }).end();
}

function send(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' });
  response.end(JSON.stringify(body));
}
