import type { TenantGrant } from '../tenancy/grant.ts';
import type { Scope } from './scope.ts';

/** What a verified access token lets its bearer do, on one base of one tenant. */
export interface Access {
  readonly grant: TenantGrant;
  readonly clientId: string;
  readonly jti: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly scopes: readonly Scope[];
}
