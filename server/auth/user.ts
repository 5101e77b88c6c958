/** What a person may be, in one tenant or for the platform. The least first. */
export const roles = ['viewer', 'auditor', 'data-steward', 'tenant-admin', 'platform-admin'] as const;
export type Role = (typeof roles)[number];

/** A role in a tenant; of a tenant of null, for the platform. */
export interface Membership {
  readonly tenant: string | null;
  readonly role: Role;
}

/** A person who logs in. The name stands in no token, log line or audit row: the id does. */
export interface User {
  /** `sub` of tokens. */
  readonly id: string;
  /** What the person types; lower case. */
  readonly name: string;
  /** As `password.ts` makes it. */
  readonly password: string;
  readonly memberships: readonly Membership[];
  /** Id of this person's Practitioner, by tenant: the claim `fhirUser`. */
  readonly practitioners?: Readonly<Record<string, string>>;
  readonly status: 'active' | 'disabled';
  readonly createdAt: string;
}

/** Where users are found; the registry implements it. */
export interface Users {
  /** By what was typed: case and outer white space do not count. */
  named(name: string): Promise<User | undefined>;
  find(id: string): Promise<User | undefined>;
}

/** The roles of a user in a tenant; of null, for the platform. None where the user is disabled. */
export function rolesIn(user: Pick<User, 'status' | 'memberships'>, tenant: string | null): readonly Role[] {
  if (user.status !== 'active') return [];
  return user.memberships.filter((one) => one.tenant === tenant).map(({ role }) => role);
}
