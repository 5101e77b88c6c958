import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { sha256 } from '../core/hash.ts';
import { limits } from '../core/limits.ts';

/** Signature algorithms of DPoP proofs that we take, at the token endpoint and here. */
export const proofAlgorithms = ['ES256', 'ES384'] as const;

/** The request that a proof must be for. */
export interface ProofRequest {
  readonly method: string;
  /** Absolute, as we call ourselves; without a query. */
  readonly url: string;
  /** Value of the `DPoP` header. */
  readonly proof: string | undefined;
}

interface Bound {
  readonly token: string;
  /** RFC 7638 thumbprint that the token's `cnf.jkt` names. */
  readonly jkt: string;
  readonly now: Date;
  /** True for the first caller with this id, until the time; false for every later one. */
  firstUse(id: string, until: Date): Promise<boolean>;
}

/**
 * Does the proof show possession of the key that the token is bound to (RFC 9449 section 4.3)? It must be for this
 * method and URL, for this token, made just now, and never seen before.
 */
export async function isProof(request: ProofRequest, { token, jkt, now, firstUse }: Bound): Promise<boolean> {
  if (request.proof === undefined || request.proof.length > limits.tokenBytesMax) return false;
  try {
    const algorithms = [...proofAlgorithms];
    const options = { algorithms, typ: 'dpop+jwt', currentDate: now, clockTolerance: limits.clockSkewSeconds };
    const { payload, protectedHeader } = await jwtVerify(request.proof, EmbeddedJWK, options);
    const { htm, htu, iat, jti, ath } = payload;
    if (protectedHeader.jwk === undefined || (await calculateJwkThumbprint(protectedHeader.jwk)) !== jkt) return false;
    if (htm !== request.method || typeof htu !== 'string' || withoutQuery(htu) !== withoutQuery(request.url))
      return false;
    if (typeof iat !== 'number' || Math.abs(now.getTime() / 1000 - iat) > limits.proofAgeSecondsMax) return false;
    if (ath !== Buffer.from(sha256(token), 'hex').toString('base64url')) return false;
    if (typeof jti !== 'string' || jti === '') return false;
    return await firstUse(sha256(`${jkt} ${jti}`), new Date((iat + 2 * limits.proofAgeSecondsMax) * 1000));
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_J')) return false;
    throw error;
  }
}

function withoutQuery(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.search = '';
  url.hash = '';
  return url.href;
}
