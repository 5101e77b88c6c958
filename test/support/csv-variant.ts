import { parse } from 'csv-parse/sync';

export interface CsvVariant {
  readonly delimiter?: string;
  readonly encoding?: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
  readonly mark?: boolean;
  readonly lineEnd?: string;
  readonly titles?: readonly string[];
  /** New headings by old ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Rewrites a cell under its old heading. */
  readonly cell?: (text: string, heading: string) => string;
  /** Headings to leave out. */
  readonly without?: readonly string[];
}

/** The same table as another trust's export would write it. */
export function csvVariant(text: string, variant: CsvVariant): Buffer {
  const { delimiter = ',', lineEnd = '\n', titles = [], headers = {}, cell = (same: string) => same } = variant;
  const [heading = [], ...rows] = parse(text, { columns: false, bom: true }) as string[][];
  const kept = heading.flatMap((name, at) => (variant.without?.includes(name) === true ? [] : [at]));
  const line = (cells: readonly string[]) =>
    kept
      .map((at) => (/["\r\n,;|\t]/.test(cells[at] ?? '') ? quoted(cells[at] ?? '') : (cells[at] ?? '')))
      .join(delimiter);
  const lines = [
    ...titles,
    line(heading.map((name) => headers[name] ?? name)),
    ...rows.map((cells) => line(cells.map((one, at) => cell(one, heading[at] ?? '')))),
  ];
  return encoded(lines.map((one) => one + lineEnd).join(''), variant);
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function encoded(text: string, { encoding = 'utf-8', mark = false }: CsvVariant): Buffer {
  const marked = mark ? `\ufeff${text}` : text;
  if (encoding === 'utf-8') return Buffer.from(marked, 'utf8');
  if (encoding === 'windows-1252') return Buffer.from(text, 'latin1');
  const bytes = Buffer.from(marked, 'utf16le');
  return encoding === 'utf-16be' ? bytes.swap16() : bytes;
}
