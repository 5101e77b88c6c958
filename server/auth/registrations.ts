import type { Tenant } from '../tenancy/tenant.ts';
import type { Client } from './client.ts';
import type { User } from './user.ts';

/** Whose tokens a not-before epoch ends. */
export type Party = 'tenant' | 'client' | 'user';

/** The registry as this process last saw it, for checks on every request (the registry's snapshot is one). */
export interface Registrations {
  tenant(id: string): Pick<Tenant, 'status'> | undefined;
  client(id: string): Pick<Client, 'status' | 'tenant' | 'admin' | 'expiresAt'> | undefined;
  user(id: string): Pick<User, 'status' | 'memberships'> | undefined;
  /** Tokens issued before this time (epoch seconds, with fractions) are worth nothing; 0 where nobody said so. */
  notBefore(party: Party, id: string): number;
  /** `jti` of a token, or `grantKey` of a grant: revoked, and not expired long ago. */
  revoked(key: string): boolean;
  /** Catches up with what other processes wrote; cheap where nothing changed. */
  refresh(): Promise<void>;
}

/** What a whole grant (one consent of one person) is revoked by; no `jti` looks like it. */
export function grantKey(grantId: string): string {
  return `grant/${grantId}`;
}
