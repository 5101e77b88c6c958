import { derivedId } from '../core/id.ts';

/**
 * Ids of projected resources: the name-based UUID of tenant, resource type and ESR key, so that the same record gets
 * the same id on every machine and after every rebuild (architecture.md, invariant 4).
 */

/** From the ESR Person ID (PRA 2). */
export function practitionerId(tenant: string, personId: string): string {
  return derivedId(tenant, 'Practitioner', personId);
}

/** From the ESR Assignment ID (ASA 3): assignment numbers are reused and never a key. */
export function practitionerRoleId(tenant: string, assignmentId: string): string {
  return derivedId(tenant, 'PractitionerRole', assignmentId);
}

/** From the ESR Organisation ID (ORA 2). */
export function organizationId(tenant: string, organisationId: string): string {
  return sharedId(tenant, 'Organization', organisationId);
}

/** Of the employer that no ORA row carries, from its ODS code. */
export function employerId(tenant: string, ods: string): string {
  return sharedId(tenant, 'Organization', 'ods', ods);
}

/** From the ESR Location ID (LCA 2). */
export function locationId(tenant: string, id: string): string {
  return sharedId(tenant, 'Location', id);
}

/** Of a position's Basic, from the ESR Position ID (POA 2). */
export function basicId(tenant: string, positionId: string): string {
  return derivedId(tenant, 'Basic', 'position', positionId);
}

/** Ids of what many roles refer to, kept: a hash costs 2 µs, and a role names four of them. */
const sharedIds = new Map<string, string>();
const sharedIdsMax = 20_000;

function sharedId(...parts: readonly string[]): string {
  const key = parts.join('\u0000');
  let id = sharedIds.get(key);
  if (id === undefined) {
    id = derivedId(...parts);
    if (sharedIds.size >= sharedIdsMax) sharedIds.clear();
    sharedIds.set(key, id);
  }
  return id;
}
