import type { AdminScope, adminAreas } from './admin-scope.ts';
import type { Membership, Role, User } from './user.ts';

const read = (...areas: readonly (typeof adminAreas)[number][]): readonly AdminScope[] =>
  areas.map((area) => `admin/${area}.read` as const);
const both = (...areas: readonly (typeof adminAreas)[number][]): readonly AdminScope[] =>
  areas.flatMap((area) => [`admin/${area}.read`, `admin/${area}.write`] as const);

/**
 * What a role may do in the management API, in the tenant where it is held. A platform admin makes tenants, people and
 * clients and looks after operations everywhere; what files, rows and the audit say of staff is for those whose tenant
 * it is. Nobody but a platform admin changes tenants themselves.
 */
const scopesOf: Readonly<Record<Role, readonly AdminScope[]>> = {
  viewer: read('tenants', 'files'),
  auditor: read('tenants', 'users', 'clients', 'files', 'quarantine', 'contracts', 'subscriptions', 'audit', 'lineage'),
  'data-steward': [...read('tenants', 'contracts', 'subscriptions', 'lineage'), ...both('files', 'quarantine')],
  'tenant-admin': [
    ...read('tenants', 'audit', 'lineage', 'operations'),
    ...both('users', 'clients', 'files', 'quarantine', 'contracts', 'subscriptions'),
  ],
  'platform-admin': [
    ...read('files', 'subscriptions'),
    ...both('tenants', 'users', 'clients', 'contracts', 'operations'),
  ],
};

type Person = Pick<User, 'status' | 'memberships'>;

/** Memberships that count in a tenant (null: in what belongs to no tenant): its own and the platform's. */
function membershipsIn({ status, memberships }: Person, tenant: string | null): readonly Membership[] {
  if (status !== 'active') return [];
  return memberships.filter((one) => one.tenant === tenant || one.tenant === null);
}

/** The scopes of a person in a tenant, or in what belongs to the platform (null). */
export function adminScopesIn(person: Person, tenant: string | null): ReadonlySet<AdminScope> {
  return new Set(membershipsIn(person, tenant).flatMap(({ role }) => scopesOf[role]));
}

/** The scopes that a person holds anywhere; with a tenant: there. */
export function adminScopesOf(person: Person, tenant: string | null): ReadonlySet<AdminScope> {
  if (tenant !== null) return adminScopesIn(person, tenant);
  return new Set(person.status === 'active' ? person.memberships.flatMap(({ role }) => scopesOf[role]) : []);
}
