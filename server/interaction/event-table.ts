import { topics } from '../topics/topic.ts';
import type { Interaction } from './context.ts';
import { eventBatch } from './event-batch.ts';
import { eventStream } from './event-stream.ts';
import type { ProtectedRoute } from './table.ts';

/** Types of which some topic tells; whoever may read none of them has no events. */
const told = [...new Set(Object.values(topics).map(({ focus }) => focus ?? 'Provenance'))];

/** Everything below `/t/{tenant}/events/{contract}`; tokens are those of the FHIR base of the same contract. */
export const eventRoutes: readonly ProtectedRoute[] = [
  route('', 'event-batch', 'application/cloudevents-batch+json', eventBatch),
  route('stream', 'event-stream', 'text/event-stream', eventStream),
];

function route(
  path: string,
  interaction: string,
  always: NonNullable<ProtectedRoute['always']>,
  run: Interaction,
): ProtectedRoute {
  return {
    ...{ method: 'GET', path, interaction, always, run, audit: 'rest', open: false, types: [] },
    ...{ scopeTypes: told, needs: 'r' },
  };
}
