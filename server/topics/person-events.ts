import {
  type IdOfStep,
  type PersonAnnouncement,
  parsePersonAnnouncement,
  personAnnouncementText,
  type Step,
} from './announcement.ts';
import { type DomainEvent, eventId, resourceEvent } from './domain-event.ts';
import { type EmploymentSpan, lastOf } from './employment-span.ts';
import { changedElements } from './fhir-element.ts';
import { roleFilters } from './filter-values.ts';
import { leaverSteps } from './leaver.ts';
import { practitionerEvents } from './practitioner-events.ts';
import { periodOf, roleFacts } from './role-facts.ts';
import { starterSteps } from './starter.ts';
import type { EventContext, ResourceChange, UnitChange } from './unit-change.ts';

/** The events of a person: their starters and leavers, other changes of their roles, their own elements. */
export function personEvents(
  { resources, announcement }: UnitChange,
  context: EventContext,
): { readonly events: readonly DomainEvent[]; readonly announcement: string | null } {
  const roles = resources.filter(({ type }) => type === 'PractitionerRole');
  const { steps, announcement: now } = stepsOf(roles, announcement, context);
  if (context.silent) return { events: [], announcement: now };
  const covered = new Set(steps.map(({ role }) => role));
  const events = steps.flatMap((step) => stepEvent(step, roles, context));
  for (const role of roles) {
    if (role.change !== null && !covered.has(role.id)) events.push(roleChanged(role, context));
  }
  events.push(...practitionerEvents(resources, roles, context));
  return { events, announcement: now };
}

/** What became of the person's starters and leavers, and what is to be remembered of them. */
function stepsOf(
  roles: readonly ResourceChange[],
  announcement: string | null,
  context: EventContext,
): { readonly steps: readonly Step[]; readonly announcement: string | null } {
  const { today, silent } = context;
  const before = spansOf(roles, 'before');
  const after = spansOf(roles, 'after');
  // By far the most: nobody was announced, they go on working, and the change is another one.
  if (announcement === null && lastOf(after) === null && isSame(before, after)) return { steps: [], announcement };
  const known = parsePersonAnnouncement(announcement);
  const id: IdOfStep = ({ topic, role, date }) => {
    const focus = roles.find((one) => one.id === role);
    return silent || focus === undefined ? null : eventId(context, topic, focus, date);
  };
  const starters = starterSteps(before, after, known.starters, today, id);
  const leavers = leaverSteps(before, after, known.leavers, today, id);
  const now: PersonAnnouncement = {
    // Whoever began before the baseline was never announced: a corrected start is no news of a starter.
    starters: silent ? starters.announced.filter(({ effective }) => !effective) : starters.announced,
    leavers: leavers.announced,
  };
  return { steps: [...starters.steps, ...leavers.steps], announcement: personAnnouncementText(now) };
}

function isSame(before: readonly EmploymentSpan[], after: readonly EmploymentSpan[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ role, start, end }, place) => {
      const now = after[place];
      return now?.role === role && now.start === start && now.end === end;
    })
  );
}

/** A role without a period ended before it began: it is no time of employment. */
function spansOf(roles: readonly ResourceChange[], when: 'before' | 'after'): readonly EmploymentSpan[] {
  const spans: EmploymentSpan[] = [];
  for (const role of roles) {
    const resource = role[when];
    if (resource === null) continue;
    const { start, end } = periodOf(resource);
    if (start !== null) spans.push({ role: role.id, start, end });
  }
  return spans;
}

/** None where the role is another person's by now: that person's events tell. */
function stepEvent(step: Step, roles: readonly ResourceChange[], context: EventContext): DomainEvent[] {
  const focus = roles.find((role) => role.id === step.role);
  if (focus === undefined) return [];
  const facts = roleChange(focus);
  const firstEvent = step.first === null ? {} : { firstEvent: step.first };
  return [resourceEvent(step.topic, focus, { effectiveDate: step.date, ...facts, ...firstEvent }, context, step.date)];
}

function roleChanged(role: ResourceChange, context: EventContext): DomainEvent {
  const told = roleChange(role);
  const { before, after } = told;
  // What holds from the day that the role itself states, or from today on.
  const stated =
    after === null || before === null
      ? (after?.start ?? null)
      : before.start !== after.start
        ? after.start
        : before.end !== after.end
          ? after.end
          : null;
  return resourceEvent('assignment-changed', role, { effectiveDate: stated ?? context.today, ...told }, context);
}

function roleChange({ before: was, after: is, change }: ResourceChange) {
  const before = was && roleFacts(was);
  const after = is && (is === was ? before : roleFacts(is));
  const filters = roleFilters(before === after ? [after] : [before, after]);
  const changed = change === 'update' && was !== null && is !== null ? { changed: changedElements(was, is) } : {};
  return { filters, before, after, ...changed };
}
