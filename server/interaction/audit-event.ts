import type { Interaction } from './context.ts';
import { renderedRead, renderedSearch } from './rendered.ts';

/** https://hl7.org/fhir/R4/auditevent.html, rendered from the tenant's audit rows. */
export const readAuditEvent: Interaction = (context, { id }) => renderedRead(context, (trace) => trace.readAudit(id));

export const searchAuditEvent: Interaction = (context, request) =>
  renderedSearch(context, request, (trace, parameters, page) => trace.searchAudit(parameters, page));
