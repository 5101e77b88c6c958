import type { SearchParameters } from './parameters.ts';
import type { IndexedParameter, IndexSchema } from './query.ts';

/**
 * What a store must index. A reference parameter brings a second one, `name:identifier`, for the token of the
 * reference's own `identifier` (https://hl7.org/fhir/R4/search.html#reference, modifier `:identifier`).
 */
export function indexSchema(parameters: SearchParameters): IndexSchema {
  const schema: Record<string, readonly IndexedParameter[]> = {};
  for (const [type, ofType] of parameters) {
    schema[type] = [...ofType.values()].flatMap(({ code, kind, multiple }): IndexedParameter[] =>
      kind === 'reference'
        ? [
            { param: code, kind, multiple },
            { param: `${code}:identifier`, kind: 'token', multiple },
          ]
        : [{ param: code, kind, multiple }],
    );
  }
  return schema;
}
