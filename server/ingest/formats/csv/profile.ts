import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { AppError } from '../../../core/error.ts';
import { contentHash } from '../../../core/hash.ts';
import { ownSchema } from '../../../core/own-schema.ts';
import { type FieldValue, type RecordType, recordTypes } from '../../../record/record.ts';
import {
  type CsvColumnDocument,
  type CsvDriftPolicy,
  type CsvProfileDocument,
  csvProfileSchema,
} from '../../../tenancy/csv-profile.ts';
import { commonFormats, dateReader, type ReadDate } from './date-format.ts';
import { foldHeader } from './fold-header.ts';
import { type FieldKind, fieldKinds, type RecordSchemaDocument } from './record-fields.ts';

/** A profile ready to be bound to the header of a file. */
export interface CsvProfile {
  readonly id: string;
  readonly title: string;
  readonly population: 'complete' | 'partial';
  /** Folded headings of the column that says whose file it is. */
  readonly tenant: readonly string[];
  readonly precedence: number;
  readonly wins: readonly string[];
  readonly drift: Required<CsvDriftPolicy>;
  readonly columns: readonly CsvColumn[];
  readonly constants: readonly StatedValue[];
  readonly defaults: readonly StatedValue[];
  readonly links: ReadonlySet<string>;
  /** Folded headings that are known and not kept. */
  readonly ignore: ReadonlySet<string>;
  readonly records: ReadonlySet<RecordType>;
  /** Differs where rows are read otherwise. */
  readonly reading: string;
  /** Place of each `record.field` in the record schema: rows of all formats state their fields in that order. */
  readonly fieldOrder: ReadonlyMap<string, number>;
}

export interface CsvColumn {
  /** How messages name it: the first heading of the profile. */
  readonly name: string;
  /** Folded headings, the preferred one first. */
  readonly headers: readonly string[];
  readonly required: boolean;
  readonly expected: boolean;
  readonly absent: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  /** Null: every target takes the whole cell. */
  readonly separator: string | null;
  /** Null: this part of the cell is dropped. */
  readonly targets: readonly (Target | null)[];
}

export interface Target {
  readonly record: RecordType;
  /** A field of the record schema; `id`, `start`, `end`; `level1` … `level8`. */
  readonly field: string;
  readonly kind: FieldKind;
  readonly date: ReadDate | null;
}

interface StatedValue {
  readonly record: RecordType;
  readonly field: string;
  readonly value: FieldValue;
}

interface CsvProfileSource {
  /** Quoted by errors: the file, or the tenant. */
  readonly file: string;
  readonly document: CsvProfileDocument;
}

export interface CsvProfileSettings {
  readonly publishBirthDate: boolean;
}

const validators = new Map<string, ValidateFunction>();
const levels = /^level[1-8]$/;

/**
 * Compiles profiles; a tenant's overlay of the same id is laid over ours first. Throws AppError `invalid` naming file,
 * path and reason for the first profile that is not sound.
 */
export function compileProfiles(
  ours: readonly { readonly file: string; readonly document: unknown }[],
  overlays: readonly CsvProfileSource[],
  schema: RecordSchemaDocument,
  settings: CsvProfileSettings,
): readonly CsvProfile[] {
  const sources = new Map<string, CsvProfileSource>();
  for (const { file, document } of ours) {
    checkSchema(file, document);
    const known = document as CsvProfileDocument;
    if (sources.has(known.id)) throw invalid(file, '/id', `${known.id} is the id of another profile`);
    sources.set(known.id, { file, document: known });
  }
  for (const { file, document } of overlays) {
    const base = sources.get(document.id)?.document;
    const merged = base === undefined ? document : overlay(base, document);
    checkSchema(file, merged);
    sources.set(document.id, { file, document: merged });
  }
  return [...sources.values()].map((source) => compileProfile(source, schema, settings));
}

function checkSchema(file: string, document: unknown): void {
  let validate = validators.get('profile');
  if (validate === undefined) {
    // Our own schema needs no check against the schema of schemas, which takes longer than everything else here.
    validate = new Ajv2020({ strict: true, allowUnionTypes: true, ...ownSchema }).compile(csvProfileSchema);
    validators.set('profile', validate);
  }
  if (validate(document)) return;
  const [error] = validate.errors ?? [];
  const extra: unknown = error?.params['additionalProperty'];
  const detail = typeof extra === 'string' ? ` (${extra})` : '';
  throw invalid(file, error?.instancePath ?? '', `${error?.message ?? 'is not a CSV profile'}${detail}`);
}

function invalid(file: string, path: string, reason: string): AppError {
  return new AppError('invalid', `${file}: ${path === '' ? '/' : path} ${reason}`);
}

