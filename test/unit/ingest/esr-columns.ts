import { readdirSync, readFileSync } from 'node:fs';
import { type ColumnDocument, type Columns, compileColumns } from '../../../server/ingest/formats/go2/columns.ts';

const folder = new URL('../../../mappings/esr/v1/columns/', import.meta.url);

/** The project's own column tables. */
export const columnDocuments: readonly ColumnDocument[] = readdirSync(folder)
  .sort()
  .map((file) => ({ file, document: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown }));

export const columns: Columns = compileColumns(columnDocuments, { publishBirthDate: false });
export const columnsWithBirthDate: Columns = compileColumns(columnDocuments, { publishBirthDate: true });
