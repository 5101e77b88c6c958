import type { JSONWebKeySet } from 'jose';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { grantTenant } from '../tenancy/grant.ts';
import type { Access, Refusal, RefusalReason } from './access.ts';
import { type PublicKeys, publicKeys, readToken, type TokenClaims } from './access-token.ts';
import { isProof, type ProofRequest } from './dpop.ts';
import type { Registrations } from './registrations.ts';
import { tokenState } from './token-state.ts';
import { verifiedTokens } from './verified-tokens.ts';

export interface TokenVerifierParts {
  /** Issuer of the tokens, exact; a function because the port may be known only after listening. */
  issuer(): string;
  /** Public keys of the authorization server. May rotate: another object is read again. */
  keys(): JSONWebKeySet;
  readonly clock: Clock;
  readonly registrations: Registrations;
  /** Notes a DPoP proof: true for the first caller with this id, until the time; false for every later one. */
  firstUse(id: string, until: Date): Promise<boolean>;
}

/**
 * `header`: all values of the request's Authorization header (`request.headersDistinct.authorization`; Node's plain
 * `headers` hides a second one). `base`: the FHIR base of the path. `tenant`: the tenant of the path. `request`: for
 * tokens that are bound to a key.
 */
export type VerifyToken = (
  header: string | readonly string[] | undefined,
  base: string,
  tenant: string,
  request: ProofRequest,
) => Access | Refusal | Promise<Access | Refusal>;

/**
 * The resource server's check of an access token (RFC 9068, RFC 6750, SMART 2.2 "Access token"). Signatures are
 * remembered for `limits.verifiedTokensMax` tokens; lifetime, audience, tenant and the state of tenant and client are
 * checked on every request, so that a disabled client is out as soon as `registrations` knows.
 */
export function tokenVerifier(parts: TokenVerifierParts): VerifyToken {
  const read = tokenReader(parts);
  const judge = (claims: TokenClaims | Refusal, tenant: string): Access | Refusal | Promise<Access | Refusal> => {
    if ('kind' in claims) return claims;
    if (claims.tenant !== tenant || claims.adminScopes.length > 0) return invalid('wrong-tenant');
    const wrong = tokenState(parts.registrations, claims, parts.clock.now());
    const access = accessOf(claims, tenant, () => isGood(parts, claims));
    return wrong === undefined ? access : wrong.then((reason) => (reason === undefined ? access : invalid(reason)));
  };
  return (header, base, tenant, request) => {
    const claims = read(header, base, request);
    return claims instanceof Promise ? claims.then((read) => judge(read, tenant)) : judge(claims, tenant);
  };
}

async function isGood({ registrations, clock }: TokenVerifierParts, claims: TokenClaims): Promise<boolean> {
  const now = clock.now();
  if (now.getTime() / 1000 >= claims.expiresAt) return false;
  return (await tokenState(registrations, claims, now)) === undefined;
}

function accessOf(claims: TokenClaims, tenant: string, good: () => Promise<boolean>): Access {
  const { clientId, userId, jti, expiresAt, scopes } = claims;
  return { grant: grantTenant(tenant, 'token'), clientId, userId, jti, expiresAt, scopes, isGood: good };
}

/** The part of the check that every base has: signature, shape, lifetime, audience (`base`) and possession. */
export function tokenReader(
  parts: TokenVerifierParts,
): (
  header: string | readonly string[] | undefined,
  base: string,
  request: ProofRequest,
) => TokenClaims | Refusal | Promise<TokenClaims | Refusal> {
  const verified = verifiedTokens(limits.verifiedTokensMax);
  const keysNow = keyTable(parts);
  const verify = async (token: string, keys: PublicKeys): Promise<TokenClaims | RefusalReason> => {
    const claims = await readToken(token, keys, parts.issuer());
    if (typeof claims !== 'string') verified.put(token, claims);
    return claims;
  };
  const judge = (
    { token, scheme }: SentToken,
    claims: TokenClaims | RefusalReason,
    base: string,
    request: ProofRequest,
  ): TokenClaims | Refusal | Promise<TokenClaims | Refusal> => {
    const refuse = (reason: RefusalReason): Refusal => ({
      ...invalid(reason),
      ...(scheme === 'DPoP' ? { scheme } : {}),
    });
    if (typeof claims === 'string') return refuse(claims);
    const now = parts.clock.now();
    const wrong = wrongNow(claims, now.getTime() / 1000, base);
    if (wrong === 'expired') verified.forget(token);
    if (wrong !== undefined) return refuse(wrong);
    const { jkt } = claims;
    if (jkt === null) return scheme === 'Bearer' ? claims : refuse('bad-proof');
    if (scheme === 'Bearer') return refuse('sender-constrained');
    const proved = isProof(request, { token, jkt, now, firstUse: parts.firstUse });
    return proved.then((good) => (good ? claims : refuse('bad-proof')));
  };
  return (header, base, request) => {
    const sent = sentToken(header);
    if ('kind' in sent) return sent;
    const keys = keysNow();
    const known = verified.get(sent.token);
    if (known !== undefined && keys.has(known.kid)) return judge(sent, known, base, request);
    return verify(sent.token, keys).then((claims) => judge(sent, claims, base, request));
  };
}

/**
 * Looks at a token without a request for it (introspection, revocation): undefined where it is not ours, has expired,
 * or is good for nothing any more.
 */
export function tokenInspector(
  parts: Omit<TokenVerifierParts, 'firstUse'>,
): (token: string) => Promise<TokenClaims | undefined> {
  const keysNow = keyTable(parts);
  return async (token) => {
    const claims = await readToken(token, keysNow(), parts.issuer());
    if (typeof claims === 'string') return undefined;
    const now = parts.clock.now();
    if (now.getTime() / 1000 >= claims.expiresAt) return undefined;
    return (await tokenState(parts.registrations, claims, now)) === undefined ? claims : undefined;
  };
}

interface SentToken {
  readonly scheme: 'Bearer' | 'DPoP';
  readonly token: string;
}

/** The token of `Authorization: Bearer …` (RFC 6750 section 2.1) or `DPoP …`, the only ways to send one. */
function sentToken(header: string | readonly string[] | undefined): SentToken | Refusal {
  const values = typeof header === 'string' ? [header] : (header ?? []);
  const value = values[0];
  if (value === undefined) return { kind: 'missing', reason: 'no-token' };
  if (values.length > 1) return invalid('repeated-header');
  const space = value.indexOf(' ');
  const scheme = schemes[(space < 0 ? value : value.slice(0, space)).toLowerCase()];
  if (scheme === undefined) return { kind: 'missing', reason: 'other-scheme' };
  const token = space < 0 ? undefined : value.slice(space + 1);
  return token === undefined || token.includes(' ') ? invalid('malformed-token') : { scheme, token };
}

function wrongNow(claims: TokenClaims, now: number, base: string): RefusalReason | undefined {
  if (now >= claims.expiresAt + limits.clockSkewSeconds) return 'expired';
  if (claims.issuedAt > now + limits.clockSkewSeconds) return 'issued-in-the-future';
  if (claims.audience !== base) return 'wrong-audience';
  return undefined;
}

const schemes: Readonly<Record<string, SentToken['scheme']>> = { bearer: 'Bearer', dpop: 'DPoP' };

function keyTable(parts: Pick<TokenVerifierParts, 'keys'>): () => PublicKeys {
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
