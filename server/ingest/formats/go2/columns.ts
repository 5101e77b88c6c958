import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { AppError } from '../../../core/error.ts';
import { contentHash } from '../../../core/hash.ts';
import { ownSchema } from '../../../core/own-schema.ts';
import { type RecordType, recordTypes } from '../../../record/record.ts';
import { columnTableSchema } from './columns-schema.ts';

/** A parsed column table with the name of its file, which errors quote. */
export interface ColumnDocument {
  readonly file: string;
  readonly document: unknown;
}

/** What of a tenant's settings decides which columns are kept. */
export interface ColumnSettings {
  readonly publishBirthDate: boolean;
}

/** Every record type that is kept, ready to normalise rows with. */
export interface Columns {
  /** By the first field of a row (`PRA`, `PRD`, …). A type that is not here is dropped at parse. */
  readonly byCode: ReadonlyMap<string, RowTable>;
  /** Names of fields that `maskRow` hides, by record type. */
  readonly personal: ReadonlyMap<RecordType, ReadonlySet<string>>;
  /** Differs where other columns are kept or they are read otherwise. */
  readonly reading: string;
}

export interface RowTable {
  readonly action: 'upsert' | 'delete';
  readonly record: RecordType;
  readonly rank: number;
  readonly code: string;
  /** Fewer fields than this reject the row; more than `widthKnown` are tolerated and counted. */
  readonly widthMin: number;
  readonly widthKnown: number;
  readonly key: KeyField;
  readonly slice: { readonly start: number; readonly end: number } | null;
  /** Rows whose field says something else are of a kind that is dropped. */
  readonly only: { readonly index: number; readonly equals: string } | null;
  readonly columns: readonly Column[];
}

/** All indexes count from 0, the record type being 0. */
export interface KeyField {
  readonly index: number;
  readonly where: string;
  readonly split: { readonly separator: string; readonly part: number } | null;
}

export interface Column {
  readonly index: number;
  readonly kind: 'text' | 'date' | 'number' | 'yes-no' | 'flexfield';
  /** Name in the record schema; of a flexfield the ESR name. */
  readonly name: string;
  /** `"name":`, ready for the JSON of a row. */
  readonly json: string;
  /** The ESR field as people know it: `Last Name (PRA 7)`. */
  readonly where: string;
  readonly required: boolean;
  /** Index of the field whose text is taken off the front, or −1. */
  readonly prefixIndex: number;
  readonly separator: string;
  /** Of a flexfield: per part its `"name":`, null where the part is dropped. */
  readonly parts: readonly (string | null)[];
}

interface TableDocument {
  readonly record: RecordType;
  readonly upsert: string;
  readonly delete?: string;
  readonly width: { readonly minimum: number; readonly known: number };
  readonly key: { readonly field: number; readonly esr: string; readonly separator?: string; readonly part?: number };
  readonly slice?: { readonly start: number; readonly end: number };
  readonly only?: { readonly field: number; readonly equals: string };
  readonly columns: readonly ColumnEntry[];
}

interface ColumnEntry {
  readonly field: number;
  readonly esr: string;
  readonly kind: Column['kind'];
  readonly name?: string;
  readonly personal?: boolean;
  readonly setting?: keyof ColumnSettings;
  readonly required?: boolean;
  readonly withoutPrefix?: number;
  readonly separator?: string;
  readonly parts?: readonly (string | null)[];
}

let validate: ValidateFunction<TableDocument> | undefined;

/**
 * Compiles the column tables (`mappings/esr/v1/columns/*.json`, already parsed): the field allow-list as data. A
 * column whose `setting` is off is left out, so its values are dropped at parse like those of any unnamed field.
 *
 * @throws AppError `invalid` naming file, path and reason for the first table that breaks the table's schema, names a
 *   field twice or beyond the row, or a record type that another table has
 */
