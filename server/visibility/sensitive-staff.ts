import { both, type Rows } from '../auth/visibility.ts';
import type { Predicate } from '../search/query.ts';
import type { SensitivePerson } from '../tenancy/sensitive-person.ts';

/** The rows without those people and their roles: by id, and by the number that both publish (decision 0008). */
export function withoutSensitive(
  rows: Rows,
  staff: readonly SensitivePerson[],
  canonicalBase: string,
  tenant: string,
): Rows {
  if (staff.length === 0) return rows;
  const system = `${canonicalBase}/Id/${tenant}/esr-person-id`;
  const ids = staff.flatMap(({ practitioners }) => practitioners);
  const numbered = (param: string): readonly Predicate[] =>
    staff.map(({ person }) => ({ is: 'token', param, system, code: person }));
  const targets = ids.map((id) => `Practitioner/${id}`);
  const narrowed = new Map(rows);
  const without = (type: string, of: readonly Predicate[]) => {
    narrowed.set(type, both({ is: 'not', of: { is: 'or', of } }, rows.get(type) ?? { is: 'all' }));
  };
  without('Practitioner', [{ is: 'id', ids }, ...numbered('identifier')]);
  without('PractitionerRole', [
    { is: 'reference', param: 'practitioner', targets },
    ...numbered('practitioner:identifier'),
  ]);
  return narrowed;
}
