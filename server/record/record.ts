/** ESR records as every source format is normalised to them (`mappings/esr/record.schema.json`). */

/** In the order in which a file's records are applied: parents first. */
export const recordTypes = [
  'nacs',
  'location',
  'organisation',
  'position',
  'person',
  'registration',
  'assignment',
] as const;
export type RecordType = (typeof recordTypes)[number];

export type FieldValue = string | number | boolean;
export type Fields = Readonly<Record<string, FieldValue>>;

/**
 * One date-tracked slice. `start` and `end` are inclusive `YYYY-MM-DD`; null start = the record is not date-tracked,
 * null end = open. `fields` holds only names of the record schema; an absent value has no key. `line` is 1-based.
 */
export interface Slice {
  readonly start: string | null;
  readonly end: string | null;
  readonly line: number;
  readonly fields: Fields;
}

export interface RecordKey {
  readonly type: RecordType;
  readonly id: string;
}

/** All slices of one ESR record, ordered by start, as the file `file` (ledger id) last stated them. */
export interface SourceRecord extends RecordKey {
  readonly file: string;
  readonly hash: string;
  readonly slices: readonly Slice[];
}

export function keyText(key: RecordKey): string {
  return `${key.type}/${key.id}`;
}
