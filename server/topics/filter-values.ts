import type { FilterValues } from './domain-event.ts';
import type { RoleFacts } from './role-facts.ts';

/** What subscribers may narrow events of these roles down by; given before and after, a move reaches both. */
export function roleFilters(roles: readonly (RoleFacts | null)[]): FilterValues {
  const facts = roles.filter((role) => role !== null);
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
  const found: string[] = [];
  for (const value of values) {
    const some = typeof value === 'string' ? [value] : (value ?? []);
    for (const one of some) if (!found.includes(one)) found.push(one);
  }
  return found;
}
