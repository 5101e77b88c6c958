import { decodeJwt } from 'jose';
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import { sha256 } from '../core/hash.ts';
import { StoreError } from '../store/error.ts';
import type { OAuthRow, OAuthStore } from '../store/port.ts';
import { errors, Provider } from './library.ts';

export interface AdapterParts {
  readonly store: OAuthStore;
  readonly clock: Clock;
  /** The client by RFC 7591 names; undefined where it may not authenticate. Clients are not rows of this store. */
  client(id: string): Promise<AdapterPayload | undefined>;
  /** Ends the access tokens of a grant, which are not stored. */
  revokeGrant(grantId: string): Promise<void>;
}

/** Everything of a grant that is stored; access tokens are not. */
const granted = ['AuthorizationCode', 'RefreshToken'] as const;

/**
 * oidc-provider's storage (its adapter contract) over the store port. What may happen once happens once: a client
 * assertion's `jti` is inserted, never overwritten, and of several that redeem one code a single one wins; the library
 * itself looks first and writes later, which lets parallel replays through. For a `jti` it need not look at all.
 */
export function oauthAdapter(parts: AdapterParts): AdapterFactory {
  return (model) => (model === 'Client' ? clientAdapter(parts) : rowAdapter(model, parts));
}

function clientAdapter(parts: AdapterParts): Adapter {
  const refuse = async (): Promise<never> => {
    throw new AppError('internal', 'clients are kept by the registry');
  };
  return {
    find: (id) => parts.client(id),
    upsert: refuse,
    findByUid: refuse,
    findByUserCode: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  };
}

function rowAdapter(model: string, { store, clock, revokeGrant }: AdapterParts): Adapter {
  const single = model === 'ReplayDetection';
  return {
    async upsert(id, payload, expiresIn) {
      try {
        await store.put(oauthRow(model, id, payload, expiresIn, clock.now()), single);
      } catch (error) {
        if (!single || !(error instanceof StoreError) || error.code !== 'exists') throw error;
        throw isProofReplay(id) ? new errors.InvalidDpopProof('proof used before') : assertionReplay();
      }
    },
    async find(id) {
      return single ? undefined : payloadOf(await store.get(model, id, clock.now()));
    },
    async findByUid(uid) {
      return payloadOf(await store.getByUid(model, uid, clock.now()));
    },
    // User codes belong to the device flow, which is off.
    async findByUserCode() {
      return undefined;
    },
    async consume(id) {
      if (await store.consume(model, id, clock.now())) return;
      // A code or refresh token that comes a second time was stolen from one of the two: what it gave ends here.
      const row = await store.get(model, id, clock.now());
      if (row?.grantId != null) {
        for (const one of granted) await store.removeByGrant(one, row.grantId);
        await store.remove('Grant', row.grantId);
        await revokeGrant(row.grantId);
      }
      throw new errors.InvalidGrant(`${model} already consumed`);
    },
    destroy: (id) => store.remove(model, id),
    async revokeByGrantId(grantId) {
      await store.removeByGrant(model, grantId);
      if (model === 'AccessToken') await revokeGrant(grantId);
    },
  };
}

function assertionReplay(): Error {
  return new errors.InvalidClientAuth('client assertion used before');
}

/** The library keeps assertions and DPoP proofs under one model; the answers differ. */
function isProofReplay(id: string): boolean {
  const context = Provider.ctx;
  const proof = context?.get('dpop') ?? '';
  const client = context?.oidc.entities.Client?.clientId;
  if (proof === '' || client === undefined) return false;
  try {
    return id === Buffer.from(sha256(`${client}${decodeJwt(proof).jti}`), 'hex').toString('base64url');
  } catch {
    return false;
  }
}

function oauthRow(
  model: string,
  id: string,
  payload: AdapterPayload,
  expiresIn: number | undefined,
  now: Date,
): OAuthRow {
  const expiresAt = expiresIn === undefined ? null : new Date(now.getTime() + expiresIn * 1000).toISOString();
  const { grantId = null, uid = null } = payload;
  return { model, id, payload: JSON.stringify(payload), expiresAt, grantId, uid, consumedAt: null };
}

/** The library expects `consumed` in epoch seconds. */
function payloadOf(row: OAuthRow | undefined): AdapterPayload | undefined {
  if (row === undefined) return undefined;
  const payload = JSON.parse(row.payload) as AdapterPayload;
  if (row.consumedAt === null) return payload;
  return { ...payload, consumed: Math.floor(Date.parse(row.consumedAt) / 1000) };
}
