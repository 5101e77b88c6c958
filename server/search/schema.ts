import type { SearchParameter, SearchParameters } from './parameters.ts';
import type { IndexedParameter, IndexSchema } from './query.ts';

/** The client that a client-owned resource belongs to: indexed to narrow searches, and no parameter of any client's. */
export const ownerParameter = '_owner';

/**
 * What a store must index. Some parameters bring others, for their modifiers (https://hl7.org/fhir/R4/search.html):
 * `name:identifier` holds the token of a reference's own `identifier`, `name:text` the words beside a code,
 * `name:of-type` identifiers with their type.
 */
export function indexSchema(parameters: SearchParameters): IndexSchema {
  const schema: Record<string, readonly IndexedParameter[]> = {};
  for (const [type, ofType] of parameters) schema[type] = [...ofType.values()].flatMap(indexed);
  const { Subscription: ofSubscription = [] } = schema;
  schema['Subscription'] = [...ofSubscription, { param: ownerParameter, kind: 'token', multiple: false }];
  return schema;
}

function indexed({ code, kind, multiple, of }: SearchParameter): readonly IndexedParameter[] {
  const own: IndexedParameter = { param: code, kind, multiple };
  const text: IndexedParameter = { param: `${code}:text`, kind: 'string', multiple: true };
  switch (of) {
    case 'Reference':
      return [own, { param: `${code}:identifier`, kind: 'token', multiple }];
    case 'CodeableConcept':
      return [own, text];
    case 'Identifier':
      return [own, text, { param: `${code}:of-type`, kind: 'token', multiple: true }];
    default:
      return [own];
  }
}
