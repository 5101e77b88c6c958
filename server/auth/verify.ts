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
  const accepted = (claims: TokenClaims | Refusal, tenant: string): Access | Refusal =>
    'kind' in claims ? claims : accessOf(claims, tenant, () => isGood(parts, claims));
  return (header, base, tenant, request) => {
    const claims = read(header, base, request, (one) =>
      isOfTenant(one, tenant) ? tokenState(parts.registrations, one, parts.clock.now()) : 'wrong-tenant',
    );
    return claims instanceof Promise ? claims.then((late) => accepted(late, tenant)) : accepted(claims, tenant);
  };
}

/** Beside the audience, in case two bases were ever mixed up. */
function isOfTenant(claims: Pick<TokenClaims, 'tenant' | 'adminScopes'>, tenant: string): boolean {
  return claims.tenant === tenant && claims.adminScopes.length === 0;
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

/** Is a token whose claims are good for the base good for its bearer now? Undefined = yes. */
type Standing = (claims: TokenClaims) => undefined | RefusalReason | Promise<RefusalReason | undefined>;

type Read<T> = T | Refusal | Promise<T | Refusal>;

/**
 * The part of the check that every base has, step by step: one header (`sentToken`), the JWT itself (`readToken`), its
 * time and audience (`wrongNow`), what its claims are good for (`standing`, the caller's), and last, since it uses the
 * proof up, possession (`possessed`).
 */
export function tokenReader(
  parts: TokenVerifierParts,
): (
  header: string | readonly string[] | undefined,
  base: string,
  request: ProofRequest,
  standing: Standing,
) => Read<TokenClaims> {
  const verified = verifiedTokens(limits.verifiedTokensMax);
  const keysNow = keyTable(parts);
  const verify = async (token: string, keys: PublicKeys): Promise<TokenClaims | RefusalReason> => {
    const claims = await readToken(token, keys, parts.issuer());
    if (typeof claims !== 'string') verified.put(token, claims);
    return claims;
  };
  const judge = (
    sent: SentToken,
    claims: TokenClaims | RefusalReason,
    { base, request, standing }: { readonly base: string; readonly request: ProofRequest; readonly standing: Standing },
  ): Read<TokenClaims> => {
    if (typeof claims === 'string') return refused(sent, claims);
    const wrong = wrongNow(claims, parts.clock.now().getTime() / 1000, base);
    if (wrong === 'expired') verified.forget(sent.token);
    if (wrong !== undefined) return refused(sent, wrong);
    const stands = standing(claims);
    // A token that is bound to no key waits for nothing: promises are a tenth of a read.
    if (stands instanceof Promise) {
      return stands.then((late) =>
        late === undefined ? possessed(sent, claims, request, parts) : refused(sent, late),
      );
    }
    return stands === undefined ? possessed(sent, claims, request, parts) : refused(sent, stands);
  };
  return (header, base, request, standing) => {
    const sent = sentToken(header);
    if ('kind' in sent) return sent;
    const keys = keysNow();
    const known = verified.get(sent.token);
    const asked = { base, request, standing };
    if (known !== undefined && keys.has(known.kid)) return judge(sent, known, asked);
    return verify(sent.token, keys).then((claims) => judge(sent, claims, asked));
  };
}

/** Does its bearer have the key that the token is bound to (RFC 9449)? One that is bound is worth nothing without. */
function possessed(
  sent: SentToken,
  claims: TokenClaims,
  request: ProofRequest,
  { clock, firstUse }: Pick<TokenVerifierParts, 'clock' | 'firstUse'>,
): Read<TokenClaims> {
  const { jkt } = claims;
  if (jkt === null) return sent.scheme === 'Bearer' ? claims : refused(sent, 'bad-proof');
  if (sent.scheme === 'Bearer') return refused(sent, 'sender-constrained');
  const proved = isProof(request, { token: sent.token, jkt, now: clock.now(), firstUse });
  return proved.then((good) => (good ? claims : refused(sent, 'bad-proof')));
}

function refused({ scheme }: SentToken, reason: RefusalReason): Refusal {
  return { kind: 'invalid', reason, ...(scheme === 'DPoP' ? { scheme } : {}) };
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
