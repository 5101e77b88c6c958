import { limits } from '../core/limits.ts';

/** When a failed delivery is tried again. Data: a test may bring its own. */
export interface RetrySchedule {
  /** Seconds to wait after the first failure, the second …; after the last one the subscription is in error. */
  readonly delivery: readonly number[];
  readonly handshake: readonly number[];
  /** Share of a wait by which it is made longer or shorter, so that receivers that come back are not met at once. */
  readonly jitter: number;
  /** Refusals (4xx) after which nothing is gained by asking again. */
  readonly refusalsMax: number;
  /** Longest wait that `Retry-After` is obeyed for. */
  readonly retryAfterSecondsMax: number;
  /** How long nothing is sent to a host that failed several times in a row; doubled while that goes on. */
  readonly circuitSeconds: number;
  readonly circuitSecondsMax: number;
}

export const retrySchedule: RetrySchedule = {
  delivery: [5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400],
  handshake: [5, 30, 120],
  jitter: 0.2,
  refusalsMax: 5,
  retryAfterSecondsMax: 3600,
  circuitSeconds: limits.circuitSeconds,
  circuitSecondsMax: limits.circuitSecondsMax,
};

/** What a failed attempt leaves to decide on. */
export interface Failure {
  /** Failures in a row, this one included. */
  readonly failures: number;
  readonly status: number | null;
  /** Seconds that the receiver asked to be left alone for. */
  readonly retryAfter: number | undefined;
}

/**
 * Seconds until the next attempt; undefined: no further one.
 *
 * @param random 0 ≤ random < 1
 */
export function waitAfter(
  { failures, status, retryAfter }: Failure,
  waits: readonly number[],
  schedule: RetrySchedule,
  random: number,
): number | undefined {
  const refused = status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (refused && failures >= schedule.refusalsMax) return undefined;
  const wait = waits[failures - 1];
  if (wait === undefined) return undefined;
  const asked = status === 429 || status === 503 ? Math.min(retryAfter ?? 0, schedule.retryAfterSecondsMax) : 0;
  return Math.max(asked, wait * (1 + schedule.jitter * (2 * random - 1)));
}

/** `Retry-After` (RFC 9110, 10.2.3) in seconds: a number or a date. */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const date = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now.getTime()) / 1000);
}
