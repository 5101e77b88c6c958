import type { RefusalReason } from './access.ts';
import type { TokenClaims } from './access-token.ts';
import { adminScopesOf } from './admin-role.ts';
import { everyTenant } from './base.ts';
import { grantKey, type Registrations } from './registrations.ts';
import { rolesIn, type User } from './user.ts';

/** What the state of a token depends on. */
export type StatedClaims = Pick<
  TokenClaims,
  'tenant' | 'clientId' | 'userId' | 'grantId' | 'jti' | 'issuedAt' | 'adminScopes'
>;

/**
 * Is the token good in the present state of tenant, client and person, and revoked by nobody? Asked on every request,
 * remembered tokens included. What another process did a moment ago may not be known here yet: before a refusal the
 * registry is asked again. `now` of the clock. Undefined = good.
 */
export function tokenState(
  known: Registrations,
  claims: StatedClaims,
  now: Date,
): undefined | Promise<RefusalReason | undefined> {
  // A good token waits for nothing: promises are a tenth of a read.
  return wrongWith(known, claims, now) === undefined ? undefined : askedAgain(known, claims, now);
}

async function askedAgain(known: Registrations, claims: StatedClaims, now: Date): Promise<RefusalReason | undefined> {
  await known.refresh();
  return wrongWith(known, claims, now);
}

function wrongWith(known: Registrations, claims: StatedClaims, now: Date): RefusalReason | undefined {
  if (isRevoked(known, claims)) return 'revoked';
  return inactive(known, claims, now);
}

/** By its id, its consent, or an epoch of its tenant, client or person. */
function isRevoked(known: Registrations, { tenant, clientId, userId, grantId, jti, issuedAt }: StatedClaims): boolean {
  const since = Math.max(
    known.notBefore('client', clientId),
    tenant === everyTenant ? 0 : known.notBefore('tenant', tenant),
    userId === null ? 0 : known.notBefore('user', userId),
  );
  return issuedAt < since || known.revoked(jti) || (grantId !== null && known.revoked(grantKey(grantId)));
}

/** Are its tenant, client and person there and active? */
function inactive(known: Registrations, claims: StatedClaims, now: Date): RefusalReason | undefined {
  const { clientId, userId } = claims;
  const tenant = claims.tenant === everyTenant ? null : claims.tenant;
  if (tenant !== null && known.tenant(tenant)?.status !== 'active') return 'tenant-not-active';
  const client = known.client(clientId);
  if (client?.status !== 'active' || client.tenant !== tenant) return 'client-not-active';
  if ((client.admin === true) !== claims.adminScopes.length > 0) return 'client-not-active';
  if (client.expiresAt !== undefined && Date.parse(client.expiresAt) <= now.getTime()) return 'client-not-active';
  const user = userId === null ? undefined : known.user(userId);
  return userId !== null && (user === undefined || !belongs(user, tenant, claims)) ? 'user-not-active' : undefined;
}

/** A console of the platform is for people of every tenant: what they may do is decided there, tenant by tenant. */
function belongs(user: Pick<User, 'status' | 'memberships'>, tenant: string | null, { adminScopes }: StatedClaims) {
  return adminScopes.length > 0 ? adminScopesOf(user, tenant).size > 0 : rolesIn(user, tenant).length > 0;
}
