import { type Announced, comeTrue, type IdOfStep, type Step } from './announcement.ts';
import { type EmploymentSpan, lastOf } from './employment-span.ts';

/**
 * What happened to a person's starters (meaning.md, Events: `starter-…`): `before` and `after` are the roles that
 * ran or will run; one that ended before it began is no role here.
 *
 * @param today local date: a start on it is effective
 */
export function starterSteps(
  before: readonly EmploymentSpan[],
  after: readonly EmploymentSpan[],
  known: readonly Announced[],
  today: string,
  id: IdOfStep,
): { readonly steps: readonly Step[]; readonly announced: readonly Announced[] } {
  const steps: Step[] = [];
  const announced: Announced[] = [];
  for (const one of known) {
    const { role, event: first } = one;
    const start = after.find((span) => span.role === role)?.start;
    if (start === undefined) {
      steps.push({ topic: 'starter-withdrawn', role, date: one.date, first });
      continue;
    }
    if (start !== one.date) steps.push({ topic: 'starter-amended', role, date: start, first });
    announced.push({ ...one, date: start, effective: one.effective && start <= today });
  }
  const created = newStarter(before, after, steps);
  if (created !== undefined) {
    const { role, start: date } = created;
    steps.push({ topic: 'starter-created', role, date, first: null });
    const event = id({ topic: 'starter-created', role, date });
    announced.push({ role, date, event, effective: false });
  }
  const now = comeTrue('starter-effective', announced, (date) => date <= today);
  return { steps: [...steps, ...now.steps], announced: now.announced };
}

/**
 * The earliest of the roles that are new and the person's first, or the first after all had ended: as was known before
 * and as is known now, so that a change from one role to the next in one file starts nobody. A starter whose role
 * was replaced by another one starts with that.
 */
function newStarter(
  before: readonly EmploymentSpan[],
  after: readonly EmploymentSpan[],
  steps: readonly Step[],
): EmploymentSpan | undefined {
  const known = new Set(before.map((span) => span.role));
  const prior = after.filter((span) => known.has(span.role));
  const replaced = prior.length === 0 && steps.some(({ topic }) => topic === 'starter-withdrawn');
  const over = before.length === 0 || replaced ? '' : lastOf(before)?.end;
  const overNow = prior.length === 0 ? '' : lastOf(prior)?.end;
  if (over === undefined || overNow === undefined) return undefined;
  let first: EmploymentSpan | undefined;
  for (const span of after) {
    if (known.has(span.role) || span.start <= over || span.start <= overNow) continue;
    if (first === undefined || span.start < first.start) first = span;
  }
  return first;
}
