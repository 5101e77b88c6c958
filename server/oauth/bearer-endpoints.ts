import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenClaims } from '../auth/access-token.ts';
import { issuerUrl } from '../auth/base.ts';
import { proofAlgorithms } from '../auth/dpop.ts';
import { readForm } from './request-form.ts';
import { introspection, type TokenDesk } from './token-inspection.ts';

/** Whoever asked with an access token, for the audit. `token`: the one that they asked with, where it is good. */
export interface BearerEvent {
  readonly interaction: 'userinfo' | 'introspection';
  readonly token: TokenClaims | undefined;
  readonly status: 200 | 401;
}

export interface BearerParts {
  readonly desk: TokenDesk;
  /** Durable when it resolves. */
  audit(event: BearerEvent): Promise<void>;
}

/** OpenID Connect Core section 5.3, by our access tokens: their audience is a FHIR base, `openid` in their scope. */
export async function userinfo(
  { desk, audit }: BearerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const claims = await asked(desk, '/userinfo', request);
  if (claims?.userId == null || !claims.scope.split(' ').includes('openid')) {
    await audit({ interaction: 'userinfo', token: claims, status: 401 });
    return refuse(request, response);
  }
  const { userId, tenant, clientId, scope } = claims;
  const person = scope.split(' ').includes('fhirUser') ? await desk.fhirUser(userId, tenant, clientId) : undefined;
  await audit({ interaction: 'userinfo', token: claims, status: 200 });
  return send(response, 200, { sub: userId, ...(person === undefined ? {} : { fhirUser: person }) });
}

/** SMART 2.2, "Token introspection": who has an access token may ask with it. */
export async function introspectByToken(
  { desk, audit }: BearerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const caller = await asked(desk, '/introspect', request);
  if (request.method !== 'POST' || caller === undefined || caller.userId !== null) {
    await audit({ interaction: 'introspection', token: caller, status: 401 });
    return refuse(request, response);
  }
  const form = await readForm(request);
  const claims = await desk.inspect(form?.get('token') ?? '');
  const body = await introspection(desk, claims, caller.tenant);
  await audit({ interaction: 'introspection', token: caller, status: 200 });
  return send(response, 200, body);
}

/** Does the request bring an access token, good or not? */
export function bringsToken({ headers }: IncomingMessage): boolean {
  return sent.test(headers.authorization ?? '');
}

const sent = /^(Bearer|DPoP) ([\x21-\x7e]+)$/i;

/** The token that a request asks with, where it is good and, bound to a key, proven (RFC 9449 section 7). */
async function asked(desk: TokenDesk, path: string, request: IncomingMessage): Promise<TokenClaims | undefined> {
  const { headers, method = 'GET' } = request;
  const [, scheme = '', token = ''] = sent.exec(headers.authorization ?? '') ?? [];
  const claims = token === '' ? undefined : await desk.inspect(token);
  if (claims === undefined) return undefined;
  const bound = scheme.toLowerCase() === 'dpop';
  if ((claims.jkt !== null) !== bound) return undefined;
  if (claims.jkt === null) return claims;
  const proof = request.headersDistinct['dpop']?.join();
  const proven = { method, url: issuerUrl(desk.publicUrl) + path, proof };
  return (await desk.isProof(proven, token, claims.jkt)) ? claims : undefined;
}

function refuse({ headers }: IncomingMessage, response: ServerResponse): void {
  const scheme = /^DPoP /i.test(headers.authorization ?? '') ? `DPoP algs="${proofAlgorithms.join(' ')}", ` : 'Bearer ';
  response.setHeader('www-authenticate', `${scheme}error="invalid_token"`);
  send(response, 401, { error: 'invalid_token' });
}

function send(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' });
  response.end(JSON.stringify(body));
}
