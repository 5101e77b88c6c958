import { limits } from '../../../core/limits.ts';
import { isCalendarDate } from '../../normalise-date.ts';

/** Reads a cell: `YYYY-MM-DD`, '' where it means absent or open, undefined where it is no date of these formats. */
export type ReadDate = (text: string) => string | undefined;

/** Styles that no two readers read differently in Britain (esr.md 1.7); month before day must be asked for. */
export const commonFormats = [
  'dd-MMM-yyyy',
  'dd/MM/yyyy',
  'yyyy-MM-dd',
  'yyyyMMdd',
  'yyyy/MM/dd HH:mm:ss',
  'yyyy/MM/dd',
  'dd/MM/yyyy HH:mm:ss',
  'dd/MM/yyyy HH:mm',
  'dd-MMM-yyyy HH:mm:ss',
  'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM-ddTHH:mm:ss',
  'yyyyMMdd HHmmss',
  'dd-MM-yyyy',
  'dd.MM.yyyy',
  'dd MMM yyyy',
  'dd MMMM yyyy',
  'dd-MMM-yy',
  'dd/MM/yy',
] as const;

/** Texts that stand in date columns where there is no date. */
const absentTexts = new Set(['', 'no expiry', 'none', 'n/a', 'na', 'null', '-', 'not applicable']);

/** Null table (meaning.md, Time). */
const absentDates = new Set(['19000101', '47121231']);
const pivotDefault = 50;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const monthNames =
  'january|february|march|april|may|june|july|august|september|october|november|december|' +
  'sept|jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec';

const parts: Readonly<Record<string, string>> = {
  yyyy: '(?<year>\\d{4})',
  yy: '(?<short>\\d\\d)',
  MMMM: `(?<name>${monthNames})`,
  MMM: `(?<name>${monthNames})`,
  HH: '[0-2]?\\d',
  mm: '[0-5]\\d',
  ss: '[0-5]\\d(?:\\.\\d{1,6})?',
};

/**
 * Compiles date formats (tokens `yyyy yy MMMM MMM MM dd HH mm ss`, the rest literal); the first that fits decides, the
 * time of day is dropped. A day or month between separators may lack its leading zero.
 *
 * @param pivot two-digit years from this one on are 19xx
 * @param absent more texts that mean that there is no date, folded to lower case
 */
export function dateReader(formats: readonly string[], pivot = pivotDefault, absent: readonly string[] = []): ReadDate {
  const patterns = formats.map(patternOf);
  const nothing = new Set([...absentTexts, ...absent.map((text) => text.toLowerCase())]);
  const remembered = new Map<string, string | undefined>();
  return (text) => {
    if (remembered.has(text)) return remembered.get(text);
    const date = nothing.has(text.toLowerCase()) ? '' : readDate(text, patterns, pivot);
    if (remembered.size >= limits.datesRememberedMax) remembered.clear();
    if (text.length <= limits.keyCharactersMax) remembered.set(text, date);
    return date;
  };
}

/** Which of the formats read the text. */
export function formatsOf(text: string, formats: readonly string[] = commonFormats): readonly string[] {
  return formats.filter((format) => readDate(text, [patternOf(format)], pivotDefault) !== undefined);
}

function patternOf(format: string): RegExp {
  const digits = /yyyyMMdd/.test(format) ? '\\d\\d' : '\\d{1,2}';
  const source = format.replace(/yyyy|yy|MMMM|MMM|MM|M|dd|d|HH|mm|ss|./g, (token) => {
    if (token === 'MM' || token === 'M') return `(?<month>${digits})`;
    if (token === 'dd' || token === 'd') return `(?<day>${digits})`;
    return parts[token] ?? token.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 'i');
}

function readDate(text: string, patterns: readonly RegExp[], pivot: number): string | undefined {
  for (const pattern of patterns) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    const year = groups['year'] ?? fullYear(groups['short'] ?? '', pivot);
    const month = groups['month'] ?? String(months.indexOf((groups['name'] ?? '').slice(0, 3).toLowerCase()) + 1);
    const digits = `${year}${month.padStart(2, '0')}${(groups['day'] ?? '').padStart(2, '0')}`;
    if (absentDates.has(digits)) return '';
    if (!isCalendarDate(digits) || year < '1900' || year > '2199') continue;
    return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6, 8)}`;
  }
  return undefined;
}

function fullYear(short: string, pivot: number): string {
  return Number(short) >= pivot ? `19${short}` : `20${short}`;
}
