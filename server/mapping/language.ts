/**
 * The mapping language. A resource document (`mappings/esr/<contract>/*.json`) has the shape of the resource that it
 * makes, keys in FHIR order; `mappings/README.md` explains it. A node of its template is one of:
 *
 * - a literal, in which `{base}` and `{tenant}` stand for the canonical base and the tenant id;
 * - an array: absent items are left out, lists from `$each` and `words` are flattened, an empty one is absent;
 * - an object: absent members are left out, and it is itself absent when none of its computed members is there;
 * - `{"$from": path, "$apply": [transform …]}`: an input, the first of several paths that is there;
 * - `{"$first": [node …]}`: the first that is there;
 * - `{"$each": list, "$as": name, "$value": node}`: one value per item of a list input;
 * - `{"$value": node}`, to put a condition on a literal or an array.
 *
 * Conditions stand beside any object form: `$when` names an input that must be there and not be false; `$where` is a
 * FHIRPath expression over the inputs, for rare conditions (it costs 1000 times as much).
 */
export type Template =
  | string
  | number
  | boolean
  | readonly Template[]
  | FromNode
  | FirstNode
  | EachNode
  | ValueNode
  | ObjectNode;

interface Conditions {
  readonly $when?: string;
  readonly $where?: string;
}

export interface FromNode extends Conditions {
  readonly $from: string | readonly string[];
  readonly $apply?: readonly Transform[];
}

export interface FirstNode extends Conditions {
  readonly $first: readonly Template[];
}

export interface EachNode extends Conditions {
  readonly $each: string;
  readonly $as: string;
  readonly $value: Template;
}

export interface ValueNode extends Conditions {
  readonly $value: Template;
}

export interface ObjectNode extends Conditions {
  readonly [member: string]: Template | undefined;
}

/** The closed set of transforms. What they cannot do is a fact that TypeScript supplies (`inputs.ts`). */
export type Transform =
  /** Split at white space into a list. */
  | 'words'
  /** As text: numbers and flags become strings. */
  | 'text'
  /** `prefix` + value. */
  | { readonly prefix: string }
  /** Another value for each of these; any other value is absent. */
  | { readonly map: Readonly<Record<string, string>> }
  /** The value if the regular expression matches it; else absent, with a warning. */
  | { readonly pattern: string }
  /** The code of the concept that the text means; else absent, with a warning. */
  | { readonly code: string }
  /** The Coding of that concept. `within`: the field beside this one that says the group. */
  | { readonly coding: string; readonly within?: string };

export interface ResourceDocument {
  readonly description: string;
  readonly resource: string;
  readonly template: ObjectNode;
}

const conditions = { $when: { type: 'string' }, $where: { type: 'string' } };
const one = (name: string, rest: object = {}) => ({
  type: 'object',
  properties: { [name]: { type: 'string' }, ...rest },
  required: [name],
  additionalProperties: false,
});

function form(marker: string, properties: object, required: readonly string[]): object {
  return {
    if: { required: [marker] },
    // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
    then: { properties: { ...properties, ...conditions }, required, additionalProperties: false },
  };
}

/** JSON Schema of a resource document. */
export const resourceSchema = {
  type: 'object',
  properties: {
    description: { type: 'string' },
    resource: { enum: ['Practitioner', 'PractitionerRole', 'Organization', 'Location', 'Basic'] },
    template: { type: 'object', allOf: [{ $ref: '#/definitions/node' }] },
  },
  required: ['description', 'resource', 'template'],
  additionalProperties: false,
  definitions: {
    node: {
      type: ['string', 'number', 'boolean', 'array', 'object'],
      items: { $ref: '#/definitions/node' },
      allOf: [
        form('$from', { $from: { $ref: '#/definitions/paths' }, $apply: { $ref: '#/definitions/transforms' } }, []),
        form('$first', { $first: { type: 'array', minItems: 1, items: { $ref: '#/definitions/node' } } }, []),
        form('$each', { $each: { type: 'string' }, $as: { type: 'string' }, $value: { $ref: '#/definitions/node' } }, [
          '$as',
          '$value',
        ]),
      ],
      properties: { ...conditions },
      patternProperties: {
        '^[^$]': { $ref: '#/definitions/node' },
        '^\\$value$': { $ref: '#/definitions/node' },
        '^\\$(from|first|each|as|apply)$': {},
      },
      additionalProperties: false,
    },
    paths: {
      type: ['string', 'array'],
      pattern: '^[a-z][A-Za-z]*\\.[a-z][A-Za-z0-9]*$',
      minItems: 1,
      items: { type: 'string', pattern: '^[a-z][A-Za-z]*\\.[a-z][A-Za-z0-9]*$' },
    },
    transforms: {
      type: 'array',
      minItems: 1,
      items: {
        oneOf: [
          { enum: ['words', 'text'] },
          one('prefix'),
          one('pattern'),
          one('code'),
          one('coding', { within: { type: 'string' } }),
          {
            type: 'object',
            properties: { map: { type: 'object', additionalProperties: { type: 'string' } } },
            required: ['map'],
            additionalProperties: false,
          },
        ],
      },
    },
  },
} as const;

/** JSON Schema of a code list (`mappings/codes/*.json`). */
export const codeListSchema = {
  type: 'object',
  properties: {
    list: { type: 'string', pattern: '^[a-z][a-z-]*$' },
    title: { type: 'string' },
    system: { type: 'string' },
    source: { type: 'string' },
    version: { type: 'string' },
    licence: { type: 'string' },
    within: { type: 'string' },
    concepts: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          code: { type: 'string', pattern: '^[^\\s]+$' },
          display: { type: 'string', minLength: 1 },
          group: { type: 'string' },
          aliases: { type: 'array', items: { type: 'string' } },
          retired: { const: true },
          number: {
            type: 'object',
            properties: {
              systems: { type: 'array', minItems: 1, items: { type: 'string' } },
              pattern: { type: 'string', format: 'regex' },
            },
            required: ['systems', 'pattern'],
            additionalProperties: false,
          },
        },
        required: ['code', 'display'],
        additionalProperties: false,
      },
    },
  },
  required: ['list', 'title', 'system', 'source', 'version', 'licence', 'concepts'],
  additionalProperties: false,
} as const;
