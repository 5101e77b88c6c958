import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { present } from '../../server/core/assert.ts';
import type { TenantDocument } from './house-open.ts';

/**
 * An ingest vector (`conformance/vectors/ingest/README.md`): files in, a date, the whole store out. Written by hand
 * from what the data mean, never from what the program said.
 */
export interface Vector {
  readonly description: string;
  /** Where the expectation comes from. */
  readonly sources: readonly string[];
  /** Another vector whose steps come first. */
  readonly after?: string;
  /** Tenants of the registry, the vector's own first; left out: those of the vector that comes first. */
  readonly tenants?: readonly TenantDocument[];
  readonly steps: readonly Step[];
}

export interface Step {
  /** Local date; the step happens at nine in the morning of it, where `at` does not say when (ISO 8601). */
  readonly today: string;
  readonly at?: string;
  /** A step without a file makes the dates come true that have passed. */
  readonly file?: VectorFile | PlainFile;
  readonly expect: StepExpectation;
}

/** `full` and `changes` get header and trailer, unless they say themselves what stands there; null: no such line. */
export interface VectorFile {
  readonly kind: 'full' | 'changes';
  readonly sequence: number;
  /** Window, `yyyyMMdd HHmmss`; `from` left out: the first run. */
  readonly from?: string;
  readonly to: string;
  readonly vpd?: string;
  readonly header?: string | null;
  readonly trailer?: string | null;
  readonly lineEnd?: string;
  /** A line as it is, or one record type with its fields by their 1-based numbers. */
  readonly rows: readonly (string | Readonly<Record<string, Readonly<Record<string, string>>>>)[];
}

/** A file of another format, or a GO2 file that is odd as a whole: its lines as they are. */
export interface PlainFile {
  readonly name: string;
  readonly lines: readonly string[];
  /** Left out: UTF-8. */
  readonly encoding?: 'utf8' | 'latin1';
  readonly lineEnd?: string;
}

/** Everything that is not named here is untouched, versions and times included. */
export interface StepExpectation {
  /** The reports, in order; numbers left out are 0. */
  readonly files?: readonly (Readonly<Record<string, unknown>> & { readonly state: string })[];
  /** Whole resources that are new, in FHIR JSON without `meta.versionId` and `meta.lastUpdated`. */
  readonly resources?: readonly VectorResource[];
  /** New resources that are as a standing one (`of`) but for some elements. */
  readonly alike?: Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly of: string }>>;
  /**
   * Elements of standing resources that are another now; null: gone. `extension:NAME` is the value of the extension
   * whose URL ends so. A list where a step makes more than one version.
   */
  readonly changes?: Changes | readonly Changes[];
  readonly deleted?: readonly string[];
  /** All exceptions that are open after the step; left out: as before. */
  readonly exceptions?: readonly Readonly<Record<string, unknown>>[];
  /** State of files by sequence number, where it is no report of this step that tells it. */
  readonly ledger?: Readonly<Record<string, string>>;
}

type Changes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface VectorResource {
  readonly resourceType: string;
  readonly id: string;
  readonly meta: object;
  readonly [element: string]: unknown;
}

interface Extension {
  readonly url: string;
}

/** A resource with the elements of `changes` in place of its own. */
export function changed(resource: VectorResource, changes: Readonly<Record<string, unknown>>): VectorResource {
  const elements: Record<string, unknown> = { ...resource };
  for (const [name, value] of Object.entries(changes)) {
    const [element = '', of] = name.split(':');
    if (of === undefined) {
      if (value === null) delete elements[element];
      else elements[element] = value;
      continue;
    }
    const extensions = elements[element] as readonly Extension[];
    const place = extensions.findIndex(({ url }) => url.endsWith(`/${of}`));
    const { url } = present(extensions[place], `${name} of ${resource.id}`);
    elements[element] = extensions.flatMap((one, at) =>
      at !== place ? [one] : value === null ? [] : [{ url, ...(value as object) }],
    );
  }
  return elements as unknown as VectorResource;
}

