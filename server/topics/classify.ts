import type { DomainEvent } from './domain-event.ts';
import { organizationEvents } from './organization-events.ts';
import { personEvents } from './person-events.ts';
import { positionEvents } from './position-events.ts';
import type { EventContext, UnitChange } from './unit-change.ts';

export interface Classified {
  readonly events: readonly DomainEvent[];
  /** What to remember of the unit until its next change; null: nothing. */
  readonly announcement: string | null;
}

/**
 * What happened to a unit, as the topics of meaning.md (Events) name it. Pure: the same change gives the same events
 * with the same ids.
 */
export function classify(change: UnitChange, context: EventContext): Classified {
  switch (change.unit.kind) {
    case 'person':
      return personEvents(change, context);
    case 'position':
      return positionEvents(change, context);
    case 'organisation':
    case 'employer':
      return { events: organizationEvents(change.resources, context), announcement: null };
    case 'location':
      return { events: [], announcement: null };
  }
}
