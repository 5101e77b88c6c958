import { type DomainEvent, resourceEvent } from './domain-event.ts';
import { changedElements, type Resource, referenceOf } from './fhir-element.ts';
import { distinct } from './filter-values.ts';
import { type EventContext, nameOf, type ResourceChange } from './unit-change.ts';

/**
 * `organization-changed` of the Organizations that were there before; a change of `active` alone raises none
 * (meaning.md, Events). A delete is told: nothing else would.
 */
export function organizationEvents(
  resources: readonly ResourceChange[],
  context: EventContext,
): readonly DomainEvent[] {
  if (context.silent) return [];
  return resources.flatMap((focus) => {
    const { before, after, change } = focus;
    if (before === null || change === null) return [];
    const changed = after === null ? [] : changedElements(before, after).filter((name) => name !== 'active');
    if (after !== null && changed.length === 0) return [];
    const name = nameOf(focus);
    const parents = [before, after].map((one) => referenceOf(one?.['partOf']));
    const told = {
      effectiveDate: context.today,
      filters: { organization: distinct([name, ...parents]), department: distinct([name, ...parents]) },
      before: factsOf(before),
      after: after && factsOf(after),
      changed,
    };
    return [resourceEvent('organization-changed', focus, told, context)];
  });
}

function factsOf(organization: Resource) {
  return { partOf: referenceOf(organization['partOf']), active: organization['active'] === true };
}
