/**
 * Ajv's options for a schema of ours: to check them against the schema of schemas at every start takes a tenth of a
 * second.
 */
export const ownSchema = { meta: false, validateSchema: false } as const;
