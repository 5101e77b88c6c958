import type { StagedGroup, TenantStore } from '../../store/port.ts';
import type { RuleDocument } from '../../tenancy/rule.ts';
import { fault } from '../fault.ts';
import { judgeBy } from '../own-rules.ts';
import type { Feed } from '../statements.ts';

/** What is wrong with a row now. */
export interface StillBad {
  readonly line: number;
  readonly rule: string;
  readonly field: string | null;
  readonly message: string;
}

/** What keeps the rows of one record from being applied, judged against the store as it is; empty = nothing. */
export async function stillBad(
  store: TenantStore,
  group: StagedGroup,
  { repeats }: Feed,
  rules: readonly RuleDocument[],
): Promise<readonly StillBad[]> {
  const { judgement } = judgeBy(rules, group, repeats);
  if (judgement.is === 'bad') {
    return judgement.faults.map(({ row, fault: { rule, field, message } }) => ({
      line: row.line,
      rule,
      field,
      message,
    }));
  }
  if (judgement.is !== 'slices' || (group.key.type !== 'assignment' && group.key.type !== 'registration')) return [];
  const ids = new Set(judgement.slices.map((slice) => String(slice.fields['personId'])));
  const persons = [...ids].map((id) => ({ type: 'person' as const, id }));
  const stored = await store.records.hashes(persons);
  if (stored.size === persons.length) return [];
  const { rule, field, message } = fault('person-missing', 'personId');
  return group.rows.map(({ line }) => ({ line, rule, field, message }));
}
