import { readdirSync, readFileSync } from 'node:fs';
import { compileProfiles } from '../../../../../server/ingest/formats/csv/profile.ts';
import type { RecordSchemaDocument } from '../../../../../server/ingest/formats/csv/record-fields.ts';
import type { CsvProfileDocument } from '../../../../../server/tenancy/csv-profile.ts';

const mappings = new URL('../../../../../mappings/', import.meta.url);
const json = (path: string) => JSON.parse(readFileSync(new URL(path, mappings), 'utf8')) as unknown;

export const schema = json('esr/record.schema.json') as RecordSchemaDocument;
export const ours = readdirSync(new URL('csv/', mappings)).map((name) => ({
  file: `csv/${name}`,
  document: json(`csv/${name}`),
}));

/** Our profiles, with these laid over them. */
export function profilesWith(...overlays: readonly Partial<CsvProfileDocument>[]) {
  const over = overlays.map((document, at) => ({
    file: `tenant rxx /csvProfiles/${at}`,
    document: document as CsvProfileDocument,
  }));
  return compileProfiles(ours, over, schema, { publishBirthDate: false });
}
