import type { DeliveryAttempt } from '../delivery-port.ts';
import type { Connection } from './connection.ts';
import { insertRows } from './insert-rows.ts';

/**
 * Attempts of one subscription that were written together, oldest first, as one row: there is one attempt for each
 * notification, and to place every one of them in a table and its indexes took a tenth of a delivery (measured).
 */
export interface AttemptRun {
  readonly subscription: string;
  /** Lowest and highest number that any of them carried; each is between the two, and not all between need be there. */
  readonly first: number;
  readonly last: number;
  /** JSON array of `Columns`. */
  readonly attempts: string;
}

type Columns = [
  ...[id: string, kind: DeliveryAttempt['kind'], from: number, to: number, at: string],
  ...[status: number | null, error: string | null, bytes: number, sha256: string, milliseconds: number],
];

/** How many runs are looked at in one step, whoever asks for how many attempts. */
const runsPerStep = 50;

export function attemptRuns(attempts: readonly DeliveryAttempt[]): readonly AttemptRun[] {
  const all = new Map<string, DeliveryAttempt[]>();
  for (const attempt of attempts) {
    const own = all.get(attempt.subscription);
    if (own === undefined) all.set(attempt.subscription, [attempt]);
    else own.push(attempt);
  }
  return [...all].map(([subscription, own]) => {
    const first = Math.min(...own.map(({ from }) => from));
    const last = Math.max(...own.map(({ to }) => to));
    return { subscription, first, last, attempts: JSON.stringify(own.map(columnsOf)) };
  });
}

/** Of very many rows each names its subscription: by a number, which its indexes have room for. */
export function writeAttempts(file: Connection, runs: readonly AttemptRun[]): void {
  const rows = runs.flatMap(({ subscription, ...run }) => {
    return [subscriberNumber(file, subscription), run.first, run.last, run.attempts];
  });
  insertRows(file, 'INSERT INTO attempts(subscriber, first, last, attempts)', 4, rows);
}

/** See `DeliveryStore.attempts`. */
export function attemptsAt(
  file: Connection,
  subscription: string,
  range: { readonly from: number; readonly to: number },
  limit: number,
): readonly DeliveryAttempt[] {
  const next = `SELECT n, attempts FROM attempts WHERE ${ofSubscriber} AND last >= ? AND first <= ? AND n > ?
    ORDER BY n LIMIT ${runsPerStep}`;
  const found: DeliveryAttempt[] = [];
  for (let after = 0, more = true; more && found.length < limit; ) {
    const runs = file.rows<[n: number, attempts: string]>(next, subscription, range.from, range.to, after);
    for (const [n, text] of runs) {
      after = n;
      const all = parsed(subscription, text);
      found.push(...all.filter(({ from, to }) => to >= range.from && from <= range.to));
    }
    more = runs.length === runsPerStep;
  }
  return found.slice(0, limit);
}

/** See `DeliveryStore.lastAttempts`. */
export function newestAttempts(file: Connection, subscription: string, limit: number): readonly DeliveryAttempt[] {
  const next = `SELECT n, attempts FROM attempts WHERE ${ofSubscriber} AND n < ? ORDER BY n DESC LIMIT 1`;
  let found: readonly DeliveryAttempt[] = [];
  for (let before = Number.MAX_SAFE_INTEGER; found.length < limit; ) {
    const run = file.row<[n: number, attempts: string]>(next, subscription, before);
    if (run === undefined) break;
    found = [...parsed(subscription, run[1]), ...found];
    before = run[0];
  }
  return found.slice(Math.max(0, found.length - limit));
}

/** Forgets the oldest, at most `limit`, as far as they are of before a time; of a run the rest stays. */
export function forgetAttempts(file: Connection, before: string, limit: number): void {
  const oldest = 'SELECT n, attempts FROM attempts ORDER BY n LIMIT 1';
  for (let left = limit; left > 0; ) {
    const run = file.row<[n: number, attempts: string]>(oldest);
    if (run === undefined) return;
    const attempts = JSON.parse(run[1]) as readonly Columns[];
    const young = attempts.findIndex(([, , , , at]) => at >= before);
    const count = Math.min(left, young < 0 ? attempts.length : young);
    if (count === attempts.length) file.run('DELETE FROM attempts WHERE n = ?', run[0]);
    else {
      if (count > 0)
        file.run('UPDATE attempts SET attempts = ? WHERE n = ?', JSON.stringify(attempts.slice(count)), run[0]);
      return;
    }
    left -= count;
  }
}

const ofSubscriber = 'subscriber = (SELECT n FROM subscriber WHERE id = ?)';

function subscriberNumber(file: Connection, id: string): number {
  const known = file.value<number>('SELECT n FROM subscriber WHERE id = ?', id);
  return known ?? file.insert('INSERT INTO subscriber(id) VALUES(?)', id);
}

function columnsOf({ id, kind, from, to, at, status, error, bytes, sha256, milliseconds }: DeliveryAttempt): Columns {
  return [id, kind, from, to, at, status, error, bytes, sha256, milliseconds];
}

function parsed(subscription: string, text: string): readonly DeliveryAttempt[] {
  return (JSON.parse(text) as readonly Columns[]).map(
    ([id, kind, from, to, at, status, error, bytes, sha256, milliseconds]): DeliveryAttempt => {
      return { id, subscription, kind, from, to, at, status, error, bytes, sha256, milliseconds };
    },
  );
}
