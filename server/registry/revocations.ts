import { limits } from '../core/limits.ts';
import type { OAuthStore } from '../store/port.ts';

const model = 'RevokedToken';

/**
 * Tokens and grants that were revoked before their time (a JWT access token is not stored, so that it is the revocation
 * that is). Kept in memory, because every request asks; a row lives as long as a token issued at the time of its
 * writing, then it is swept.
 */
export interface Revocations {
  /** `key`: a `jti`, or `grantKey` of a grant. Durable when it resolves, and known here at once. */
  revoke(key: string, now: Date): Promise<void>;
  has(key: string): boolean;
  refresh(): Promise<void>;
}

export function revocations(store: OAuthStore): Revocations {
  let known: ReadonlySet<string> = new Set();
  /** Revoked by this process: a reading that began earlier may not hold them. With the end of their rows. */
  const own = new Map<string, Date>();
  return {
    async revoke(key, now) {
      const seconds = limits.accessTokenSeconds + 2 * limits.clockSkewSeconds;
      const until = new Date(now.getTime() + seconds * 1000);
      const none = { grantId: null, uid: null, consumedAt: null };
      await store.put({ model, id: key, payload: '{}', expiresAt: until.toISOString(), ...none }, false);
      for (const [old, end] of own) if (end <= now) own.delete(old);
      own.set(key, until);
    },
    has: (key) => known.has(key) || own.has(key),
    async refresh() {
      known = new Set(await store.ids(model));
    },
  };
}
