import type { JSONWebKeySet } from 'jose';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { grantTenant } from '../tenancy/grant.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { Access, Refusal, RefusalReason } from './access.ts';
import { type PublicKeys, publicKeys, readToken, type TokenClaims } from './access-token.ts';
import type { Client } from './client.ts';
import { verifiedTokens } from './verified-tokens.ts';

/** The registry as this process last saw it (the registry's snapshot is one). */
interface Registrations {
  tenant(id: string): Pick<Tenant, 'status'> | undefined;
  client(id: string): Pick<Client, 'status' | 'tenant' | 'admin'> | undefined;
  /** Catches up with what other processes wrote; cheap where nothing changed. */
  refresh(): Promise<void>;
}

export interface TokenVerifierParts {
  /** Issuer of the tokens, exact; a function because the port may be known only after listening. */
  issuer(): string;
  /** Public keys of the authorization server. May rotate: another object is read again. */
  keys(): JSONWebKeySet;
  readonly clock: Clock;
  readonly registrations: Registrations;
}

/**
 * `header`: all values of the request's Authorization header (`request.headersDistinct.authorization`; Node's plain
 * `headers` hides a second one). `base`: the FHIR base of the path. `tenant`: the tenant of the path.
 */
export type VerifyToken = (
  header: string | readonly string[] | undefined,
  base: string,
  tenant: string,
) => Promise<Access | Refusal>;

/**
 * The resource server's check of an access token (RFC 9068, RFC 6750, SMART 2.2 "Access token"). Signatures are
 * remembered for `limits.verifiedTokensMax` tokens; lifetime, audience, tenant and the state of tenant and client are
 * checked on every request, so that a disabled client is out as soon as `registrations` knows.
 */
export function tokenVerifier(parts: TokenVerifierParts): VerifyToken {
  const read = tokenReader(parts);
  return async (header, base, tenant) => {
    const claims = await read(header, base);
    if ('kind' in claims) return claims;
    const wrong = claims.tenant === tenant ? await inactiveParty(parts.registrations, claims) : 'wrong-tenant';
    if (wrong !== undefined) return invalid(wrong);
    const { clientId, jti, expiresAt, scopes } = claims;
    return { grant: grantTenant(tenant, 'token'), clientId, jti, expiresAt, scopes };
  };
}

/** The part of the check that every base has: signature, shape, lifetime and audience (`base`). */
export function tokenReader(
  parts: TokenVerifierParts,
): (header: string | readonly string[] | undefined, base: string) => Promise<TokenClaims | Refusal> {
  const verified = verifiedTokens(limits.verifiedTokensMax);
  const keysNow = keyTable(parts);
  const claimsOf = async (token: string): Promise<TokenClaims | RefusalReason> => {
    const keys = keysNow();
    const known = verified.get(token);
    if (known !== undefined && keys.has(known.kid)) return known;
    const claims = await readToken(token, keys, parts.issuer());
    if (typeof claims !== 'string') verified.put(token, claims);
    return claims;
  };
  return async (header, base) => {
    const token = bearerToken(header);
    if (typeof token !== 'string') return token;
    const claims = await claimsOf(token);
    if (typeof claims === 'string') return invalid(claims);
    const wrong = wrongNow(claims, parts.clock.now().getTime() / 1000, base);
    if (wrong === 'expired') verified.forget(token);
    return wrong === undefined ? claims : invalid(wrong);
  };
}

/** The token of `Authorization: Bearer …` (RFC 6750 section 2.1), the only way to send one. */
function bearerToken(header: string | readonly string[] | undefined): string | Refusal {
  const values = typeof header === 'string' ? [header] : (header ?? []);
  const [value, ...more] = values;
  if (value === undefined) return { kind: 'missing', reason: 'no-token' };
  if (more.length > 0) return invalid('repeated-header');
  const [scheme, token, ...rest] = value.split(' ');
  if (scheme?.toLowerCase() !== 'bearer') return { kind: 'missing', reason: 'other-scheme' };
  return token === undefined || rest.length > 0 ? invalid('malformed-token') : token;
}

function wrongNow(claims: TokenClaims, now: number, base: string): RefusalReason | undefined {
  if (now >= claims.expiresAt + limits.clockSkewSeconds) return 'expired';
  if (claims.issuedAt > now + limits.clockSkewSeconds) return 'issued-in-the-future';
  if (claims.audience !== base) return 'wrong-audience';
  return undefined;
}

/** A client that was added a moment ago may not be known here yet: only then is the registry asked again. */
async function inactiveParty(known: Registrations, claims: TokenClaims): Promise<RefusalReason | undefined> {
  const check = (): RefusalReason | undefined => {
    if (known.tenant(claims.tenant)?.status !== 'active') return 'tenant-not-active';
    const client = known.client(claims.clientId);
    const good = client?.status === 'active' && client.admin !== true && client.tenant === claims.tenant;
    return good ? undefined : 'client-not-active';
  };
  const first = check();
  if (first === undefined) return undefined;
  await known.refresh();
  return check();
}

function keyTable(parts: TokenVerifierParts): () => PublicKeys {
  let seen: JSONWebKeySet | undefined;
  let table: PublicKeys = new Map();
  return () => {
    const jwks = parts.keys();
    if (jwks !== seen) {
      table = publicKeys(jwks);
      seen = jwks;
    }
    return table;
  };
}

function invalid(reason: RefusalReason): Refusal {
  return { kind: 'invalid', reason };
}
