import { codesOf, extensionValue, type Resource, referenceOf } from './fhir-element.ts';

/** What events say of a PractitionerRole: ids, dates and codes alone. */
export interface RoleFacts {
  readonly start: string | null;
  readonly end: string | null;
  readonly active: boolean;
  readonly practitioner: string | null;
  readonly organization: string | null;
  readonly department: string | null;
  readonly position: string | null;
  readonly staffGroup: readonly string[];
  readonly role: readonly string[];
  readonly status: readonly string[];
}

export function roleFacts(role: Resource): RoleFacts {
  const { start, end } = periodOf(role);
  return {
    start,
    end,
    active: role['active'] === true,
    practitioner: referenceOf(role['practitioner']),
    organization: referenceOf(role['organization']),
    department: referenceOf(extensionValue(role, 'department', 'valueReference')),
    position: referenceOf(extensionValue(role, 'position', 'valueReference')),
    staffGroup: codesOf(extensionValue(role, 'staff-group', 'valueCodeableConcept')),
    role: codesOf(...((role['code'] ?? []) as readonly unknown[])),
    status: codesOf(extensionValue(role, 'assignment-status', 'valueCodeableConcept')),
  };
}

/** `PractitionerRole.period`: inclusive local dates. A role that ended before it began has neither (meaning.md). */
export function periodOf(role: Resource): { readonly start: string | null; readonly end: string | null } {
  const period = role['period'] as { readonly start?: string; readonly end?: string } | undefined;
  return { start: period?.start ?? null, end: period?.end ?? null };
}
