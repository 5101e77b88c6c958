import { foldHeader } from './fold-header.ts';
import type { CsvColumn, CsvProfile } from './profile.ts';

/** A profile bound to the header row of a file. */
export interface BoundHeader {
  readonly width: number;
  /** Columns of the file by column of the profile; those that are not there are left out. */
  readonly columns: readonly BoundColumn[];
  /** Index of the column that says whose row it is; −1 where there is none. */
  readonly tenant: number;
  readonly drift: readonly Drift[];
}

export interface BoundColumn {
  readonly column: CsvColumn;
  /** Several where the file has the column twice. */
  readonly indexes: readonly number[];
}

/** How a file's columns differ from the profile's; `message` names headings, which are no personal data. */
export interface Drift {
  readonly kind: 'new' | 'missing' | 'renamed' | 'required' | 'duplicate';
  readonly message: string;
}

/**
 * Binds a profile to a header row. A heading that is unknown and nearly spelt like a column that the file lacks is
 * that column, renamed. `required` drift means that the file cannot be read with this profile.
 */
export function bindHeader(profile: CsvProfile, cells: readonly string[]): BoundHeader {
  const headings = cells.map(foldHeader);
  const taken = new Set<number>();
  const drift: Drift[] = [];
  const found = new Map<CsvColumn, number[]>();
  for (const column of profile.columns) {
    for (const heading of column.headers) {
      const indexes = headings.flatMap((one, at) => (one === heading && !taken.has(at) ? [at] : []));
      if (indexes.length === 0) continue;
      for (const at of indexes) taken.add(at);
      found.set(column, [...(found.get(column) ?? []), ...indexes]);
    }
  }
  const tenant = tenantColumn(profile, headings);
  const free = headings.flatMap((heading, at) =>
    heading === '' || taken.has(at) || at === tenant || profile.ignore.has(heading) ? [] : [at],
  );
  for (const column of profile.columns) {
    if (found.has(column) || !(column.required || column.expected)) continue;
    const at = free.find((one) => column.headers.some((heading) => nearlySame(heading, headings[one] ?? '')));
    if (at === undefined) {
      drift.push({ kind: column.required ? 'required' : 'missing', message: `column "${column.name}" is missing` });
      continue;
    }
    free.splice(free.indexOf(at), 1);
    found.set(column, [at]);
    drift.push({ kind: 'renamed', message: `column "${column.name}" is headed "${shown(cells[at])}"` });
  }
  for (const [column, indexes] of found) {
    if (indexes.length > 1)
      drift.push({ kind: 'duplicate', message: `column "${column.name}" is there more than once` });
  }
  for (const at of free) drift.push({ kind: 'new', message: `column "${shown(cells[at])}" is new and not kept` });
  const columns = profile.columns.flatMap((column) => {
    const indexes = found.get(column);
    return indexes === undefined ? [] : [{ column, indexes }];
  });
  return { width: cells.length, columns, tenant, drift };
}

/**
 * At most so many columns of the profile can `bindHeader` find in a row of these folded headings: those that are headed
 * so, and those that may be renamed. A small part of its cost, which every row at a file's beginning would have.
 */
export function columnsMax({ columns }: CsvProfile, headings: ReadonlySet<string>): number {
  let exact = 0;
  let open = 0;
  for (const { headers, required, expected } of columns) {
    if (headers.some((header) => headings.has(header))) exact += 1;
    else if (required || expected) open += 1;
  }
  return exact + Math.min(open, headings.size);
}

function tenantColumn(profile: CsvProfile, headings: readonly string[]): number {
  for (const heading of profile.tenant) {
    const at = headings.indexOf(heading);
    if (at >= 0) return at;
  }
  return -1;
}

function shown(heading: string | undefined): string {
  return (heading ?? '').replace(/\s+/g, ' ').trim().slice(0, 60);
}

/** The same words in another order, or one or two letters different in a heading of some length. */
export function nearlySame(one: string, other: string): boolean {
  const words = (text: string) => text.split(' ').sort().join(' ');
  if (words(one) === words(other)) return true;
  const allowed = Math.min(one.length, other.length) >= 10 ? 2 : Math.min(one.length, other.length) >= 5 ? 1 : 0;
  return allowed > 0 && distance(one, other, allowed) <= allowed;
}

/** Edit distance, or more than `most`. */
function distance(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[other.length] ?? most + 1;
}
