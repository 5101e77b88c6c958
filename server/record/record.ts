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
  /** Hash of what was stated; per feed where it is not the GO2 feed's word alone (`ingest/statements.ts`). */
  readonly hash: string;
  readonly slices: readonly Slice[];
  /** Only of a record that needs it: most are one feed's word under ESR's own id. */
  readonly layers?: RecordLayers;
}

/** What stands behind the slices of a record besides one feed's word (decision 0008). */
export interface RecordLayers {
  /** What the feeds say, the one whose slices count first; left out where the GO2 feed alone says something. */
  readonly statements?: readonly Statement[];
  /** Feeds whose last full files lack the record. */
  readonly absences?: Readonly<Record<string, Absence>>;
  /** The id that ESR gave to a record whose key was made from its number before that was known. */
  readonly esrId?: string;
}

/** One feed's word on a record. */
export interface Statement {
  /** `go2`, `go1`, `csv-<profile>`. */
  readonly feed: string;
  readonly file: string;
  readonly hash: string;
  /** The smaller wins where two feeds state the same element; GO2 is 0. */
  readonly precedence: number;
  /** Fields for which it wins all the same. */
  readonly wins?: readonly string[];
  /** Left out where it is the record's only statement: then they are the record's own. */
  readonly slices?: readonly Slice[];
}

/** A record is missing from the full files of a feed (meaning.md, Files). */
export interface Absence {
  /** Date of the last full file that contained it, `YYYY-MM-DD`. */
  readonly lastSeen: string;
  /** Full files in a row that lack it. */
  readonly files: number;
  /** The last of them, its ledger id. */
  readonly file: string;
  /** What it means by now: nothing yet, a doubt, or that the assignment ended. */
  readonly means: 'nothing' | 'doubt' | 'left';
}

/** How keys begin that were made from a number because no ESR id was known (meaning.md, CSV without ESR ids). */
export const madeKeyPrefix = 'csv:';

/** ESR's own id of a record; undefined where no feed has brought it yet. */
export function esrIdOf({ id, layers }: Pick<SourceRecord, 'id' | 'layers'>): string | undefined {
  return layers?.esrId ?? (id.startsWith(madeKeyPrefix) ? undefined : id);
}

export function keyText(key: RecordKey): string {
  return `${key.type}/${key.id}`;
}
