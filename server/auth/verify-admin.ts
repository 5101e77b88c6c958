import { grantTenant, type TenantGrant } from '../tenancy/grant.ts';
import type { Refusal } from './access.ts';
import type { AdminScope } from './admin-scope.ts';
import { adminBase, everyTenant } from './base.ts';
import type { ProofRequest } from './dpop.ts';
import { tokenState } from './token-state.ts';
import { type TokenVerifierParts, tokenReader } from './verify.ts';

/** What a verified token of the management API lets its bearer do. */
export interface AdminAccess {
  readonly clientId: string;
  /** The person who logged in; null for a client of its own. */
  readonly userId: string | null;
  readonly jti: string;
  readonly scopes: readonly AdminScope[];
  /** The only tenant that it is good for; null = the whole platform. */
  readonly tenant: string | null;
  /** The door to a tenant's data; undefined for a tenant that the token is not good for. */
  grant(tenant: string): TenantGrant | undefined;
}

/** `header`: all values of the request's Authorization header. */
export type VerifyAdminToken = (
  header: string | readonly string[] | undefined,
  request: ProofRequest,
) => Promise<AdminAccess | Refusal>;

/** The management API's check of an access token: as for FHIR bases, with the admin base as audience. */
export function adminTokenVerifier(parts: TokenVerifierParts & { publicUrl(): string }): VerifyAdminToken {
  const read = tokenReader(parts);
  return async (header, request) => {
    const claims = await read(header, adminBase(parts.publicUrl()), request);
    if ('kind' in claims) return claims;
    const tenant = claims.tenant === everyTenant ? null : claims.tenant;
    const admin = claims.adminScopes.length > 0;
    const wrong = admin ? await tokenState(parts.registrations, claims, parts.clock.now()) : 'wrong-audience';
    if (wrong !== undefined) return { kind: 'invalid', reason: wrong };
    const { clientId, userId, jti, adminScopes } = claims;
    const good = (id: string) => tenant === null || tenant === id;
    return {
      ...{ clientId, userId, jti, tenant, scopes: adminScopes },
      grant: (id) => (good(id) ? grantTenant(id, 'token') : undefined),
    };
  };
}
