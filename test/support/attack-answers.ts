import type { Answer } from './house-server.ts';

/** Two requests that say the same must get the same ids back. */
export const fixed = { 'x-request-id': 'request-1', 'x-correlation-id': 'correlation-1' };

/** An id that never was. */
export const nobody = '00000000-0000-4000-8000-000000000000';

/** Status, headers and body, but for what differs from one second to the next. */
export function bare({ status, headers, body }: Answer) {
  const { date: _, ...rest } = headers;
  const kept = Object.fromEntries(Object.entries(rest).filter(([name]) => !/^(ratelimit|x-ratelimit)/.test(name)));
  return { status, headers: kept, body };
}

/** Mann–Whitney: by how many standard deviations one of two samples is greater; beyond 4 is no chance (1 in 15,000). */
export function rankScore(first: readonly number[], second: readonly number[]): number {
  let greater = 0;
  for (const one of first) for (const other of second) greater += one > other ? 1 : one === other ? 0.5 : 0;
  const pairs = first.length * second.length;
  return (greater - pairs / 2) / Math.sqrt((pairs * (first.length + second.length + 1)) / 12);
}
