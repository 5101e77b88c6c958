import type { RecordType } from '../../../record/record.ts';
import type { CsvColumnDocument, CsvProfileDocument } from '../../../tenancy/csv-profile.ts';
import { commonFormats, formatsOf } from './date-format.ts';
import { guessEncoding } from './encoding.ts';
import { foldHeader } from './fold-header.ts';
import { nearlySame } from './header.ts';
import { findLayout, guessTable } from './layout.ts';
import type { CsvColumn, CsvProfile, Target } from './profile.ts';

/** A profile for a file that none reads yet, and what its maker must look at. */
export interface Proposal {
  readonly encoding: string;
  readonly delimiter: string;
  /** The profile that reads the file as it is; null where there is none. */
  readonly readBy: string | null;
  /** Without `population`, which nobody can read off a file: a profile without it is refused. */
  readonly profile: CsvProfileDocument;
  readonly unsure: readonly string[];
}

interface Known {
  readonly column: CsvColumn;
  readonly exact: boolean;
}

const headerOfDates = /date|start|end|expiry|birth|dob/;
/** Month before day: read so only where a profile says it. */
const american = ['MM/dd/yyyy', 'MM/dd/yy'];
const links: Readonly<Record<string, RecordType>> = {
  'assignment.personId': 'person',
  'assignment.organisationId': 'organisation',
  'assignment.positionId': 'position',
  'assignment.locationId': 'location',
  'registration.personId': 'person',
};

/**
 * Proposes a profile from a file's header and its first rows: headings that our profiles know, date formats that all
 * cells fit, and everything else as columns to ignore.
 *
 * @param first the first bytes of the file
 * @param id of the new profile
 */
export function proposeProfile(first: Uint8Array, id: string, profiles: readonly CsvProfile[]): Proposal {
  const layout = findLayout(first, profiles);
  const readable = layout?.header.drift.every(({ kind }) => kind !== 'required') === true;
  const { delimiter, header, sample } = guessTable(first);
  const unsure = ['population: say whether the report lists everybody (complete) or not (partial)'];
  const columns: CsvColumnDocument[] = [];
  const ignore: string[] = [];
  const tenants: string[] = [];
  const taken = new Map<string, string>();
  for (const [at, heading] of header.entries()) {
    const cells = sample.map((row) => (row[at] ?? '').trim()).filter((cell) => cell !== '');
    const folded = foldHeader(heading);
    if (profiles.some(({ tenant }) => tenant.includes(folded))) {
      tenants.push(heading);
      continue;
    }
    const known = knownColumn(folded, profiles);
    if (known === undefined || folded === '') {
      ignore.push(heading);
      if (folded !== '' && cells.length > 0) unsure.push(`"${heading}" is not known: it would not be kept`);
      continue;
    }
    const to = targetsOf(known.column);
    const place = to.join();
    const other = taken.get(place);
    if (other !== undefined) unsure.push(`"${heading}" and "${other}" both mean ${place}: keep one`);
    taken.set(place, heading);
    if (!known.exact) unsure.push(`"${heading}" is taken for "${known.column.name}"`);
    const formats = datesIn(heading, known.column.targets, cells, unsure);
    const [only = ''] = to;
    columns.push({
      to: to.length === 1 ? only : to,
      headers: [heading],
      ...(known.column.required ? { required: true } : {}),
      ...(formats.length === 0 ? {} : { formats }),
    });
  }
  if (tenants.length === 0) unsure.push('no column says whose rows they are: the source of the file must');
  const records = new Set(columns.flatMap(({ to }) => [to].flat()).map((target) => target.split('.')[0]));
  const linked = Object.entries(links).filter(([link, type]) => records.has(link.split('.')[0]) && records.has(type));
  const profile: CsvProfileDocument = {
    id,
    title: id,
    ...(tenants.length === 0 ? {} : { tenant: tenants }),
    drift: { new: 'accept', missing: 'warn', renamed: 'warn' },
    columns,
    links: linked.map(([link]) => link),
    ignore,
  };
  const readBy = readable ? (layout?.profile.id ?? null) : null;
  return { encoding: guessEncoding(first), delimiter, readBy, profile, unsure };
}

function knownColumn(folded: string, profiles: readonly CsvProfile[]): Known | undefined {
  const columns = profiles.flatMap((profile) => profile.columns);
  const exact = columns.find(({ headers }) => headers.includes(folded));
  if (exact !== undefined) return { column: exact, exact: true };
  const near = columns.find(({ headers }) => headers.some((header) => nearlySame(header, folded)));
  return near === undefined ? undefined : { column: near, exact: false };
}

function targetsOf({ targets }: CsvColumn): readonly string[] {
  return targets.flatMap((target) => (target === null ? [] : [`${target.record}.${target.field}`]));
}

/** The formats that the column's cells need, and doubts about them. */
function datesIn(
  heading: string,
  targets: readonly (Target | null)[],
  cells: readonly string[],
  unsure: string[],
): readonly string[] {
  if (!targets.some((target) => target?.kind === 'date')) return [];
  const needed = new Set<string>();
  const unread = cells.filter((cell) => !/[a-z]{4}/i.test(cell) || /\d/.test(cell));
  for (const cell of unread) for (const format of formatsOf(cell, commonFormats).slice(0, 1)) needed.add(format);
  const bad = unread.filter((cell) => formatsOf(cell, commonFormats).length === 0);
  if (bad.length > 0) {
    const month = american.filter((format) => unread.every((cell) => formatsOf(cell, [format]).length > 0));
    if (month.length > 0) return month;
    unsure.push(`"${heading}" has ${bad.length} cells of ${cells.length} that are dates of no known format`);
  }
  if (cells.length === 0) unsure.push(`"${heading}" is blank in the first rows: its date format is not known`);
  const both = unread.length > 0 && unread.every((cell) => formatsOf(cell, american).length > 0);
  if (both) unsure.push(`"${heading}" could be day/month or month/day: day/month is assumed`);
  return headerOfDates.test(foldHeader(heading)) || needed.size > 0 ? [...needed] : [];
}
