import type { Fields, FieldValue, RecordType } from '../record/record.ts';
import type { Columns } from './formats/go2/columns.ts';

/**
 * The fields of a row as they may be shown to somebody who repairs files but has no business reading people's data:
 * columns marked `personal` keep their shape alone (letters become `x` or `X`, digits `9`), so that a wrong format
 * still shows; ids, dates and codes of the organisation stay readable.
 */
export function maskRow(type: RecordType, fields: Fields, columns: Columns): Fields {
  const personal = columns.personal.get(type);
  const masked: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    masked[name] = personal === undefined || personal.has(name) ? shapeOf(String(value)) : value;
  }
  return masked;
}

/** Text with every letter as `x` or `X` and every digit as `9`. */
export function shapeOf(text: string): string {
  return text
    .replace(/\p{Lu}/gu, 'X')
    .replace(/[\p{L}\p{M}]/gu, (letter) => (letter === 'X' ? 'X' : 'x'))
    .replace(/\p{N}/gu, '9');
}
