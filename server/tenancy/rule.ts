/**
 * A rule of a tenant's own for its ESR records (`tenant apply`, `rules`), beside those that every file is held against.
 * Checked against every slice that a file states; blank fields pass unless `required`.
 */
export interface RuleDocument {
  /** Shown as the exception's rule, with `own-` before it. */
  readonly id: string;
  readonly record: 'location' | 'organisation' | 'position' | 'person' | 'registration' | 'assignment';
  /** Name in the record schema (`mappings/esr/record.schema.json`). */
  readonly field: string;
  /** `error` quarantines all rows that the file has of the record; `warning` applies them and opens a doubt. */
  readonly severity: 'error' | 'warning';
  /** What is wrong, in the tenant's words; no personal data. */
  readonly message: string;
  readonly required?: boolean;
  /** `9` is a digit, `A` a letter, `*` any text, everything else itself; case does not count. */
  readonly like?: string;
  readonly oneOf?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** The rule is for those slices alone whose field says this. */
  readonly when?: RuleCondition;
}

interface RuleCondition {
  readonly field: string;
  readonly like?: string;
  readonly oneOf?: readonly string[];
}

/** Whose exceptions of a kind are (`tenant apply`, `owners`). The first that fits counts. */
export interface OwnerDocument {
  readonly owner: string;
  readonly record?: RuleDocument['record'] | 'nacs';
  /** The exception's rule, e.g. `parent-missing`, `own-ID`. */
  readonly rule?: string;
  readonly severity?: 'error' | 'warning';
}

type Values = Readonly<Record<string, string | number | boolean>>;

const name = { type: 'string', pattern: '^[a-z][A-Za-z0-9]{0,59}$' } as const;
const like = { type: 'string', minLength: 1, maxLength: 100 } as const;
const oneOf = { type: 'array', minItems: 1, maxItems: 1000, items: { type: 'string', maxLength: 200 } } as const;
const records = ['location', 'organisation', 'position', 'person', 'registration', 'assignment'] as const;
const severity = { enum: ['error', 'warning'] } as const;

/** JSON Schema of a tenant's `rules`. */
export const rulesSchema = {
  type: 'array',
  maxItems: 200,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'record', 'field', 'severity', 'message'],
    anyOf: ['required', 'like', 'oneOf', 'minimum', 'maximum'].map((one) => ({ required: [one] })),
    properties: {
      id: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,39}$' },
      record: { enum: records },
      field: name,
      severity,
      message: { type: 'string', minLength: 1, maxLength: 200 },
      required: { const: true },
      ...{ like, oneOf, minimum: { type: 'number' }, maximum: { type: 'number' } },
      when: {
        type: 'object',
        additionalProperties: false,
        required: ['field'],
        anyOf: [{ required: ['like'] }, { required: ['oneOf'] }],
        properties: { field: name, like, oneOf },
      },
    },
  },
} as const;

/** JSON Schema of a tenant's `owners`. */
export const ownersSchema = {
  type: 'array',
  maxItems: 200,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['owner'],
    properties: {
      owner: { type: 'string', minLength: 1, maxLength: 100 },
      record: { enum: [...records, 'nacs'] },
      rule: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,59}$' },
      severity,
    },
  },
} as const;

/** The rules that a slice of such a record breaks, in the tenant's order. */
export function brokenRules(rules: readonly RuleDocument[], record: string, fields: Values): readonly RuleDocument[] {
  return rules.filter((rule) => rule.record === record && concerns(rule.when, fields) && !holds(rule, fields));
}

/** Who looks after an exception: the first owner that fits, else `otherwise`. */
export function ownerOf(
  owners: readonly OwnerDocument[] | undefined,
  about: { readonly record: string; readonly rule: string; readonly severity: string },
  otherwise: string,
): string {
  const fits = ({ record, rule, severity: of }: OwnerDocument) =>
    (record ?? about.record) === about.record &&
    (rule ?? about.rule) === about.rule &&
    (of ?? about.severity) === about.severity;
  return owners?.find(fits)?.owner ?? otherwise;
}

/** Fields that the rules name and `known` has not, as `record.field`. */
export function unknownFields(
  rules: readonly RuleDocument[],
  known: (record: string, field: string) => boolean,
): readonly string[] {
  const named = rules.flatMap(({ record, field, when }) =>
    [field, ...(when === undefined ? [] : [when.field])].map((one) => ({ record, one })),
  );
  return [
    ...new Set(named.filter(({ record, one }) => !known(record, one)).map(({ record, one }) => `${record}.${one}`)),
  ];
}

function concerns(when: RuleCondition | undefined, fields: Values): boolean {
  if (when === undefined) return true;
  const value = fields[when.field];
  return value !== undefined && isLike(value, when.like) && isOneOf(value, when.oneOf);
}

function holds({ field, required, like: shape, oneOf: values, minimum, maximum }: RuleDocument, fields: Values) {
  const value = fields[field];
  if (value === undefined) return required !== true;
  const number = Number(value);
  return (
    isLike(value, shape) &&
    isOneOf(value, values) &&
    (minimum === undefined || number >= minimum) &&
    (maximum === undefined || number <= maximum)
  );
}

function isOneOf(value: string | number | boolean, values: readonly string[] | undefined): boolean {
  return values === undefined || values.some((one) => one.toLowerCase() === String(value).toLowerCase());
}

function isLike(value: string | number | boolean, shape: string | undefined): boolean {
  return shape === undefined || matches(String(value).toLowerCase(), shape.split('*'));
}

/** Each part at the first place where it fits after the one before: linear, where a regular expression is not. */
function matches(text: string, parts: readonly string[]): boolean {
  const last = parts.at(-1) ?? '';
  const [first = ''] = parts;
  if (parts.length === 1) return text.length === first.length && fits(text, 0, first);
  const end = text.length - last.length;
  if (end < first.length || !fits(text, 0, first) || !fits(text, end, last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    while (at + part.length <= end && !fits(text, at, part)) at += 1;
    if (at + part.length > end) return false;
    at += part.length;
  }
  return true;
}

function fits(text: string, at: number, part: string): boolean {
  for (let index = 0; index < part.length; index += 1) {
    const wanted = part[index] ?? '';
    const is = text[at + index] ?? '';
    if (wanted === '9' ? !/\d/.test(is) : wanted === 'A' ? !/\p{L}/u.test(is) : wanted.toLowerCase() !== is)
      return false;
  }
  return true;
}
