import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { issuerUrl } from '../auth/base.ts';
import { isAuthorization, withConsentPrompt } from './authorization-request.ts';
import { type InteractionParts, interact } from './interactions.ts';
import type { RequestOrigin } from './origin.ts';
import { behindOurOwnName, pathBelow } from './own-name.ts';
import { isRegistration, type RegistrationParts, register } from './registration.ts';
import { readForm } from './request-form.ts';
import { introspection, type TokenDesk } from './token-inspection.ts';

/** The authorization server for one public URL and one set of signing keys. */
export interface Built {
  readonly publicUrl: string;
  readonly provider: Provider;
  readonly callback: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly desk: TokenDesk;
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
  const { provider, publicUrl, desk } = built;
  const issuer = new URL(issuerUrl(publicUrl));
  const path = pathBelow(request);
  const [bare = ''] = path.split('?');
  if (isRegistration(bare)) return register(built.registration(origin), bare, request, response);
  if (bare === '/userinfo') return userinfo(desk, request, response);
  if (bare === '/introspect' && bearerOf(request) !== undefined) return introspectByToken(desk, request, response);
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

/** OpenID Connect Core section 5.3, by our access tokens: their audience is a FHIR base, `openid` in their scope. */
async function userinfo(desk: TokenDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const claims = await desk.inspect(bearerOf(request) ?? '');
  // A token that is bound to a key would need a proof, and userinfo says nothing that the id token does not.
  if (claims?.userId == null || claims.jkt !== null || !claims.scope.split(' ').includes('openid')) {
    response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
    return send(response, 401, { error: 'invalid_token' });
  }
  const { userId, tenant, clientId, scope } = claims;
  const person = scope.split(' ').includes('fhirUser') ? await desk.fhirUser(userId, tenant, clientId) : undefined;
  return send(response, 200, { sub: userId, ...(person === undefined ? {} : { fhirUser: person }) });
}

/** SMART 2.2, "Token introspection": who has an access token may ask with it. */
async function introspectByToken(desk: TokenDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const caller = await desk.inspect(bearerOf(request) ?? '');
  if (request.method !== 'POST' || caller === undefined || caller.jkt !== null || caller.userId !== null) {
    response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
    return send(response, 401, { error: 'invalid_token' });
  }
  const form = await readForm(request);
  const claims = await desk.inspect(form?.get('token') ?? '');
  return send(response, 200, await introspection(desk, claims, caller.tenant));
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1];
}

function send(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' });
  response.end(JSON.stringify(body));
}
