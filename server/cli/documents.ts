import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assert } from '../core/assert.ts';
import type { RecordSchemaDocument } from '../ingest/formats/csv/record-fields.ts';
import type { ColumnDocument } from '../ingest/formats/go2/columns.ts';
import type { TopicDefinition } from '../interaction/subscription-desk.ts';
import type { MappingFile, MappingFiles } from '../mapping/compile.ts';

/** The folder of the package: the nearest one above this file that holds `package.json` and `mappings`. */
export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'mappings')) || !existsSync(join(folder, 'package.json'))) {
    assert(dirname(folder) !== folder, 'the package folder holds mappings');
    folder = dirname(folder);
  }
  return folder;
}

/** `esr-fhir VERSION`, from package.json. */
export function softwareName(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  return `${name} ${version}`;
}

/** The documents of a contract version's mapping. */
export function mappingFiles(folder: string, contract: string): MappingFiles {
  return {
    contract,
    resources: documents(folder, join('esr', contract)),
    codes: documents(folder, 'codes'),
    recordSchema: read(folder, join('esr', 'record.schema.json')),
  };
}

/** The column tables: which fields of which GO2 record are kept. */
export function columnFiles(folder: string, contract: string): readonly ColumnDocument[] {
  return documents(folder, join('esr', contract, 'columns')).map(({ path, text }) => ({
    file: path,
    document: JSON.parse(text) as unknown,
  }));
}

/** Our CSV profiles, parsed, and the record schema that their columns are checked against. */
export function csvProfileFiles(folder: string): {
  readonly profiles: readonly ColumnDocument[];
  readonly schema: RecordSchemaDocument;
} {
  const parsed = ({ path, text }: MappingFile) => ({ file: path, document: JSON.parse(text) as unknown });
  const schema = JSON.parse(read(folder, join('esr', 'record.schema.json')).text) as RecordSchemaDocument;
  return { profiles: documents(folder, 'csv').map(parsed), schema };
}

/** What the topics of subscriptions mean: `conformance/topics/`. */
export function topicDefinitions(folder: string): readonly TopicDefinition[] {
  const place = join(folder, 'conformance', 'topics');
  const names = readdirSync(place).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(join(place, name), 'utf8')) as TopicDefinition);
}

function documents(folder: string, below: string): MappingFile[] {
  const names = readdirSync(join(folder, 'mappings', below)).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => read(folder, join(below, name)));
}

function read(folder: string, path: string): MappingFile {
  return { path, text: readFileSync(join(folder, 'mappings', path), 'utf8') };
}
