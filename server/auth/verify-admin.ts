import { grantTenant, type TenantGrant } from '../tenancy/grant.ts';
import type { Refusal } from './access.ts';
import { adminScopesIn } from './admin-role.ts';
import type { AdminScope } from './admin-scope.ts';
import { adminBase, everyTenant } from './base.ts';
import type { ProofRequest } from './dpop.ts';
import type { Registrations } from './registrations.ts';
import { type StatedClaims, tokenState } from './token-state.ts';
import { type TokenVerifierParts, tokenReader } from './verify.ts';

/** What a verified token of the management API lets its bearer do. */
export interface AdminAccess {
  readonly clientId: string;
  /** The person who logged in; null for a client of its own. */
  readonly userId: string | null;
  readonly jti: string;
  /** The only tenant that it is good for; null = the whole platform, or every tenant of the person. */
  readonly tenant: string | null;
  /** May it do this in the tenant or, with null, in what belongs to the platform? A person's roles there decide too. */
  may(scope: AdminScope, tenant: string | null): boolean;
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
    const claims = await read(header, adminBase(parts.publicUrl()), request, (one) =>
      standing(parts.registrations, one, parts.clock.now()),
    );
    return 'kind' in claims ? claims : adminAccess(parts.registrations, claims, parts.clock.now());
  };
}

/** What claims that were verified are good for now. `now` of the clock. */
export async function adminAccess(
  registrations: Registrations,
  claims: StatedClaims,
  now: Date,
): Promise<AdminAccess | Refusal> {
  const wrong = await standing(registrations, claims, now);
  if (wrong !== undefined) return { kind: 'invalid', reason: wrong };
  const { clientId, userId, jti, adminScopes } = claims;
  const tenant = claims.tenant === everyTenant ? null : claims.tenant;
  const scopesIn = (id: string | null): ReadonlySet<AdminScope> => {
    if (tenant !== null && tenant !== id) return none;
    if (userId === null) return new Set(adminScopes);
    const person = registrations.user(userId);
    return person === undefined ? none : adminScopesIn(person, id);
  };
  return {
    ...{ clientId, userId, jti, tenant },
    may: (scope, id) => adminScopes.includes(scope) && scopesIn(id).has(scope),
    grant: (id) => (scopesIn(id).size > 0 ? grantTenant(id, 'token') : undefined),
  };
}

function standing(registrations: Registrations, claims: StatedClaims, now: Date) {
  return claims.adminScopes.length === 0 ? 'wrong-audience' : tokenState(registrations, claims, now);
}

const none: ReadonlySet<AdminScope> = new Set();
