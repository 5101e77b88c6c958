import { recordTypes } from '../../../record/record.ts';

/** `mappings/esr/record.schema.json`, as far as field names and types go. */
export interface RecordSchemaDocument {
  readonly $defs: Readonly<Record<string, { readonly properties?: Readonly<Record<string, FieldSchema>> }>>;
}

interface FieldSchema {
  readonly $ref?: string;
  readonly type?: string;
}

export type FieldKind = 'text' | 'date' | 'number' | 'yes-no';

const kindsByRef: Readonly<Record<string, FieldKind>> = {
  '#/$defs/text': 'text',
  '#/$defs/date': 'date',
  '#/$defs/quantity': 'number',
};

/** The kind of every field, by `record.field`, in the order of the schema. */
export function fieldKinds(schema: RecordSchemaDocument): ReadonlyMap<string, FieldKind> {
  const kinds = new Map<string, FieldKind>();
  for (const record of recordTypes) {
    for (const [field, { $ref, type }] of Object.entries(schema.$defs[record]?.properties ?? {})) {
      const kind = type === 'boolean' ? 'yes-no' : kindsByRef[$ref ?? ''];
      if (kind !== undefined) kinds.set(`${record}.${field}`, kind);
    }
  }
  return kinds;
}
