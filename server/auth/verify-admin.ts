import { grantTenant, type TenantGrant } from '../tenancy/grant.ts';
import type { Refusal, RefusalReason } from './access.ts';
import type { TokenClaims } from './access-token.ts';
import type { AdminScope } from './admin-scope.ts';
import { adminBase, everyTenant } from './base.ts';
import { type TokenVerifierParts, tokenReader } from './verify.ts';

/** What a verified token of the management API lets its bearer do. */
export interface AdminAccess {
  readonly clientId: string;
  readonly jti: string;
  readonly scopes: readonly AdminScope[];
  /** The only tenant that it is good for; null = the whole platform. */
  readonly tenant: string | null;
  /** The door to a tenant's data; undefined for a tenant that the token is not good for. */
  grant(tenant: string): TenantGrant | undefined;
}

/** `header`: all values of the request's Authorization header. */
export type VerifyAdminToken = (header: string | readonly string[] | undefined) => Promise<AdminAccess | Refusal>;

/** The management API's check of an access token: as for FHIR bases, with the admin base as audience. */
export function adminTokenVerifier(parts: TokenVerifierParts & { publicUrl(): string }): VerifyAdminToken {
  const read = tokenReader(parts);
  return async (header) => {
    const claims = await read(header, adminBase(parts.publicUrl()));
    if ('kind' in claims) return claims;
    const tenant = claims.tenant === everyTenant ? null : claims.tenant;
    const inactive = await inactiveParty(parts.registrations, claims, tenant);
    if (inactive !== undefined) return { kind: 'invalid', reason: inactive };
    const { clientId, jti, adminScopes } = claims;
    const good = (id: string) => tenant === null || tenant === id;
    return {
      ...{ clientId, jti, tenant, scopes: adminScopes },
      grant: (id) => (good(id) ? grantTenant(id, 'token') : undefined),
    };
  };
}

async function inactiveParty(
  known: TokenVerifierParts['registrations'],
  claims: TokenClaims,
  tenant: string | null,
): Promise<RefusalReason | undefined> {
  const check = (): RefusalReason | undefined => {
    if (tenant !== null && known.tenant(tenant)?.status !== 'active') return 'tenant-not-active';
    const client = known.client(claims.clientId);
    const good = client?.status === 'active' && client.admin === true && client.tenant === tenant;
    return good ? undefined : 'client-not-active';
  };
  if (check() === undefined) return undefined;
  await known.refresh();
  return check();
}
