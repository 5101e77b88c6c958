import { type DomainEvent, resourceEvent } from './domain-event.ts';
import { codesOf, extensionValue, identifiersOf, type Resource, referenceOf } from './fhir-element.ts';
import { distinct } from './filter-values.ts';
import type { EventContext, ResourceChange, UnitChange } from './unit-change.ts';

/**
 * `position-updated` of a position (Basic) that was there before: its number, title, organisation, occupation code,
 * budgeted FTE or status changed, or who holds it (meaning.md, Events). Remembered are the holders, which the
 * resource itself does not show.
 */
export function positionEvents(
  { resources, announcement }: UnitChange,
  context: EventContext,
): { readonly events: readonly DomainEvent[]; readonly announcement: string | null } {
  const focus = resources.find(({ type }) => type === 'Basic');
  if (focus === undefined) return { events: [], announcement: null };
  const { before, after } = focus;
  const holders = after === null ? [] : [...(focus.holders ?? [])].sort();
  const now = holders.length === 0 ? null : JSON.stringify(holders);
  if (before === null || context.silent || (before === after && now === announcement)) {
    return { events: [], announcement: now };
  }
  const held = heldBefore(before, announcement);
  const changed = after === null ? [] : changedFacts(before, after);
  // Who held a position before that was remembered is not known, and no news.
  if (held !== null && held.join() !== holders.join()) changed.push('holders');
  if (after !== null && changed.length === 0) return { events: [], announcement: now };
  const told = {
    effectiveDate: context.today,
    filters: filtersOf(focus),
    before: { ...factsOf(before), holders: (held ?? []).map(roleName) },
    after: after && { ...factsOf(after), holders: holders.map(roleName) },
    changed,
  };
  return { events: [resourceEvent('position-updated', focus, told, context, holders.join())], announcement: now };
}

function heldBefore(before: Resource, announcement: string | null): readonly string[] | null {
  if (announcement !== null) return JSON.parse(announcement) as readonly string[];
  return extensionValue(before, 'position-vacant', 'valueBoolean') === true ? [] : null;
}

function roleName(id: string): string {
  return `PractitionerRole/${id}`;
}

/** What events say of a position: ids, codes and numbers. */
function factsOf(position: Resource) {
  const { number, organisation, occupation, budgetedFte, status } = compared(position);
  return { number, organisation, occupation, budgetedFte, status };
}

function compared(position: Resource) {
  const numbers = identifiersOf(position).filter(({ system }) => system?.endsWith('/esr-position-number'));
  const jobRole = extensionValue(position, 'job-role', 'valueCodeableConcept');
  const codings = (jobRole as { readonly coding?: readonly { system?: string; code?: string }[] } | undefined)?.coding;
  const occupation = codings?.find(({ system }) => system?.endsWith('/nhs-occupation-code'))?.code ?? null;
  const status = extensionValue(position, 'position-status', 'valueCodeableConcept');
  return {
    number: numbers[0]?.value ?? null,
    title: extensionValue(position, 'position-title', 'valueString') ?? null,
    organisation: referenceOf(extensionValue(position, 'department', 'valueReference')),
    occupation,
    budgetedFte: extensionValue(position, 'budgeted-fte', 'valueDecimal') ?? null,
    status: (status as { readonly text?: string } | undefined)?.text ?? null,
  };
}

function changedFacts(before: Resource, after: Resource): string[] {
  const was: Readonly<Record<string, unknown>> = compared(before);
  return Object.entries(compared(after)).flatMap(([name, value]) => (was[name] === value ? [] : [name]));
}

function filtersOf({ before, after }: ResourceChange) {
  const shown = [before, after].filter((position) => position !== null);
  const concept = (position: Resource, name: string) => extensionValue(position, name, 'valueCodeableConcept');
  return {
    department: distinct(shown.map((one) => referenceOf(extensionValue(one, 'department', 'valueReference')))),
    'staff-group': distinct(shown.map((one) => codesOf(concept(one, 'staff-group')))),
    role: distinct(shown.map((one) => codesOf(concept(one, 'job-role')))),
  };
}
