/** Scopes of the management API (interface.md, HTTP): `admin/{area}.{read|write}`; writing does not include reading. */
export const adminAreas = [
  'tenants',
  'users',
  'files',
  'quarantine',
  'clients',
  'contracts',
  'subscriptions',
  'audit',
  'lineage',
  'operations',
] as const;

export type AdminScope = `admin/${(typeof adminAreas)[number]}.${'read' | 'write'}`;

const known: ReadonlySet<string> = new Set(adminAreas.flatMap((area) => [`admin/${area}.read`, `admin/${area}.write`]));

/**
 * The admin scopes of a `scope` parameter or claim, repetitions dropped. Undefined where it is empty or any of them is
 * something else: an unknown scope is never ignored, and one token never serves both APIs.
 */
export function parseAdminScopes(text: string): readonly AdminScope[] | undefined {
  const scopes = [...new Set(text.split(' '))];
  return scopes.every((scope): scope is AdminScope => known.has(scope)) ? scopes : undefined;
}
