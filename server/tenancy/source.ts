/** Ways that a file can come. The ledger's `source` says them so. */
const ways = ['command line', 'drop folder', 'upload'] as const;
export type Way = (typeof ways)[number];

/** What a tenant says of one of its feeds (`tenant apply`, `sources`); what is left out stays as it is without. */
export interface SourceDocument {
  /** `go2`, `go1`, or `csv-` with the id of a CSV profile. */
  readonly feed: string;
  /** Does absence from a full file mean anything? Left out: the setting, of a CSV its profile. */
  readonly population?: 'complete' | 'partial';
  /** Full files in a row that must lack an assignment. Left out: the setting. */
  readonly absentFullFilesMin?: number;
  /** A file of the feed that comes another way is refused. Left out: every way. */
  readonly ways?: readonly Way[];
}

/** JSON Schema of a tenant's `sources`. */
export const sourcesSchema = {
  type: 'array',
  maxItems: 60,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['feed'],
    properties: {
      feed: { type: 'string', pattern: '^(?:go2|go1|csv-[a-z][a-z0-9-]{0,39})$' },
      population: { enum: ['complete', 'partial'] },
      absentFullFilesMin: { type: 'integer', minimum: 1, maximum: 100 },
      ways: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: ways } },
    },
  },
} as const;

/** What the tenant says of the feed; an empty word where it says nothing. */
export function sourceOf(sources: readonly SourceDocument[] | undefined, feed: string): Omit<SourceDocument, 'feed'> {
  return sources?.find((source) => source.feed === feed) ?? {};
}
