import { InvalidArgumentError } from 'commander';

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const daysMax = 3650;

/** For `argument parser` of commander: `30m`, `24h` or `7d`, as milliseconds. */
export function duration(text: string): number {
  const [, number = '', unit = ''] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(number) * (unitMs[unit as keyof typeof unitMs] ?? 0);
  if (!(ms > 0) || ms > daysMax * unitMs.d) throw new InvalidArgumentError('a duration is written as 30m, 24h or 7d');
  return ms;
}

/** ISO 8601 UTC, `ms` after `now`. */
export function after(now: Date, ms: number): string {
  return new Date(now.getTime() + ms).toISOString();
}
