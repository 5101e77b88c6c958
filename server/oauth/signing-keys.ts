import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { calculateJwkThumbprint, type JSONWebKeySet, type JWK } from 'jose';
import { assert, present } from '../core/assert.ts';
import type { Clock } from '../core/clock.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { DocumentStore } from '../store/port.ts';

const kind = 'signing-key';

/** ES384 key pairs of the authorization server. */
export interface SigningKeys {
  /** With private parts; the first one signs. For the provider alone. */
  readonly pairs: JSONWebKeySet;
  /** What `/oauth/jwks` shows and access tokens are verified with. */
  readonly published: JSONWebKeySet;
}

/** As stored: the private JWK is wrapped for the purpose `signing-key:{kid}`. */
interface StoredKey {
  readonly kid: string;
  readonly wrapped: string;
  readonly createdAt: string;
}

/**
 * The key pairs in the store, made on the first call: whichever process inserts number 1 wins, the others load it.
 * Documents are numbered 1, 2, …; rotation appends a number first (so that everyone publishes it) and removes the
 * oldest later.
 */
export async function signingKeys(documents: DocumentStore, keys: KeyRing, clock: Clock): Promise<SigningKeys> {
  if ((await documents.list(kind)).length === 0) {
    await documents.insert(kind, '1', JSON.stringify(await newKey(keys, clock)));
  }
  const rows = [...(await documents.list(kind))].sort((a, b) => Number(a.id) - Number(b.id));
  assert(rows.length > 0, 'the store holds a signing key');
  const pairs = rows.map((row) => unwrapKey(JSON.parse(row.document) as StoredKey, keys));
  return { pairs: { keys: pairs }, published: { keys: pairs.map(publicPart) } };
}

async function newKey(keys: KeyRing, clock: Clock): Promise<StoredKey> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const jwk = privateKey.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(publicPart({ ...jwk, kty: 'EC' }));
  const wrapped = keys.wrap(`${kind}:${kid}`, Buffer.from(JSON.stringify(jwk)));
  return { kid, wrapped, createdAt: clock.now().toISOString() };
}

function unwrapKey(stored: StoredKey, keys: KeyRing): JWK {
  const jwk = JSON.parse(keys.unwrap(`${kind}:${stored.kid}`, stored.wrapped).toString()) as JsonWebKey;
  return { ...jwk, kty: 'EC', kid: stored.kid, alg: 'ES384', use: 'sig' };
}

function publicPart(pair: JWK): JWK {
  const { x, y, crv } = createPublicKey({ key: pair, format: 'jwk' }).export({ format: 'jwk' });
  const point = { kty: 'EC', crv: present(crv, 'curve'), x: present(x, 'x'), y: present(y, 'y') };
  const { kid, alg, use } = pair;
  return kid === undefined || alg === undefined || use === undefined ? point : { ...point, kid, alg, use };
}
