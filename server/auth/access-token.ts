import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { promisify } from 'node:util';
import type { JSONWebKeySet } from 'jose';
import { limits } from '../core/limits.ts';
import type { RefusalReason } from './access.ts';
import { type AdminScope, parseAdminScopes } from './admin-scope.ts';
import { parseScopes, type Scope, splitScope } from './scope.ts';

/** The claims of an access token (RFC 9068) whose signature and shape are good; times are epoch seconds. */
export interface TokenClaims {
  readonly kid: string;
  readonly audience: string;
  readonly tenant: string;
  readonly clientId: string;
  /** The person who logged in; null where the client speaks for itself. */
  readonly userId: string | null;
  /** The consent that the token rests on, of a person's token. */
  readonly grantId: string | null;
  /** Thumbprint of the key that its bearer must prove to have (RFC 9449). */
  readonly jkt: string | null;
  /** As issued. */
  readonly scope: string;
  readonly jti: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Of a token for a FHIR base; none in one for the management API. */
  readonly scopes: readonly Scope[];
  readonly adminScopes: readonly AdminScope[];
}

export type PublicKeys = ReadonlyMap<string, KeyObject>;

/** The verification keys of a key set by their id: ES384 keys alone. */
export function publicKeys(jwks: JSONWebKeySet): PublicKeys {
  const keys = new Map<string, KeyObject>();
  for (const { kid, kty, crv, x, y } of jwks.keys) {
    if (kid === undefined || kty !== 'EC' || crv !== 'P-384' || x === undefined || y === undefined) continue;
    keys.set(kid, createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }));
  }
  return keys;
}

// The callback form runs on the thread pool: 0.6 ms of the event loop for every forged token would be a way in.
const verifyOffThread = promisify(
  (data: Buffer, key: KeyObject, signature: Buffer, done: (error: Error | null, good: boolean) => void) =>
    verifySignature('sha384', data, { key, dsaEncoding: 'ieee-p1363' }, signature, done),
);

/**
 * Checks what stays true of a token for as long as it lives: JWS compact form (RFC 7515), `typ` `at+jwt`, ES384 by a
 * key of ours, issuer, and claims of the right shape. Time, audience, tenant and client are the caller's to check, on
 * every request.
 */
export async function readToken(token: string, keys: PublicKeys, issuer: string): Promise<TokenClaims | RefusalReason> {
  if (token.length > limits.tokenBytesMax) return 'malformed-token';
  const [head, body, signature, ...more] = token.split('.');
  if (head === undefined || body === undefined || signature === undefined || more.length > 0) return 'malformed-token';
  const header = jsonObject(head);
  const claims = jsonObject(body);
  if (header === undefined || claims === undefined) return 'malformed-token';
  if (typeof header['typ'] !== 'string' || header['typ'].toLowerCase() !== 'at+jwt') return 'wrong-type';
  if (header['alg'] !== 'ES384') return 'wrong-algorithm';
  if (header['crit'] !== undefined) return 'malformed-token';
  const kid = header['kid'];
  const key = typeof kid === 'string' ? keys.get(kid) : undefined;
  if (typeof kid !== 'string' || key === undefined) return 'unknown-key';
  const bytes = strictBase64Url(signature);
  if (bytes === undefined || !(await verifyOffThread(Buffer.from(`${head}.${body}`), key, bytes))) {
    return 'bad-signature';
  }
  if (claims['iss'] !== issuer) return 'wrong-issuer';
  return shaped(kid, claims) ?? 'bad-claims';
}

/** `aud` must be one string: a list would make one token good at several tenants. */
function shaped(kid: string, claims: Readonly<Record<string, unknown>>): TokenClaims | undefined {
  const { aud, tenant, client_id: clientId, sub, jti, iat, exp, scope, grant_id: grant } = claims;
  if (!isText(aud) || !isText(tenant) || !isText(clientId) || !isText(jti) || !isText(scope)) return undefined;
  if (!isText(sub) || !isTime(iat) || !isTime(exp)) return undefined;
  const userId = sub === clientId ? null : sub;
  const may = mayDo(scope, userId === null ? 'system' : 'user');
  const jkt = boundTo(claims['cnf']);
  if (may === undefined || jkt === undefined || (userId !== null && !isText(grant))) return undefined;
  const grantId = userId !== null && isText(grant) ? grant : null;
  return {
    ...{ kid, audience: aud, tenant, clientId, userId, grantId, jkt, jti, issuedAt: iat, expiresAt: exp },
    ...{ scope, ...may },
  };
}

/** A client's own token holds no person's scopes, and the other way round; only a person's may say who they are. */
function mayDo(scope: string, level: Scope['level']): Pick<TokenClaims, 'scopes' | 'adminScopes'> | undefined {
  const { identity, resource } = splitScope(scope);
  if (identity.length > 0 && level === 'system') return undefined;
  if (resource === '') return { scopes: [], adminScopes: [] };
  const scopes = parseScopes(resource);
  const adminScopes = parseAdminScopes(resource);
  if (scopes === undefined && adminScopes === undefined) return undefined;
  if (scopes?.some((one) => one.level !== level) === true) return undefined;
  return { scopes: scopes ?? [], adminScopes: adminScopes ?? [] };
}

/** The only binding that we issue is to a key (`jkt`); a token bound in another way (RFC 8705) is none of ours. */
function boundTo(cnf: unknown): string | null | undefined {
  if (cnf === undefined) return null;
  if (typeof cnf !== 'object' || cnf === null || Object.keys(cnf).length !== 1) return undefined;
  const { jkt } = cnf as { readonly jkt?: unknown };
  return isText(jkt) ? jkt : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = strictBase64Url(text);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Buffer skips what is not base64url; two spellings of one token would be two cache entries. */
function strictBase64Url(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
