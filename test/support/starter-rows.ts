import type { EventStep } from './event-vector.ts';

/** Rows of a person and a job that nobody knew: one `starter-created` and one `starter-effective`. */
export function starterRows(...numbers: readonly number[]): NonNullable<EventStep['rows']> {
  return numbers.flatMap((n) => {
    const [person, job, number] = [String(910_000 + n), String(920_000 + n), String(930_000 + n)];
    return [
      { eve: { '2': person, '5': number, '7': `Name${n}` } },
      { 'eve-job': { '2': person, '3': job, '8': number } },
    ];
  });
}
