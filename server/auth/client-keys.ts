import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { JSONWebKeySet, JWK } from 'jose';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';

/** Signature algorithms of client assertions: SMART 2.2 asks for RS384 and ES384, RS512 is in use in the NHS. */
export const assertionAlgorithms = ['ES384', 'RS384', 'RS512'] as const;

const rsaBitsMin = 2048;
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

/**
 * A client's key set (RFC 7517) as it will be stored: public EC P-384 and RSA keys of at least 2048 bits for
 * signatures, each with a `kid` of its own (SMART 2.2, client-confidential-asymmetric). Unknown members are dropped.
 * Throws `invalid`, saying which key.
 */
export function clientKeySet(document: unknown): JSONWebKeySet {
  const keys = isObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > limits.clientKeysMax) {
    throw new AppError('invalid', `a key set holds between 1 and ${limits.clientKeysMax} keys in "keys"`);
  }
  const checked = keys.map(clientKey);
  if (new Set(checked.map((key) => key.kid)).size !== checked.length) {
    throw new AppError('invalid', 'two keys of the key set have the same kid');
  }
  return { keys: checked };
}

function clientKey(key: unknown, index: number): JWK {
  const refuse = (why: string): never => {
    throw new AppError('invalid', `key ${index} of the key set ${why}`);
  };
  if (!isObject(key)) return refuse('is not an object');
  if (privateMembers.some((member) => key[member] !== undefined)) {
    return refuse('holds private parts: register the public key alone, and treat this one as lost');
  }
  const { kid, kty, alg, use } = key;
  if (typeof kid !== 'string' || kid === '') return refuse('has no kid');
  if (use !== undefined && use !== 'sig') return refuse('is not for signatures');
  const allowed = assertionAlgorithms.filter((name) => name.startsWith(kty === 'EC' ? 'ES' : 'RS'));
  if (alg !== undefined && !allowed.some((name) => name === alg)) return refuse(`must be for ${allowed.join(' or ')}`);
  const algorithm = alg === undefined ? {} : { alg: String(alg) };
  if (kty === 'EC') {
    const { crv, x, y } = key;
    if (crv !== 'P-384' || typeof x !== 'string' || typeof y !== 'string') return refuse('is not on the curve P-384');
    const jwk = { kty, crv, x, y };
    if (rsaBits(jwk) === undefined) return refuse('is not a valid public key');
    return { ...jwk, kid, ...algorithm };
  }
  const { n, e } = key;
  if (kty !== 'RSA' || typeof n !== 'string' || typeof e !== 'string') return refuse('is neither EC P-384 nor RSA');
  const bits = rsaBits({ kty, n, e });
  if (bits === undefined) return refuse('is not a valid public key');
  return bits < rsaBitsMin ? refuse(`has fewer than ${rsaBitsMin} bits`) : { kty, n, e, kid, ...algorithm };
}

/** Bits of the modulus, 0 for an elliptic-curve key; undefined where the numbers make no key. */
function rsaBits(jwk: JsonWebKey): number | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyDetails?.modulusLength ?? 0;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
