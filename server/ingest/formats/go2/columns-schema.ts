/** JSON Schema of a column table (`mappings/esr/v1/columns/*.json`): which fields of a record are kept, and how. */
const field = { type: 'integer', minimum: 2, maximum: 200 } as const;
const name = { type: 'string', pattern: '^[a-z][A-Za-z0-9]*$' } as const;
const code = { type: 'string', pattern: '^[A-Z]{3}$' } as const;
const common = {
  field,
  esr: { type: 'string', minLength: 1 },
  personal: { type: 'boolean' },
  setting: { const: 'publishBirthDate' },
} as const;

const column = {
  type: 'object',
  required: ['field', 'esr', 'kind', 'name'],
  properties: {
    ...common,
    name,
    kind: { enum: ['text', 'date', 'number', 'yes-no'] },
    required: { type: 'boolean' },
    withoutPrefix: field,
  },
  additionalProperties: false,
} as const;

const flexfield = {
  type: 'object',
  required: ['field', 'esr', 'kind', 'separator', 'parts'],
  properties: {
    ...common,
    kind: { const: 'flexfield' },
    separator: { type: 'string', minLength: 1, maxLength: 1 },
    parts: { type: 'array', minItems: 1, items: { anyOf: [name, { type: 'null' }] } },
  },
  additionalProperties: false,
} as const;

export const columnTableSchema = {
  type: 'object',
  required: ['record', 'upsert', 'width', 'key', 'columns'],
  properties: {
    record: { enum: ['nacs', 'location', 'organisation', 'position', 'person', 'registration', 'assignment'] },
    upsert: code,
    delete: code,
    width: {
      type: 'object',
      required: ['minimum', 'known'],
      properties: { minimum: field, known: field },
      additionalProperties: false,
    },
    key: {
      type: 'object',
      required: ['field', 'esr'],
      properties: {
        field,
        esr: { type: 'string', minLength: 1 },
        separator: { type: 'string', minLength: 1, maxLength: 1 },
        part: { type: 'integer', minimum: 1, maximum: 9 },
      },
      dependentRequired: { separator: ['part'], part: ['separator'] },
      additionalProperties: false,
    },
    slice: {
      type: 'object',
      required: ['start', 'end'],
      properties: { start: field, end: field },
      additionalProperties: false,
    },
    only: {
      type: 'object',
      required: ['field', 'equals'],
      properties: { field, equals: { type: 'string', minLength: 1 } },
      additionalProperties: false,
    },
    columns: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['kind'],
        if: { properties: { kind: { const: 'flexfield' } } },
        // biome-ignore lint/suspicious/noThenProperty: the JSON Schema keyword
        then: flexfield,
        else: column,
      },
    },
  },
  additionalProperties: false,
} as const;
