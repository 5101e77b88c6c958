import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { limits } from '../../../core/limits.ts';
import { csvOptions } from './csv-options.ts';
import { type CsvEncoding, toUtf8 } from './encoding.ts';

export interface CsvRow {
  /** 1-based line of the file on which the row begins. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** `rows` any number of times, then `end`; or `fault`, after which nothing comes. */
export type CsvBatch =
  | { readonly kind: 'rows'; readonly rows: readonly CsvRow[] }
  /** `plain`: every row is a line. */
  | { readonly kind: 'end'; readonly rows: number; readonly plain: boolean }
  | { readonly kind: 'fault'; readonly message: string };

export interface CsvReading {
  readonly encoding: CsvEncoding;
  readonly delimiter: string;
  /** Rows to pass over: titles, blank lines, the header. */
  readonly skip: number;
}

/**
 * Reads the data rows of a CSV file in constant memory; rows of blank cells are passed over and not counted. Faults of
 * the file are values; only failures of `bytes` throw.
 */
export async function* readCsv(bytes: AsyncIterable<Uint8Array>, reading: CsvReading): AsyncGenerator<CsvBatch> {
  const source = Readable.from(toUtf8(bytes, reading.encoding), { objectMode: false });
  const parser = parse(csvOptions(reading.delimiter));
  source.on('error', (error) => parser.destroy(error));
  let line = 1;
  let seen = 0;
  let counted = 0;
  let rows: CsvRow[] = [];
  try {
    for await (const cells of source.pipe(parser) as AsyncIterable<readonly string[]>) {
      const start = line;
      line += 1 + breaksIn(cells);
      seen += 1;
      if (seen <= reading.skip || isBlank(cells)) continue;
      counted += 1;
      rows.push({ line: start, cells });
      if (rows.length < limits.stageRowsPerBatchMax) continue;
      yield { kind: 'rows', rows };
      rows = [];
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield { kind: 'fault', message: faultSentence(error, line) };
    return;
  } finally {
    source.destroy();
  }
  if (rows.length > 0) yield { kind: 'rows', rows };
  yield { kind: 'end', rows: counted, plain: line === seen + 1 };
}

function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell === '' || cell.trim() === '');
}

/** Line breaks inside quoted fields. */
function breaksIn(cells: readonly string[]): number {
  let breaks = 0;
  for (const cell of cells) {
    if (cell.includes('\n') || cell.includes('\r')) breaks += (cell.match(/\r\n|\n|\r/g) ?? []).length;
  }
  return breaks;
}

function faultSentence(error: CsvError, line: number): string {
  const where = `the row that begins on line ${line}`;
  if (error.code === 'CSV_MAX_RECORD_SIZE') return `The CSV file cannot be read: ${where} does not end.`;
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') return `The CSV file may have been cut short: ${where} has an open quote.`;
  return `The CSV file cannot be read: ${where} is not well-formed.`;
}
