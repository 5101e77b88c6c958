import type { KoaContextWithOIDC } from 'oidc-provider';
import type { TokenClaims } from '../auth/access-token.ts';
import { everyTenant, issuerUrl } from '../auth/base.ts';
import type { Client } from '../auth/client.ts';
import type { ProofRequest } from '../auth/dpop.ts';
import { readForm, replaceBody } from './request-form.ts';

/** What introspection, revocation and userinfo know of our own access tokens. */
export interface TokenDesk {
  /** Undefined where the token is not ours, has expired, was revoked, or its client, tenant or person is gone. */
  inspect(token: string): Promise<TokenClaims | undefined>;
  /** Durable when it resolves; `key`: a `jti`. */
  revoke(key: string): Promise<void>;
  readonly publicUrl: string;
  /** Does the request prove to have the key `jkt` that the token is bound to? */
  isProof(request: ProofRequest, token: string, jkt: string): Promise<boolean>;
  /** The claim `fhirUser` of a person. */
  fhirUser(userId: string, tenant: string, clientId: string): Promise<string | undefined>;
}

type Answer = (caller: Client) => Promise<void>;

/**
 * The library refuses JWT access tokens at `/introspect` (RFC 7662) and `/revoke` (RFC 7009): it does not store them.
 * Here such a token is taken out of the request before the library sees it, which then authenticates the caller and
 * finds nothing; what it leaves open is answered by the returned function. Undefined: nothing to be done.
 */
export async function takeToken(context: KoaContextWithOIDC, desk: TokenDesk): Promise<Answer | undefined> {
  const introspects = context.path === '/introspect';
  if (context.method !== 'POST' || !(introspects || context.path === '/revoke')) return undefined;
  const form = await readForm(context.req);
  if (form === undefined) return undefined;
  const tokens = form.getAll('token');
  const [token = ''] = tokens;
  const isJwt = tokens.length === 1 && token.split('.').length === 3;
  if (isJwt) form.set('token', 'taken');
  replaceBody(context.req, form);
  if (!isJwt) return undefined;
  return async (caller) => {
    const claims = await desk.inspect(token);
    if (introspects) {
      context.body = await introspection(desk, claims, caller.authentication === 'none' ? undefined : caller.tenant);
    } else if (claims?.clientId === caller.id) {
      await desk.revoke(claims.jti);
    }
  };
}

/**
 * What a caller learns of a token (RFC 7662, SMART 2.2 section "Token introspection"). A token of another tenant, or of
 * nobody, is `{"active":false}` and nothing else. `tenant`: the caller's own; null = the platform.
 */
export async function introspection(
  desk: TokenDesk,
  claims: TokenClaims | undefined,
  tenant: string | null | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  if (claims === undefined || tenant === undefined) return { active: false };
  if ((claims.tenant === everyTenant ? null : claims.tenant) !== tenant) return { active: false };
  const { clientId, userId, scope, expiresAt, issuedAt, audience, jti, jkt } = claims;
  const person = userId === null || tenant === null ? undefined : await desk.fhirUser(userId, tenant, clientId);
  return {
    ...{ active: true, scope, client_id: clientId, exp: expiresAt, iat: issuedAt, aud: audience, jti },
    ...{ iss: issuerUrl(desk.publicUrl), sub: userId ?? clientId, tenant: claims.tenant },
    token_type: jkt === null ? 'Bearer' : 'DPoP',
    ...(jkt === null ? {} : { cnf: { jkt } }),
    ...(person !== undefined && scope.split(' ').includes('fhirUser') ? { fhirUser: person } : {}),
  };
}
