/** Time comes in as an argument: tests turn it, a job replays a past day with it. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** ISO 8601 UTC with milliseconds, as `toISOString` gives it: of many that are asked for in one, it is made once. */
export function instantText(time: Date): string {
  const ms = time.getTime();
  if (ms !== newest.ms) newest = { ms, text: time.toISOString() };
  return newest.text;
}

let newest = { ms: Number.NaN, text: '' };

/** Whole seconds since 1970. */
export function epochSecond(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

const london = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** The local date in Europe/London as `YYYY-MM-DD`: what "today" means for ESR (meaning.md, Time). */
export function londonDate(instant: Date): string {
  return london.format(instant);
}

/** `date` (`YYYY-MM-DD`) moved by whole days; calendar arithmetic, no time zone. */
export function addDays(date: string, days: number): string {
  const moved = new Date(`${date}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}
