import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { sha256 } from '../core/hash.ts';
import type { KeyRing } from './key-ring.ts';

/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key in PKCS #8. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The Ed25519 key that audit checkpoints are signed with (decision 0010). */
export interface CheckpointKey {
  /** First 16 hex digits of the SHA-256 of the public key. */
  readonly id: string;
  /** SPKI, PEM: for whoever checks an anchor file without this software. */
  readonly publicPem: string;
  /** base64url. */
  sign(text: string): string;
  verify(text: string, signature: string): boolean;
}

/** Derived from the master key and stored nowhere: who can write the databases cannot sign for them. */
export function checkpointKey(keys: KeyRing): CheckpointKey {
  const seed = keys.derive('audit-checkpoint');
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return {
    id: sha256(publicPem).slice(0, 16),
    publicPem,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
    verify: (text, signature) => verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url')),
  };
}
