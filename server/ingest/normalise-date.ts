import { limits } from '../core/limits.ts';

const zero = 48;
const slash = /^(\d\d)\/(\d\d)\/(\d{4})(?: ([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)?$/;
const timed = /^(\d{8}) ([01]\d|2[0-3])[0-5]\d[0-5]\d$/;
const compact = /^\d{8}$/;
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** A feed repeats few dates very often: remembering them halves the cost of a row (measured, 20 columns of ASA). */
const remembered = new Map<string, string | undefined>();

/**
 * Reads an ESR date: `yyyyMMdd`, `yyyyMMdd HHmmss`, and the extra-information styles `dd/MM/yyyy[ HH:mm[:ss]]`
 * (esr.md 1.2). The time of day is dropped: dates are dates (meaning.md, Time).
 *
 * @param text trimmed text
 * @returns `YYYY-MM-DD`; empty where the text means absent or open (blank, `19000101`, `47121231`); undefined where it
 *   is no date of the calendar or its year is outside 1900–2199
 */
export function normaliseDate(text: string): string | undefined {
  if (text === '') return '';
  if (remembered.has(text)) return remembered.get(text);
  const date = readDate(text);
  if (remembered.size >= limits.datesRememberedMax) remembered.clear();
  // A flat copy: a slice would keep the whole chunk of the file alive that it was cut from.
  if (text.length <= 'dd/MM/yyyy HH:mm:ss'.length) remembered.set(Buffer.from(text, 'latin1').toString('latin1'), date);
  return date;
}

function readDate(text: string): string | undefined {
  const digits = compactForm(text);
  if (digits === undefined) return undefined;
  if (digits === '19000101' || digits === '47121231') return '';
  const year = Number(digits.slice(0, 4));
  if (year < 1900 || year > 2199) return undefined;
  return isCalendarDate(digits) ? `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6, 8)}` : undefined;
}

/** The eight digits `yyyyMMdd` of any of the styles. */
function compactForm(text: string): string | undefined {
  if (compact.test(text)) return text;
  const stamped = timed.exec(text)?.[1];
  if (stamped !== undefined) return stamped;
  const [, day, month, year] = slash.exec(text) ?? [];
  return year === undefined ? undefined : `${year}${month}${day}`;
}

/** Are the eight digits `yyyyMMdd` a day of the Gregorian calendar? */
export function isCalendarDate(digits: string): boolean {
  const number = (from: number) => (digits.charCodeAt(from) - zero) * 10 + digits.charCodeAt(from + 1) - zero;
  const year = number(0) * 100 + number(2);
  const month = number(4);
  const day = number(6);
  const days = daysOfMonth[month - 1];
  if (days === undefined || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && leap ? 29 : days);
}
