import type { Refusal } from './access.ts';
import { proofAlgorithms } from './dpop.ts';

/**
 * Value of `WWW-Authenticate` (RFC 6750 section 3) for a refused request: no error code where no bearer token was
 * sent, one and the same text for everything that can be wrong with a token. A DPoP token is answered in its own scheme
 * (RFC 9449 section 7.1).
 */
export function challenge(base: string, refusal: Refusal): string {
  if (refusal.scheme === 'DPoP')
    return `DPoP realm="${base}", error="invalid_token", algs="${proofAlgorithms.join(' ')}"`;
  const realm = `Bearer realm="${base}"`;
  return refusal.kind === 'missing' ? realm : `${realm}, error="invalid_token"`;
}

/** The same for a 403: the token is good, its scopes do not cover the request. */
export function scopeChallenge(base: string): string {
  return `Bearer realm="${base}", error="insufficient_scope"`;
}
