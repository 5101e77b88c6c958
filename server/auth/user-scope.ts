import { covers, parseScopes, type Scope } from './scope.ts';
import { type Role, rolesIn, type User } from './user.ts';

/**
 * The most that a role may hold on a tenant's FHIR bases. Who did what to whom is asked for by name, and shown to those
 * whose work it is. A platform admin runs the platform and sees no tenant's data by that.
 */
const ceilings: Readonly<Record<Role, string>> = {
  viewer: 'user/*.rs',
  auditor: 'user/*.rs user/AuditEvent.rs user/Provenance.rs',
  'data-steward': 'user/*.rs user/Provenance.rs',
  'tenant-admin': 'user/*.rs user/AuditEvent.rs user/Provenance.rs',
  'platform-admin': '',
};

/** Of the scopes that were asked for those that the user's roles in the tenant cover. */
export function userScopes(
  asked: readonly Scope[],
  user: Pick<User, 'status' | 'memberships'>,
  tenant: string,
): readonly Scope[] {
  const ceiling = rolesIn(user, tenant).flatMap((role) => parseScopes(ceilings[role]) ?? []);
  return asked.filter((scope) => scope.level === 'user' && covers(ceiling, scope));
}
