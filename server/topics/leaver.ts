import { type Announced, comeTrue, type IdOfStep, type Step } from './announcement.ts';
import { type EmploymentSpan, lastOf } from './employment-span.ts';

/**
 * What happened to a person's leaving dates (meaning.md, Events: `leaver-…`). A role that begins after the leaving
 * date leaves it alone; one begun on or before it belongs to the same time of employment. End dates are inclusive: a
 * leaver is effective on the day after.
 *
 * @param before the roles that ran or will run, as they were; tells a leaver whom nobody announced
 */
export function leaverSteps(
  before: readonly EmploymentSpan[],
  after: readonly EmploymentSpan[],
  known: readonly Announced[],
  today: string,
  id: IdOfStep,
): { readonly steps: readonly Step[]; readonly announced: readonly Announced[] } {
  const steps: Step[] = [];
  const announced: Announced[] = [];
  let rest = after;
  for (const one of known.length > 0 ? known : unannounced(before, today)) {
    const employment = employmentUntil(rest, one.date, one.role);
    const first = one.event;
    const last = lastOf(employment, one.role);
    if (last !== null) {
      const { role, end: date } = last;
      if (date !== one.date) steps.push({ topic: 'leaver-amended', role, date, first });
      announced.push({ role, date, event: first, effective: one.effective && date < today });
      rest = rest.filter((span) => span.start > date);
    } else if (employment.length > 0) {
      const stays = employment.find((span) => span.role === one.role) ?? employment.find((span) => span.end === null);
      const role = stays?.role ?? one.role;
      // Two leaving dates of a role that has become endless and of one that is gone: the second tells nothing new.
      if (steps.some((step) => step.topic === 'leaver-withdrawn' && step.role === role)) continue;
      steps.push({ topic: 'leaver-withdrawn', role, date: one.date, first });
    }
  }
  const last = lastOf(rest);
  if (last !== null) {
    const { role, end: date } = last;
    steps.push({ topic: 'leaver-confirmed', role, date, first: null });
    const event = id({ topic: 'leaver-confirmed', role, date });
    announced.push({ role, date, event, effective: false });
  }
  const now = comeTrue('leaver-effective', announced, (date) => date < today);
  return { steps: [...steps, ...now.steps], announced: now.announced };
}

function unannounced(before: readonly EmploymentSpan[], today: string): readonly Announced[] {
  const last = lastOf(before);
  return last === null ? [] : [{ role: last.role, date: last.end, event: null, effective: last.end < today }];
}

/** The role announced, those begun on or before `date`, and those begun before the end of one of these. */
function employmentUntil(spans: readonly EmploymentSpan[], date: string, role: string): readonly EmploymentSpan[] {
  const found = spans.filter((span) => span.start <= date || span.role === role);
  const last = lastOf(found);
  return last === null || last.end <= date ? found : employmentUntil(spans, last.end, role);
}
