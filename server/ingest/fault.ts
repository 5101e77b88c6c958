/**
 * The closed table of row faults: what may be wrong with a row or with the rows of one record, and the sentence that
 * says so. Sentences never hold a value of the row. Row-level ones come from `normalise.ts`, group-level ones from the
 * validation of a record's rows together (meaning.md, Slices and Files).
 */
const faultRules = {
  'row-too-short': { severity: 'error', sentence: 'the row has fewer fields than its record type needs' },
  'line-too-long': { severity: 'error', sentence: 'the line is longer than any ESR record' },
  'missing-key': { severity: 'error', sentence: 'the identifier of the record is blank' },
  'bad-key': { severity: 'error', sentence: 'the identifier of the record is too long or holds control characters' },
  'missing-field': { severity: 'error', sentence: 'a required field is blank' },
  'control-character': { severity: 'error', sentence: 'the field holds control characters' },
  'bad-date': { severity: 'error', sentence: 'the field is not a date of the calendar between 1900 and 2199' },
  'bad-number': { severity: 'error', sentence: 'the field is not a number of zero or more' },
  'bad-flag': { severity: 'error', sentence: 'the field is neither Yes nor No' },
  'end-before-start': { severity: 'error', sentence: 'the effective end is before the effective start' },
  'duplicate-slice': { severity: 'error', sentence: 'two rows of the record share a start but differ in contents' },
  'upsert-and-delete': { severity: 'error', sentence: 'the file both states and deletes the record' },
  contradiction: { severity: 'error', sentence: 'rows of the file that repeat the record contradict each other' },
  'ambiguous-match': { severity: 'error', sentence: 'more than one stored record matches, and none is chosen' },
  'row-too-long': {
    severity: 'error',
    sentence: 'the row has more cells than the header: a delimiter may be unquoted',
  },
  'sibling-bad': { severity: 'error', sentence: 'another row of the same record in the file is bad' },
  'person-missing': { severity: 'error', sentence: 'the person that the row belongs to is not known' },
  'person-quarantined': {
    severity: 'error',
    sentence: 'the rows of the person that the row belongs to are quarantined',
  },
} as const;

export type FaultRule = keyof typeof faultRules;

/** A rule of the tenant's own, by its id. */
type OwnRule = `own-${string}`;

export interface Fault {
  readonly rule: FaultRule | OwnRule;
  readonly severity: 'error' | 'warning';
  /** Name in the record schema, or the ESR field where the schema has none; null = the row as a whole. */
  readonly field: string | null;
  /** One sentence without personal data. */
  readonly message: string;
}

/** A fault of `rule`; `where` names the ESR field as people know it, e.g. `Last Name (PRA 7)`. */
export function fault(rule: FaultRule, field: string | null = null, where: string | null = null): Fault {
  const { severity, sentence } = faultRules[rule];
  const message = where === null ? `${sentence[0]?.toUpperCase()}${sentence.slice(1)}.` : `${where}: ${sentence}.`;
  return { rule, severity, field, message };
}