export function compileColumns(documents: readonly ColumnDocument[], settings: ColumnSettings): Columns {
  validate ??= new Ajv2020({ strict: true, strictTypes: false, ...ownSchema }).compile<TableDocument>(
    columnTableSchema,
  );
  const byCode = new Map<string, RowTable>();
  const personal = new Map<RecordType, ReadonlySet<string>>();
  for (const { file, document } of documents) {
    if (!validate(document)) {
      const [error] = validate.errors ?? [];
      throw invalid(file, error?.instancePath ?? '', error?.message ?? 'is not a column table');
    }
    checkTable(file, document);
    for (const table of rowTables(document, settings)) {
      if (byCode.has(table.code)) throw invalid(file, '/upsert', `${table.code} has a table already`);
      byCode.set(table.code, table);
    }
    if (personal.has(document.record)) throw invalid(file, '/record', `${document.record} has a table already`);
    personal.set(document.record, new Set(document.columns.flatMap((c) => (c.personal === true ? namesOf(c) : []))));
  }
  const reading = contentHash(JSON.stringify([documents.map(({ document }) => document), settings]));
  return { byCode, personal, reading };
}

function invalid(file: string, path: string, reason: string): AppError {
  return new AppError('invalid', `${file}: ${path === '' ? '/' : path} ${reason}`);
}

function namesOf(column: ColumnEntry): readonly string[] {
  const names = column.parts ?? [column.name ?? null];
  return names.filter((name) => name !== null);
}

function checkTable(file: string, table: TableDocument): void {
  const seen = new Set<string>();
  if (table.width.known < table.width.minimum) throw invalid(file, '/width/known', 'is below the minimum');
  const last = table.width.minimum;
  if (table.key.field > last) throw invalid(file, '/key/field', `is beyond the ${last} fields of a row`);
  if (table.slice && Math.max(table.slice.start, table.slice.end) > last) {
    throw invalid(file, '/slice', `is beyond the ${last} fields of a row`);
  }
  if (table.only && table.only.field > last)
    throw invalid(file, '/only/field', `is beyond the ${last} fields of a row`);
  for (const [at, column] of table.columns.entries()) {
    if (column.field > last) throw invalid(file, `/columns/${at}/field`, `is beyond the ${last} fields of a row`);
    for (const name of namesOf(column)) {
      if (seen.has(name)) throw invalid(file, `/columns/${at}`, `names ${name} a second time`);
      seen.add(name);
    }
  }
}

function rowTables(table: TableDocument, settings: ColumnSettings): readonly RowTable[] {
  const { key } = table;
  const split = key.separator === undefined ? null : { separator: key.separator, part: (key.part ?? 1) - 1 };
  const shared = { record: table.record, rank: recordTypes.indexOf(table.record) };
  const upsert: RowTable = {
    ...shared,
    action: 'upsert',
    code: table.upsert,
    widthMin: table.width.minimum,
    widthKnown: table.width.known,
    key: { index: key.field - 1, where: `${key.esr} (${table.upsert} ${key.field})`, split },
    slice: table.slice ? { start: table.slice.start - 1, end: table.slice.end - 1 } : null,
    only: table.only ? { index: table.only.field - 1, equals: table.only.equals } : null,
    columns: table.columns
      .filter((column) => column.setting === undefined || settings[column.setting])
      .map((column) => compileColumn(column, table.upsert)),
  };
  if (table.delete === undefined) return [upsert];
  // A delete carries its type and the record's own key alone: field 2, whatever field 2 of the upsert is (esr.md 1.2).
  const remove: RowTable = {
    ...shared,
    action: 'delete',
    code: table.delete,
    widthMin: 2,
    widthKnown: 2,
    key: { index: 1, where: `${key.esr} (${table.delete} 2)`, split: null },
    slice: null,
    only: null,
    columns: [],
  };
  return [upsert, remove];
}

function compileColumn(column: ColumnEntry, code: string): Column {
  const name = column.name ?? column.esr;
  return {
    index: column.field - 1,
    kind: column.kind,
    name,
    json: `${JSON.stringify(name)}:`,
    where: `${column.esr} (${code} ${column.field})`,
    required: column.required ?? false,
    prefixIndex: (column.withoutPrefix ?? 0) - 1,
    separator: column.separator ?? '',
    parts: (column.parts ?? []).map((part) => (part === null ? null : `${JSON.stringify(part)}:`)),
  };
}
