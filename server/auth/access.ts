import type { TenantGrant } from '../tenancy/grant.ts';
import type { Scope } from './scope.ts';

/** What a verified access token lets its bearer do, on one base of one tenant. */
export interface Access {
  readonly grant: TenantGrant;
  readonly clientId: string;
  /** The person who logged in; null for a backend service. */
  readonly userId: string | null;
  readonly jti: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly scopes: readonly Scope[];
  /** For answers that go on: is the token neither expired nor revoked, tenant, client and person still active? */
  readonly isGood?: () => Promise<boolean>;
}

/** Why a request has no access. `kind` decides the answer (RFC 6750 section 3); `reason` is for the audit alone. */
export interface Refusal {
  readonly kind: 'missing' | 'invalid';
  readonly reason: RefusalReason;
  /** The scheme that was tried, where it was not Bearer. */
  readonly scheme?: 'DPoP';
}

export type RefusalReason =
  | 'no-token'
  | 'other-scheme'
  | 'repeated-header'
  | 'malformed-token'
  | 'wrong-type'
  | 'wrong-algorithm'
  | 'unknown-key'
  | 'bad-signature'
  | 'wrong-issuer'
  | 'bad-claims'
  | 'sender-constrained'
  | 'bad-proof'
  | 'expired'
  | 'issued-in-the-future'
  | 'wrong-audience'
  | 'wrong-tenant'
  | 'revoked'
  | 'client-not-active'
  | 'user-not-active'
  | 'tenant-not-active';

export function isRefusal<T extends object>(result: T | Refusal): result is Refusal {
  return 'kind' in result;
}
