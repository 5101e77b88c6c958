import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { AppError } from '../core/error.ts';
import { contentHash } from '../core/hash.ts';
import { ownSchema } from '../core/own-schema.ts';
import { type CodeList, type CodeListDocument, codeList } from './code-list.ts';
import { compileTemplate, type MappedPath } from './compile-template.ts';
import { inputs, type MappedResource } from './inputs.ts';
import { codeListSchema, type ResourceDocument, resourceSchema } from './language.ts';
import type { Run } from './transform.ts';

/** A file's path below `mappings/` (for messages) and its text. */
export interface MappingFile {
  readonly path: string;
  readonly text: string;
}

/** What a contract version is compiled from: the caller reads the files. */
export interface MappingFiles {
  /** E.g. `v1`. */
  readonly contract: string;
  /** `esr/<contract>/*.json`, one per resource. */
  readonly resources: readonly MappingFile[];
  /** `codes/*.json`. */
  readonly codes: readonly MappingFile[];
  /** `esr/record.schema.json`: `$defs/<record type>/properties` names the fields. */
  readonly recordSchema: MappingFile;
}

export type Template = (run: Run) => unknown;

export interface CompiledMapping {
  readonly contract: string;
  /** Hash of every document: names the mapping in lineage. */
  readonly version: string;
  readonly templates: Readonly<Record<MappedResource, Template>>;
  readonly lists: ReadonlyMap<string, CodeList>;
  readonly mapped: readonly MappedPath[];
}

const problemsShownMax = 20;

/**
 * Compiles a contract's documents. Throws AppError `invalid` whose message names, for each problem, file, JSON pointer
 * and reason.
 */
export function compileDocuments(files: MappingFiles): CompiledMapping {
  const problems: string[] = [];
  const problem = (path: string) => (pointer: string, reason: string) => {
    problems.push(`${path} ${pointer === '' ? '/' : pointer}: ${reason}`);
  };
  // The schemas are ours: checking them against the schema of schemas takes longer than compiling them.
  const ajv = new Ajv({ allErrors: true, strict: false, ...ownSchema });
  addFormats.default(ajv);
  const lists = compileLists(files.codes, ajv.compile(codeListSchema), problem);
  const hasField = fieldsOf(files.recordSchema, problem);
  const checkResource = ajv.compile(resourceSchema);
  const templates = new Map<string, Template>();
  const mapped: MappedPath[] = [];
  for (const file of files.resources) {
    const document = parse<ResourceDocument>(file, checkResource, problem(file.path));
    if (document === undefined) continue;
    const resource = document.resource as MappedResource;
    if (templates.has(resource)) problem(file.path)('/resource', `${resource} has another document already`);
    const compilation = { resource, lists, hasField, problem: problem(file.path), mapped };
    templates.set(resource, compileTemplate(document, compilation));
  }
  for (const resource of Object.keys(inputs)) {
    if (problems.length === 0 && !templates.has(resource)) problem(`esr/${files.contract}`)('', `lacks ${resource}`);
  }
  if (problems.length > 0) throw new AppError('invalid', `mapping: ${problems.slice(0, problemsShownMax).join('; ')}`);
  return {
    contract: files.contract,
    version: versionOf(files),
    templates: Object.fromEntries(templates) as Record<MappedResource, Template>,
    lists,
    mapped,
  };
}

type Problem = (pointer: string, reason: string) => void;

function versionOf(files: MappingFiles): string {
  const all = [...files.resources, ...files.codes].sort((a, b) => (a.path < b.path ? -1 : 1));
  const hash = contentHash(all.map((file) => `${file.path}\u0000${file.text}`).join('\u0000'));
  return `${files.contract}-${hash.slice(0, 12)}`;
}

function parse<T>(file: MappingFile, check: ValidateFunction | undefined, problem: Problem): T | undefined {
  let document: unknown;
  try {
    document = JSON.parse(file.text);
  } catch {
    problem('', 'is no JSON');
    return undefined;
  }
  if (check === undefined || check(document)) return document as T;
  for (const error of check.errors ?? []) {
    if (error.keyword === 'if') continue;
    const extra: unknown = error.params['additionalProperty'];
    problem(error.instancePath, `${error.message}${typeof extra === 'string' ? ` (${extra})` : ''}`);
  }
  return undefined;
}

function compileLists(
  files: readonly MappingFile[],
  check: ValidateFunction,
  problem: (path: string) => Problem,
): ReadonlyMap<string, CodeList> {
  const documents = new Map<string, CodeListDocument>();
  for (const file of files) {
    const document = parse<CodeListDocument>(file, check, problem(file.path));
    if (document !== undefined) documents.set(document.list, document);
  }
  const lists = new Map<string, CodeList>();
  for (const [name, document] of documents) {
    const groups = document.within === undefined ? undefined : documents.get(document.within);
    if (document.within !== undefined && groups === undefined) {
      problem(`codes/${name}`)('/within', `no code list is named ${document.within}`);
    }
    lists.set(name, codeList(document, groups && codeList(groups)));
  }
  return lists;
}

function fieldsOf(file: MappingFile, problem: (path: string) => Problem): (record: string, field: string) => boolean {
  type Schema = { readonly $defs?: Readonly<Record<string, { readonly properties?: object }>> };
  const schema = parse<Schema>(file, undefined, problem(file.path));
  return (record, field) => Object.hasOwn(schema?.$defs?.[record]?.properties ?? {}, field);
}
