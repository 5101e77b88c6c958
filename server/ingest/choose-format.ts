import { limits } from '../core/limits.ts';
import { type CsvLayout, findLayout } from './formats/csv/layout.ts';
import type { CsvProfile } from './formats/csv/profile.ts';
import { type Go1Header, peekGo1Header } from './formats/go1/header.ts';
import { peekGo2Header } from './formats/go2/read.ts';

/** What a file is, by its first bytes. `unknown` says why it is none of them. */
export type ChosenFormat =
  | { readonly is: 'go2' }
  | { readonly is: 'go1'; readonly header: Go1Header }
  | { readonly is: 'csv'; readonly layout: CsvLayout }
  | { readonly is: 'unknown'; readonly fault: string };

/** How many of a file's first bytes decide. */
export const firstBytesMax = limits.lineBytesMax;

/**
 * GO2 shows by its header or by its record types; a CSV by a header row that one of the profiles knows. What looks like
 * neither is left to the GO2 reader, which says what is missing, unless its name says that it is a CSV.
 *
 * @param first the first `firstBytesMax` bytes
 */
export function chooseFormat(first: Uint8Array, name: string, profiles: readonly CsvProfile[]): ChosenFormat {
  if (last?.name === name && Buffer.compare(last.first, first) === 0 && sameItems(last.profiles, profiles)) {
    return last.format;
  }
  const format = formatOf(first, name, profiles);
  last = { first, name, profiles, format };
  return format;
}

/** Who brings a file asks whose it is, and the ingest asks again what it is: the answer of a moment ago will do. */
let last:
  | {
      readonly first: Uint8Array;
      readonly name: string;
      readonly profiles: readonly CsvProfile[];
      readonly format: ChosenFormat;
    }
  | undefined;

function sameItems(one: readonly CsvProfile[], other: readonly CsvProfile[]): boolean {
  return one.length === other.length && one.every((profile, at) => profile === other[at]);
}

function formatOf(first: Uint8Array, name: string, profiles: readonly CsvProfile[]): ChosenFormat {
  const header = peekGo2Header(first);
  if (header.ok || (header.fault.code !== 'wrong-format' && header.fault.code !== 'empty')) return { is: 'go2' };
  const version1 = peekGo1Header(first);
  if (version1 !== undefined) return { is: 'go1', header: version1 };
  const layout = findLayout(first, profiles);
  if (layout !== undefined) {
    const lacking = layout.header.drift.filter(({ kind }) => kind === 'required').map(({ message }) => message);
    if (lacking.length === 0) return { is: 'csv', layout };
    const fault = `The CSV file looks like "${layout.profile.title}", but ${lacking.join(', ')}.`;
    return { is: 'unknown', fault };
  }
  if (!/\.(?:csv|tsv|txt)$/i.test(name)) return { is: 'go2' };
  const fault = 'No CSV profile of the tenant knows the header of this file: "esr-fhir csv-profile" proposes one.';
  return { is: 'unknown', fault };
}
