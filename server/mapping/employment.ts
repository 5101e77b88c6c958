import { addDays } from '../core/clock.ts';
import type { Slice } from '../record/record.ts';
import { isApplicant, isApplication } from './applicant.ts';
import { fold } from './code-list.ts';
import type { Reader, Reading } from './reading.ts';

/** What an assignment comes to on a date: its period, and whether somebody works in it (meaning.md, People). */
export interface Employment {
  readonly reading: Reading;
  /** `PractitionerRole.period`, inclusive dates; undefined where ESR says that it ended before it began. */
  readonly period: { readonly start: string | undefined; readonly end: string | undefined } | undefined;
  readonly active: boolean;
  /** Today lies after the period: somebody whose every role has ended is a leaver. */
  readonly ended: boolean;
  /** A slice is in force and today lies in the period, whatever the status: the position is held. */
  readonly held: boolean;
}

/**
 * The employment that `reading`, an assignment of `person`, states; undefined for what is not published: an
 * application. Statuses are compared without case and punctuation.
 */
export function employmentOf(reader: Reader, reading: Reading, person: Reading): Employment | undefined {
  if (isApplicant(person.fields) || isApplication(reading.fields)) return undefined;
  const { today, workingStatuses } = reader.context;
  const slices = reading.record.slices.filter((slice) => !isApplication(slice.fields));
  const start = startOf(slices);
  const end = earlier(endOf(slices, start, terminationOf(person), today), absentSince(reading));
  if (start !== undefined && end !== undefined && end < start) {
    return { reading, period: undefined, active: false, ended: true, held: false };
  }
  const ended = end !== undefined && end < today;
  const begun = start === undefined || start <= today;
  const held = begun && !ended && reading.inForce;
  const status = reading.fields['userStatus'];
  const working = typeof status === 'string' && isWorking(status, workingStatuses);
  return { reading, period: { start, end }, active: held && working, ended, held };
}

const foldedStatuses = new WeakMap<readonly string[], ReadonlySet<string>>();

function isWorking(status: string, workingStatuses: readonly string[]): boolean {
  let folded = foldedStatuses.get(workingStatuses);
  if (folded === undefined) {
    folded = new Set(workingStatuses.map(fold));
    foldedStatuses.set(workingStatuses, folded);
  }
  return folded.has(fold(status));
}

/** ASA 6 as last stated, else the first slice's start. */
function startOf(slices: readonly Slice[]): string | undefined {
  for (let at = slices.length - 1; at >= 0; at -= 1) {
    const stated = slices[at]?.fields['earliestStart'];
    if (typeof stated === 'string') return stated;
  }
  return slices[0]?.start ?? undefined;
}

/** The last day of employment as the latest slices state it; a contract end or a projected date is none. */
function endOf(
  slices: readonly Slice[],
  start: string | undefined,
  termination: string | undefined,
  today: string,
): string | undefined {
  const latest = slices.at(-1);
  const stated = latest?.fields['endDate'];
  const own = typeof stated === 'string' ? stated : undefined;
  // A rehire begins after the old termination, which must not end it.
  const ofPerson = termination !== undefined && (start ?? '') <= termination ? termination : undefined;
  if (own !== undefined || ofPerson !== undefined) return earlier(own, ofPerson);
  const status = latest?.fields['userStatus'];
  if (typeof status === 'string' && fold(status) === 'terminated' && latest?.start) return addDays(latest.start, -1);
  let last = '';
  for (const slice of slices) {
    if (slice.end === null || slice.end >= today) return undefined;
    if (slice.end > last) last = slice.end;
  }
  return last === '' ? undefined : last;
}

/**
 * The last day of an assignment that left its feed's full files: when it was last in one (meaning.md, Files). The
 * earliest, where it left several.
 */
function absentSince({ record }: Reading): string | undefined {
  let since: string | undefined;
  for (const { means, lastSeen } of Object.values(record.layers?.absences ?? {})) {
    if (means === 'left') since = earlier(since, lastSeen);
  }
  return since;
}

/** PRA 18 of the person's latest slice. */
function terminationOf(person: Reading): string | undefined {
  const date = person.record.slices.at(-1)?.fields['terminationDate'];
  return typeof date === 'string' ? date : undefined;
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}
