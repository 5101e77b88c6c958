import type { Options } from 'csv-parse';
import { limits } from '../../../core/limits.ts';

/**
 * How csv-parse is used: array rows, blank lines given out so that lines can be counted, stray quotes taken as text,
 * rows of any width (the row is judged, not the file).
 */
export function csvOptions(delimiter: string): Options {
  return {
    columns: false,
    delimiter,
    bom: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: false,
    max_record_size: limits.csvRowCharactersMax,
  };
}