/** The tenant's word counts; its headings for a column of ours come before ours. */
function overlay(base: CsvProfileDocument, over: CsvProfileDocument): CsvProfileDocument {
  const place = (column: CsvColumnDocument) => JSON.stringify([column.to].flat());
  const columns = new Map(base.columns.map((column) => [place(column), column]));
  for (const column of over.columns ?? []) {
    const known = columns.get(place(column));
    const headers = [...new Set([...column.headers, ...(known?.headers ?? [])])];
    columns.set(place(column), { ...known, ...column, headers });
  }
  return {
    ...base,
    ...over,
    drift: { ...base.drift, ...over.drift },
    columns: [...columns.values()],
    constants: { ...base.constants, ...over.constants },
    defaults: { ...base.defaults, ...over.defaults },
    ignore: [...(base.ignore ?? []), ...(over.ignore ?? [])],
    ...(over.tenant === undefined ? {} : { tenant: [...over.tenant, ...(base.tenant ?? [])] }),
  };
}

function compileProfile(
  { file, document }: CsvProfileSource,
  schema: RecordSchemaDocument,
  settings: CsvProfileSettings,
): CsvProfile {
  const kinds = fieldKinds(schema);
  const target = (text: string, path: string, column?: CsvColumnDocument): Target => {
    const [type = '', field = ''] = text.split('.');
    const record = type as RecordType;
    const kind = kindOf(kinds, record, field);
    if (kind === undefined) throw invalid(file, path, `names ${text}, which the record schema does not have`);
    const date = kind === 'date' ? dateReader(column?.formats ?? commonFormats, column?.pivot, column?.absent) : null;
    return { record, field, kind, date };
  };
  const stated = (name: 'constants' | 'defaults') =>
    Object.entries(document[name] ?? {}).map(([text, value]) => {
      const { record, field } = target(text, `/${name}`);
      return { record, field, value };
    });
  const kept = (text: string) => settings.publishBirthDate || text !== 'person.birthDate';
  const columns = document.columns.map((column, at): CsvColumn => {
    const texts = [column.to].flat().filter((text) => column.separator !== undefined || kept(text));
    const path = `/columns/${at}/to`;
    return {
      name: column.headers[0] ?? '',
      headers: column.headers.map(foldHeader),
      required: column.required ?? false,
      expected: column.expected ?? false,
      absent: new Set((column.absent ?? []).map((text) => text.toLowerCase())),
      values: new Map(Object.entries(column.values ?? {}).map(([from, to]) => [from.toLowerCase(), to])),
      separator: column.separator ?? null,
      targets: texts.map((text) => (text === '-' || !kept(text) ? null : target(text, path, column))),
    };
  });
  const links = new Set(document.links ?? []);
  for (const link of links) target(link, '/links');
  const profile: CsvProfile = {
    id: document.id,
    title: document.title ?? document.id,
    population: document.population ?? 'partial',
    tenant: (document.tenant ?? []).map(foldHeader),
    precedence: document.precedence ?? 50,
    wins: document.wins ?? [],
    drift: { new: 'accept', missing: 'warn', renamed: 'warn', ...document.drift },
    columns,
    constants: stated('constants'),
    defaults: stated('defaults'),
    links,
    ignore: new Set((document.ignore ?? []).map(foldHeader)),
    records: new Set(columns.flatMap((column) => column.targets.flatMap((one) => (one === null ? [] : [one.record])))),
    reading: contentHash(JSON.stringify([document, settings])),
    fieldOrder: new Map([...kinds.keys()].map((field, at) => [field, at])),
  };
  checkKeys(file, profile);
  return profile;
}

function kindOf(kinds: ReadonlyMap<string, FieldKind>, record: RecordType, field: string): FieldKind | undefined {
  if (field === 'id') return 'text';
  if (field === 'start' || field === 'end') return recordTypes.includes(record) ? 'date' : undefined;
  if (record === 'organisation' && levels.test(field)) return 'text';
  return kinds.get(`${record}.${field}`);
}

/** What a row must have one of, so that its record has a key (meaning.md, CSV without ESR ids). */
const keyFields: Readonly<Record<RecordType, readonly (readonly string[])[]>> = {
  nacs: [['id']],
  location: [['id'], ['description'], ['code']],
  organisation: [['id'], ['name'], ['level1']],
  position: [['id'], ['positionNumber']],
  person: [['id'], ['employeeNumber']],
  registration: [['id'], ['number', 'body']],
  assignment: [['id'], ['assignmentNumber', 'earliestStart'], ['assignmentNumber', 'start']],
};

function checkKeys(file: string, profile: CsvProfile): void {
  const targets = profile.columns.flatMap((column) => column.targets);
  const has = (record: RecordType, field: string) =>
    targets.some((one) => one?.record === record && one.field === field);
  for (const record of profile.records) {
    const keyed = keyFields[record].some((fields) => fields.every((field) => has(record, field)));
    if (!keyed) throw invalid(file, '/columns', `have nothing that tells one ${record} from another`);
  }
}
