import { beginningOfTime, endOfTime } from './query.ts';

/** A stretch of time as the half-open range [low, high) in epoch milliseconds. */
export interface DateRange {
  readonly low: number;
  readonly high: number;
}

const grammar = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/**
 * What a FHIR date, dateTime or instant covers at its own precision (https://hl7.org/fhir/R4/search.html#date).
 * Without a zone it is Europe/London's (meaning.md, Time): in summer a day begins at 23:00 UTC of the day before, so
 * that what comes true at a local midnight is of that day. Undefined where it is no date.
 */
export function dateRange(text: string): DateRange | undefined {
  const match = grammar.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const y = Number(year);
  const m = month === undefined ? 1 : Number(month);
  const d = day === undefined ? 1 : Number(day);
  if (y < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m)) return undefined;
  if (month === undefined) return { low: londonMidnight(utc(y, 1, 1)), high: londonMidnight(utc(y + 1, 1, 1)) };
  if (day === undefined) return { low: londonMidnight(utc(y, m, 1)), high: londonMidnight(utc(y, m + 1, 1)) };
  const midnight = utc(y, m, d);
  if (hour === undefined) return { low: londonMidnight(midnight), high: londonMidnight(midnight + dayMs) };
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  const ms = fraction === undefined ? 0 : Number(fraction.padEnd(3, '0').slice(0, 3));
  const local = midnight + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second ?? 0)) * 1000 + ms;
  const low = zone === undefined ? londonToUtc(local) : local - offsetOf(zone);
  return { low, high: low + (second === undefined ? 60_000 : fraction === undefined ? 1000 : 1) };
}

/** A FHIR Period: an absent end is open. Undefined where a bound is no date. */
export function periodRange(start: string | undefined, end: string | undefined): DateRange | undefined {
  const first = start === undefined ? beginningOfTime : dateRange(start)?.low;
  const last = end === undefined ? endOfTime : dateRange(end)?.high;
  return first === undefined || last === undefined ? undefined : { low: first, high: last };
}

const dayMs = 86_400_000;

/** Asking for an offset costs microseconds and an ingest names the same few thousand days again and again. */
const midnights = new Map<number, number>();
const rememberedDaysMax = 40_000;

function londonMidnight(local: number): number {
  const known = midnights.get(local);
  if (known !== undefined) return known;
  const instant = londonToUtc(local);
  if (midnights.size >= rememberedDaysMax) midnights.clear();
  midnights.set(local, instant);
  return instant;
}

function daysIn(year: number, month: number): number {
  return new Date(utc(year, month + 1, 1) - 1).getUTCDate();
}

/** `Date.UTC` takes the years 0–99 for 1900–1999. */
function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
}

function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

const london = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', timeZoneName: 'longOffset' });

function askOffset(instant: number): number {
  const name = london.formatToParts(instant).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  return name.length > 3 ? offsetOf(name.slice(3)) : 0;
}

/** Offsets of the months that end as they begin: no month ever had the clocks changed twice (tzdata). Else null. */
const monthOffsets = new Map<number, number | null>();

function londonOffset(instant: number): number {
  const date = new Date(instant);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  const place = year * 12 + month;
  let known = monthOffsets.get(place);
  if (known === undefined) {
    const first = askOffset(utc(year, month, 1));
    known = first === askOffset(utc(year, month + 1, 1) - 1) ? first : null;
    if (monthOffsets.size >= rememberedDaysMax) monthOffsets.clear();
    monthOffsets.set(place, known);
  }
  return known ?? askOffset(instant);
}

/** In the hour that comes twice, the second; in the hour that does not exist, the time as if clocks had not moved. */
function londonToUtc(local: number): number {
  const guess = local - londonOffset(local);
  const offset = londonOffset(guess);
  return local - offset;
}
