/**
 * A CSV profile (`mappings/csv/*.json`, a tenant's `csvProfiles`): which columns of a report are kept and what they
 * become. Data, so that another trust's headings need no code (esr.md 1.7).
 */
export interface CsvProfileDocument {
  readonly id: string;
  readonly title?: string;
  /** Does a record's absence from the report mean anything? There is no default (meaning.md, Files). */
  readonly population?: 'complete' | 'partial';
  /** Headings of the column that says whose file it is: a VPD number or an ODS code. */
  readonly tenant?: readonly string[];
  /** Order among the CSV profiles of a tenant where two state the same element: smaller wins. */
  readonly precedence?: number;
  /** Elements (`assignment.endDate`) for which this report beats the GO2 feed, which otherwise wins. */
  readonly wins?: readonly string[];
  readonly drift?: CsvDriftPolicy;
  readonly columns: readonly CsvColumnDocument[];
  /** Values that every row states, by target. */
  readonly constants?: Readonly<Record<string, string | number | boolean>>;
  /** Values of rows whose cell is blank, by target. */
  readonly defaults?: Readonly<Record<string, string | number | boolean>>;
  /** References between the records of one row, e.g. `assignment.positionId`. */
  readonly links?: readonly string[];
  /** Headings that are known and not kept. */
  readonly ignore?: readonly string[];
}

export interface CsvColumnDocument {
  /** `record.field`; `record.id`, `record.start`, `record.end`; `organisation.level1` … `level8`. */
  readonly to: string | readonly string[];
  readonly headers: readonly string[];
  /** The file is held without this column; a row with a blank cell is quarantined. */
  readonly required?: boolean;
  /** Its absence is drift. */
  readonly expected?: boolean;
  /** Of dates: `dd-MMM-yyyy`, `yyyy/MM/dd HH:mm:ss`, … Left out: every unambiguous style. */
  readonly formats?: readonly string[];
  /** Two-digit years from this one on are 19xx, those below 20xx. Default 50. */
  readonly pivot?: number;
  /** Texts that mean that there is nothing. */
  readonly absent?: readonly string[];
  /** Texts of this report and what ESR calls them. */
  readonly values?: Readonly<Record<string, string>>;
  /** One cell of several parts; `to` then has one target per part, `-` for a part that is dropped. */
  readonly separator?: string;
}

/** What becomes of a file whose columns differ from the profile's. */
export interface CsvDriftPolicy {
  readonly new?: DriftAnswer;
  readonly missing?: DriftAnswer;
  readonly renamed?: DriftAnswer;
}

export type DriftAnswer = 'accept' | 'warn' | 'hold';

const record = 'nacs|location|organisation|position|person|registration|assignment';
const target = { type: 'string', pattern: `^(?:${record})\\.[a-z][A-Za-z0-9]*$` } as const;
const targetOrNone = { type: 'string', pattern: `^(?:-|(?:${record})\\.[a-z][A-Za-z0-9]*)$` } as const;
const headers = { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string', minLength: 1, maxLength: 200 } };
const texts = { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 200 } } as const;
const answer = { enum: ['accept', 'warn', 'hold'] } as const;
const values = {
  type: 'object',
  propertyNames: target,
  additionalProperties: { type: ['string', 'number', 'boolean'] },
} as const;

const column = {
  type: 'object',
  additionalProperties: false,
  required: ['to', 'headers'],
  properties: {
    to: { anyOf: [target, { type: 'array', minItems: 1, maxItems: 20, items: targetOrNone }] },
    headers,
    required: { type: 'boolean' },
    expected: { type: 'boolean' },
    formats: { type: 'array', minItems: 1, maxItems: 20, items: { type: 'string', pattern: '^[yMdHhmsT /:.,-]+$' } },
    pivot: { type: 'integer', minimum: 0, maximum: 100 },
    absent: texts,
    values: { type: 'object', additionalProperties: { type: 'string' } },
    separator: { type: 'string', minLength: 1, maxLength: 1 },
  },
} as const;

/** JSON Schema of a profile as a tenant lays it over one of ours: only `id` must be there. */
export const csvOverlaySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: {
    id: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,39}$' },
    title: { type: 'string', minLength: 1, maxLength: 200 },
    population: { enum: ['complete', 'partial'] },
    tenant: headers,
    precedence: { type: 'integer', minimum: 1, maximum: 99 },
    wins: { type: 'array', uniqueItems: true, items: target },
    drift: {
      type: 'object',
      additionalProperties: false,
      properties: { new: answer, missing: answer, renamed: answer },
    },
    columns: { type: 'array', maxItems: 300, items: column },
    constants: values,
    defaults: values,
    links: { type: 'array', uniqueItems: true, items: target },
    ignore: texts,
  },
} as const;

/** JSON Schema of a whole profile. `population` is obligatory: a profile without one is a proposal, not live. */
export const csvProfileSchema = {
  ...csvOverlaySchema,
  required: ['id', 'title', 'population', 'columns'],
} as const;
