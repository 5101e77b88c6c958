import type { FilterValues } from './domain-event.ts';
import { type RoleFacts, roleFacts } from './role-facts.ts';
import type { ResourceChange } from './unit-change.ts';

/** What subscribers may narrow events of these roles down by: as they were and as they are, so that a move reaches both. */
export function roleFilters(roles: readonly ResourceChange[]): FilterValues {
  const facts = roles.flatMap(({ before, after }) =>
    [before, after].flatMap((role) => (role === null ? [] : [roleFacts(role)])),
  );
  const values = (pick: (facts: RoleFacts) => string | null | readonly string[]) => distinct(facts.map(pick));
  return {
    organization: values((role) => role.organization),
    department: values((role) => role.department),
    'staff-group': values((role) => role.staffGroup),
    role: values((role) => role.role),
    practitioner: values((role) => role.practitioner),
  };
}

/** Each value once, in order. */
export function distinct(values: readonly (string | null | readonly string[])[]): readonly string[] {
  const flat = values.flatMap((value) => value ?? []);
  return [...new Set(flat)];
}
