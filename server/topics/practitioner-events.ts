import { type DomainEvent, resourceEvent } from './domain-event.ts';
import { changedElements, type Identifier, identifiersOf, type Resource } from './fhir-element.ts';
import { distinct, roleFilters } from './filter-values.ts';
import { roleFacts } from './role-facts.ts';
import { type EventContext, nameOf, type ResourceChange } from './unit-change.ts';

/**
 * `person-changed` and `registration-changed` of a Practitioner that was there before. The end of one whose roles end
 * with it is told by the roles' events; one without roles is told here.
 */
export function practitionerEvents(
  resources: readonly ResourceChange[],
  roles: readonly ResourceChange[],
  context: EventContext,
): readonly DomainEvent[] {
  return resources.flatMap((focus) => {
    const { type, before, after, change } = focus;
    if (type !== 'Practitioner' || change === null || before === null) return [];
    const told = { effectiveDate: context.today, filters: filtersOf(focus, roles) };
    if (after === null) {
      if (roles.length > 0) return [];
      return [resourceEvent('person-changed', focus, { ...told, before: exists, after: null }, context)];
    }
    const events: DomainEvent[] = [];
    const own = changedElements(ownPart(before), ownPart(after));
    const event = (topic: 'person-changed' | 'registration-changed', changed: readonly string[]) =>
      events.push(resourceEvent(topic, focus, { ...told, before: exists, after: exists, changed }, context));
    if (own.length > 0) event('person-changed', own);
    const registered = changedElements(registrationPart(before), registrationPart(after));
    if (registered.length > 0) event('registration-changed', registered);
    return events;
  });
}

/** Which elements changed is said by `changed`; their values are personal data. */
const exists = {};

function filtersOf(focus: ResourceChange, roles: readonly ResourceChange[]) {
  const facts = roles.flatMap(({ before, after }) => [before, after].map((role) => role && roleFacts(role)));
  const filters = roleFilters(facts);
  return { ...filters, practitioner: distinct([nameOf(focus), filters.practitioner ?? []]) };
}

function ownPart(practitioner: Resource): Resource {
  const { qualification: _, active: _active, identifier: _all, ...own } = practitioner;
  const registered = numbersOf(practitioner);
  return {
    ...own,
    identifier: identifiersOf(practitioner).filter((one) => !registered.has(one.value ?? '')),
  } as Resource;
}

function registrationPart(practitioner: Resource): Resource {
  const { resourceType, id, qualification } = practitioner;
  const registered = numbersOf(practitioner);
  const identifier = identifiersOf(practitioner).filter((one) => registered.has(one.value ?? ''));
  return { resourceType, id, identifier, qualification };
}

/** Numbers of professional bodies: a Practitioner has them as identifiers, under each system of the body, as well. */
function numbersOf(practitioner: Resource): ReadonlySet<string> {
  const qualifications = (practitioner['qualification'] ?? []) as readonly { identifier?: readonly Identifier[] }[];
  return new Set(qualifications.flatMap(({ identifier = [] }) => identifier.flatMap(({ value }) => value ?? [])));
}