const folder = new URL('../../conformance/vectors/ingest/', import.meta.url);
const canonicalBase = 'https://esr-fhir.example';

/** The vector with the steps of those that come before it, and its tenants. */
export function readVector(name: string): Vector & { readonly tenants: readonly TenantDocument[] } {
  const vector = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Vector;
  if (vector.after === undefined) return { ...vector, tenants: present(vector.tenants, `tenants of ${name}`) };
  const before = readVector(vector.after);
  return { ...vector, tenants: vector.tenants ?? before.tenants, steps: [...before.steps, ...vector.steps] };
}

const widths: Readonly<Record<string, number>> = { PRA: 44, ASA: 51, POA: 24, ORA: 16, LCA: 22, ETA: 57, LOV: 13 };

/** Name and bytes of a step's file. */
export function bytesOf(file: VectorFile | PlainFile): { readonly name: string; readonly bytes: Uint8Array } {
  if ('kind' in file) {
    const { name, text } = fileOf(file);
    return { name, bytes: Buffer.from(text, 'latin1') };
  }
  const { name, lines, encoding = 'utf8', lineEnd = '\n' } = file;
  return { name, bytes: Buffer.from(lines.map((line) => line + lineEnd).join(''), encoding) };
}

/** The file's name as ESR would give it, and its text. */
export function fileOf(file: VectorFile): { readonly name: string; readonly text: string } {
  const { kind, sequence, from = '00000000 000000', to, vpd = '277', header, trailer, lineEnd = '\n' } = file;
  const code = kind === 'full' ? 'GOF' : 'GOC';
  const name = `GO_${vpd}_GDW_${code}_${to.slice(0, 8)}_${String(sequence).padStart(8, '0')}.DAT`;
  const rows = file.rows.map(rowText);
  const first = header === undefined ? `HDR~${name}~${to.slice(0, 8)} 072050~${vpd}~${from}~${to}~01` : header;
  const last = trailer === undefined ? `TRL~${rows.filter((row) => row !== '').length + 2}` : trailer;
  const lines = [first, ...rows, last].filter((line) => line !== null);
  return { name, text: lines.map((line) => line + lineEnd).join('') };
}

function rowText(row: VectorFile['rows'][number]): string {
  if (typeof row === 'string') return row;
  const [[type, fields] = ['', {}]] = Object.entries(row);
  const cells = new Array<string>(widths[type] ?? 2).fill('');
  cells[0] = type;
  for (const [number, text] of Object.entries(fields)) cells[Number(number) - 1] = text;
  return cells.join('~');
}

/**
 * Fills in what a person cannot write: `{base}` is the root of our own URLs, `@Type/key` the reference `Type/id` to the
 * resource of that ESR key, or its id alone where the element is `id`.
 */
export function filledIn(tenant: string, value: unknown, element = ''): unknown {
  if (typeof value === 'string') {
    if (!value.startsWith('@')) return value.replaceAll('{base}', canonicalBase);
    return element === 'id' ? idOf(tenant, value) : `${value.slice(1).split('/')[0]}/${idOf(tenant, value)}`;
  }
  if (Array.isArray(value)) return value.map((one) => filledIn(tenant, one, element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filledIn(tenant, one, name)]));
}

const nameSpace = '6d1f6f0e3c7b5d2a9c51e5f0a4c2b817';

/** RFC 9562 version 5 over tenant, type and key, joined by U+0000; done again here, so that a change would show. */
function idOf(tenant: string, symbol: string): string {
  const name = [tenant, ...symbol.slice(1).split('/')].join('\u0000');
  const hash = createHash('sha1').update(Buffer.from(nameSpace, 'hex')).update(name).digest('hex').slice(0, 32);
  const variant = ((Number.parseInt(hash.charAt(16), 16) & 3) | 8).toString(16);
  const text = `${hash.slice(0, 12)}5${hash.slice(13, 16)}${variant}${hash.slice(17)}`;
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
