import { createPublicKey, generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JSONWebKeySet, type JWK } from 'jose';
import { assert, present } from '../core/assert.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { DocumentStore } from '../store/port.ts';
import { keyPhases, type SigningAlgorithm, type StoredKey, signFromOf } from './signing-key-phase.ts';

const kind = 'signing-key';

/** Key pairs of the authorization server: ES384 for access tokens, RS256 for id tokens (SMART 2.2 asks for it). */
export interface SigningKeys {
  /** With private parts; the first one of each algorithm signs. For the provider alone. */
  readonly pairs: JSONWebKeySet;
  /** What `/oauth/jwks` shows and tokens are verified with. */
  readonly published: JSONWebKeySet;
}

/** The key pairs of now, as this process last saw them. */
export interface SigningKeyRing {
  /** The same object until something changes. */
  current(): SigningKeys;
  /** Sees rotations by other processes, and the moments at which a key begins to sign or is retired. */
  refresh(): Promise<void>;
}

interface Row {
  readonly id: string;
  readonly key: StoredKey;
}

/**
 * Opens the key pairs in the store, made on the first call: whichever process inserts number 1 wins, the others load
 * it. Documents are `1`, `2`, … (ES384) and `1-rs256`, …
 */
export async function signingKeyRing(documents: DocumentStore, keys: KeyRing, clock: Clock): Promise<SigningKeyRing> {
  const at = clock.now().toISOString();
  const missing = async (id: string) => (await documents.get(kind, id)) === undefined;
  const found = await storedKeys(documents);
  const newest = Math.max(1, ...found.map(({ id }) => Number.parseInt(id, 10)));
  for (const [id, alg] of numbered(newest)) {
    if (await missing(id)) await documents.insert(kind, id, JSON.stringify(await newKey(alg, keys, at, at)));
  }
  let built: { readonly state: string; readonly keys: SigningKeys } | undefined;
  const refresh = async () => {
    const rows = await storedKeys(documents);
    const { published, retired } = keyPhases(rows, clock.now());
    for (const { id } of retired) await documents.remove(kind, id);
    const state = published.map(({ key }) => key.kid).join(' ');
    if (state === built?.state) return;
    const pairs = published.map(({ key }) => unwrapKey(key, keys));
    built = { state, keys: { pairs: { keys: pairs }, published: { keys: pairs.map(publicPart) } } };
  };
  await refresh();
  return { current: () => present(built, 'signing keys').keys, refresh };
}

/**
 * Appends the next key pairs. They are published at once and sign after `limits.keyCacheSeconds`, when everyone who
 * remembers the key set has fetched it again; the old ones stay published as long as a token of theirs may live.
 * `atOnce`: after a leak. They sign now, and the old ones verify nothing any more. Throws `conflict` while an earlier
 * rotation is under way.
 */
export async function rotateSigningKeys(
  documents: DocumentStore,
  keys: KeyRing,
  clock: Clock,
  atOnce: boolean,
): Promise<readonly StoredKey[]> {
  const now = clock.now();
  const rows = await storedKeys(documents);
  const busy = new AppError('conflict', 'a rotation is under way: its key does not sign yet');
  if (!atOnce && rows.some(({ key }) => signFromOf(key) > now.getTime())) throw busy;
  const next = Math.max(0, ...rows.map(({ id }) => Number.parseInt(id, 10))) + 1;
  const made: StoredKey[] = [];
  for (const [id, alg] of numbered(next)) {
    const signFrom = atOnce ? now : new Date(signFromOf({ createdAt: now.toISOString() }, true));
    const key = await newKey(alg, keys, now.toISOString(), signFrom.toISOString());
    const whole = atOnce ? { ...key, endsEarlier: true as const } : key;
    if (!(await documents.insert(kind, id, JSON.stringify(whole)))) throw busy;
    made.push(whole);
  }
  return made;
}

/** The key pairs of the store by number, without opening them. */
export async function storedKeys(documents: DocumentStore): Promise<readonly Row[]> {
  const rows = (await documents.list(kind)).map(({ id, document }) => ({ id, key: JSON.parse(document) as StoredKey }));
  return rows.sort((a, b) => Number.parseInt(a.id, 10) - Number.parseInt(b.id, 10));
}

function numbered(number: number): readonly (readonly [id: string, alg: SigningAlgorithm])[] {
  return [
    [String(number), 'ES384'],
    [`${number}-rs256`, 'RS256'],
  ];
}

const generate = promisify(generateKeyPair);

async function newKey(alg: SigningAlgorithm, keys: KeyRing, createdAt: string, signFrom: string): Promise<StoredKey> {
  const { privateKey } =
    alg === 'ES384' ? await generate('ec', { namedCurve: 'P-384' }) : await generate('rsa', { modulusLength: 2048 });
  const jwk = privateKey.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(publicPart({ ...jwk, kty: alg === 'ES384' ? 'EC' : 'RSA' }));
  const wrapped = keys.wrap(`${kind}:${kid}`, Buffer.from(JSON.stringify(jwk)));
  return { kid, alg, wrapped, createdAt, signFrom };
}

function unwrapKey(stored: StoredKey, keys: KeyRing): JWK {
  const jwk = JSON.parse(keys.unwrap(`${kind}:${stored.kid}`, stored.wrapped).toString()) as JsonWebKey;
  assert(jwk.kty === 'EC' || jwk.kty === 'RSA', 'a signing key is EC or RSA');
  return { ...jwk, kty: jwk.kty, kid: stored.kid, alg: stored.alg ?? 'ES384', use: 'sig' };
}

function publicPart(pair: JWK): JWK {
  const { kty = '', ...rest } = createPublicKey({ key: pair, format: 'jwk' }).export({ format: 'jwk' });
  const { kid, alg, use } = pair;
  const point = { kty, ...rest };
  return kid === undefined || alg === undefined || use === undefined ? point : { ...point, kid, alg, use };
}
