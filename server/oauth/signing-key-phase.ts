import { limits } from '../core/limits.ts';

export type SigningAlgorithm = 'ES384' | 'RS256';

/** As stored: the private JWK is wrapped for the purpose `signing-key:{kid}`. Times are ISO 8601 UTC. */
export interface StoredKey {
  readonly kid: string;
  /** ES384 where absent. */
  readonly alg?: SigningAlgorithm;
  readonly wrapped: string;
  readonly createdAt: string;
  /** It is published before it signs; `createdAt` where absent. */
  readonly signFrom?: string;
  /** The keys before it verify nothing any more. */
  readonly endsEarlier?: true;
}

/** When a key begins to sign, epoch ms; `next`: a key of now, in the second phase of a rotation. */
export function signFromOf({ signFrom, createdAt }: Pick<StoredKey, 'signFrom' | 'createdAt'>, next = false): number {
  return Date.parse(signFrom ?? createdAt) + (next ? limits.keyCacheSeconds * 1000 : 0);
}

interface Phases<T> {
  /** What verifies; of each algorithm the one that signs comes first. */
  readonly published: readonly T[];
  /** Nothing that it signed can be good any more. */
  readonly retired: readonly T[];
}

/** What each key is good for at `now`; `rows` by number, the oldest first. */
export function keyPhases<T extends { readonly key: StoredKey }>(rows: readonly T[], now: Date): Phases<T> {
  const signing: T[] = [];
  const others: T[] = [];
  const retired: T[] = [];
  for (const alg of ['ES384', 'RS256'] as const) {
    const own = rows.filter(({ key }) => (key.alg ?? 'ES384') === alg);
    const current = own.findLast(({ key }) => signFromOf(key) <= now.getTime()) ?? own[0];
    own.forEach((row, index) => {
      if (row === current) signing.push(row);
      else if (endOf(own, index) <= now.getTime()) retired.push(row);
      else others.push(row);
    });
  }
  return { published: [...signing, ...others], retired };
}

/** A key's last token expires this long after the next key began to sign. */
function endOf(keys: readonly { readonly key: StoredKey }[], index: number): number {
  const later = keys.slice(index + 1);
  const ended = later.find(({ key }) => key.endsEarlier === true);
  if (ended !== undefined) return signFromOf(ended.key);
  const [next] = later;
  const tokenMs = (limits.accessTokenSeconds + 2 * limits.clockSkewSeconds) * 1000;
  return next === undefined ? Number.POSITIVE_INFINITY : signFromOf(next.key) + tokenMs;
}
