import { parse } from 'csv-parse/sync';
import { limits } from '../../../core/limits.ts';
import { csvOptions } from './csv-options.ts';
import { type CsvEncoding, guessEncoding } from './encoding.ts';
import { foldHeader } from './fold-header.ts';
import { type BoundHeader, bindHeader, columnsMax } from './header.ts';
import type { CsvProfile } from './profile.ts';
import { splitRows } from './split-rows.ts';

/** How a CSV file is written, and the profile that reads it. */
export interface CsvLayout {
  readonly profile: CsvProfile;
  readonly header: BoundHeader;
  readonly delimiter: string;
  /** Rows before the first data row: titles, blank lines and the header. */
  readonly skip: number;
  /** Up to so many of the first data rows: those that lie in the first bytes. */
  readonly sample: (rowsMax: number) => readonly (readonly string[])[];
}

const delimiters = [',', ';', '\t', '|'] as const;
/** A report may begin with a title and the date on which it was run. */
const headerRowsMax = 20;
const columnsMin = 3;

/**
 * Finds delimiter, header row and profile together: the combination that explains most columns. Undefined where no
 * profile knows the header.
 *
 * @param first the first bytes of the file (`limits.lineBytesMax`)
 */
export function findLayout(first: Uint8Array, profiles: readonly CsvProfile[]): CsvLayout | undefined {
  let best: { readonly layout: Omit<CsvLayout, 'sample'>; readonly score: number } | undefined;
  const text = decodeFirst(first, guessEncoding(first));
  for (const delimiter of delimiters) {
    const rows = rowsOf(text, delimiter, headerRowsMax);
    for (const [at, cells] of rows.entries()) {
      const headings = new Set(cells.map(foldHeader));
      for (const profile of profiles) {
        if (soundScore + columnsMax(profile, headings) <= (best?.score ?? 0)) continue;
        const header = bindHeader(profile, cells);
        const score = scoreOf(header, cells);
        if (score <= (best?.score ?? 0)) continue;
        best = { score, layout: { profile, header, delimiter, skip: at + 1 } };
      }
    }
  }
  if (best === undefined) return undefined;
  const { delimiter, skip } = best.layout;
  const sample = (rowsMax: number) => rowsOf(text, delimiter, skip + rowsMax).slice(skip);
  return { ...best.layout, sample };
}

interface GuessedTable extends Pick<CsvLayout, 'delimiter'> {
  readonly header: readonly string[];
  /** The first data rows. */
  readonly sample: readonly (readonly string[])[];
}

/** The most likely header row of a file that no profile knows: the first row of many different texts. */
export function guessTable(first: Uint8Array): GuessedTable {
  let best = { delimiter: ',', header: [] as readonly string[], sample: [] as readonly (readonly string[])[] };
  const text = decodeFirst(first, guessEncoding(first));
  for (const delimiter of delimiters) {
    const rows = rowsOf(text, delimiter, headerRowsMax + limits.csvRowsSampledMax);
    const widest = Math.max(0, ...rows.map((row) => row.length));
    const at = rows.findIndex(
      (row) => row.length === widest && row.every((cell) => cell.trim() !== '' && !/^[\d/:.\s-]+$/.test(cell)),
    );
    if (at < 0 || widest <= best.header.length) continue;
    best = { delimiter, header: rows[at] ?? [], sample: rows.slice(at + 1) };
  }
  return best;
}

/** A header that lacks nothing beats every one that does. */
const soundScore = 1000;

function scoreOf({ columns, drift }: BoundHeader, cells: readonly string[]): number {
  const lacking = drift.filter(({ kind }) => kind === 'required').length;
  const filled = cells.filter((cell) => cell.trim() !== '').length;
  if (lacking === 0)
    return columns.length > 0 && columns.length >= Math.min(columnsMin, filled) ? soundScore + columns.length : 0;
  // Half a match is worth saying what is missing, not worth reading.
  return columns.length >= columnsMin && columns.length * 2 >= filled ? columns.length - lacking : 0;
}

/** The first rows, at most `max`; none where the delimiter does not occur. */
function rowsOf(text: string, delimiter: string, max: number): readonly (readonly string[])[] {
  if (!text.includes(delimiter)) return [];
  const rows = splitRows(text, delimiter, max) ?? parsedRows(text, delimiter, max);
  // The last row may be cut; of a file of one row it is all that there is.
  return rows.length > 1 && rows.length < max ? rows.slice(0, cut(text, rows)) : rows;
}

function parsedRows(text: string, delimiter: string, max: number): string[][] {
  const rows: string[][] = [];
  try {
    parse(text, {
      ...csvOptions(delimiter),
      to: max,
      on_record: (row: string[]) => {
        rows.push(row);
        return null;
      },
    });
  } catch {
    // The first bytes may end inside a quoted field: the rows before it are good.
  }
  return rows;
}

function cut(text: string, rows: readonly unknown[]): number {
  return /[\r\n]$/.test(text) ? rows.length : rows.length - 1;
}

/** In streaming mode, as `toUtf8` does: else Node 20 reads 0x80–0x9F of Windows-1252 as control characters. */
function decodeFirst(first: Uint8Array, encoding: CsvEncoding): string {
  const decoder = new TextDecoder(encoding);
  return decoder.decode(first, { stream: true }) + decoder.decode();
}
