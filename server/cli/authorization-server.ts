import type { AuditEntry } from '../audit/entry.ts';
import type { Rate } from '../auth/rate-limit.ts';
import { type AuthorizationServer, oauthProvider } from '../oauth/provider.ts';
import type { SigningKeyRing } from '../oauth/signing-keys.ts';
import { endTokens } from '../registry/not-before.ts';
import { registrationTokens } from '../registry/registration-tokens.ts';
import type { RegistrySnapshot } from '../registry/snapshot.ts';
import { userRegistry } from '../registry/users.ts';
import type { House } from './house.ts';

interface Wish {
  readonly snapshot: RegistrySnapshot;
  readonly signing: SigningKeyRing;
  publicUrl(): string;
  /** Counts a request of an address. Left out: as many as come. */
  rate?(address: string | null): Rate | undefined;
  audit(entry: AuditEntry): Promise<void>;
}

/** The house's authorization server. */
export function authorizationServer(house: House, wish: Wish): AuthorizationServer {
  const { snapshot, signing, publicUrl, audit, rate = () => undefined } = wish;
  const { store, clients, tenants, keys, clock, logger, settings } = house;
  const { documents, oauth } = store.system;
  return oauthProvider({
    ...{ publicUrl, audit, rate, clients, tenants, keys, clock, log: logger, store: oauth, registrations: snapshot },
    signing: signing.current,
    users: userRegistry(store),
    registrationTokens: registrationTokens(documents),
    revoke: snapshot.revoke,
    endTokens: (id, now) => endTokens(documents, 'client', id, now),
    development: settings.mode === 'development',
  });
}
