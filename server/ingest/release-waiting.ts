import { keyText, type RecordKey } from '../record/record.ts';
import type { ExceptionRow, Stage, TenantStore } from '../store/port.ts';
import type { Ingest } from './apply.ts';
import { releasedRow } from './released-row.ts';

/**
 * Rows of earlier files that wait for a person who is in this file, or has come since, ride along with it
 * (meaning.md, Files), unless this file says something of their record itself. Of a record that several files left
 * waiting, the last one's rows count: they replace all its slices.
 */
export async function releaseWaiting({ store }: Pick<Ingest, 'store'>, stage: Stage): Promise<void> {
  const open = await store.ledger.exceptions({ state: 'open', severity: 'error' });
  const waiting = open.filter((exception) => exception.waitsFor !== null && exception.row !== null);
  if (waiting.length === 0) return;
  const persons = distinct(waiting.flatMap(({ waitsFor }) => (waitsFor === null ? [] : [waitsFor])));
  const coming = await stage.find(persons);
  const stored = await store.records.hashes(persons);
  const own = await stage.find(distinct(waiting.map(({ record }) => record)));
  const ready = (await latest(store, waiting)).filter(({ waitsFor, record }) => {
    const person = waitsFor === null ? '' : keyText(waitsFor);
    const there = coming.has(person) ? coming.get(person)?.good === true : stored.has(person);
    return there && !own.has(keyText(record));
  });
  if (ready.length > 0) await stage.put(ready.map(releasedRow));
}

/** Of each record the rows of the file that was applied last. */
export async function latest(
  { ledger }: Pick<TenantStore, 'ledger'>,
  waiting: readonly ExceptionRow[],
): Promise<readonly ExceptionRow[]> {
  const numbers = new Map<string, number>();
  for (const id of new Set(waiting.map(({ file }) => file))) numbers.set(id, (await ledger.file(id))?.sequence ?? 0);
  const isLater = (one: ExceptionRow, other: ExceptionRow) =>
    one.since === other.since ? (numbers.get(one.file) ?? 0) > (numbers.get(other.file) ?? 0) : one.since > other.since;
  const last = new Map<string, ExceptionRow>();
  for (const row of waiting) {
    const known = last.get(keyText(row.record));
    if (known === undefined || isLater(row, known)) last.set(keyText(row.record), row);
  }
  return waiting.filter((row) => last.get(keyText(row.record))?.file === row.file);
}

function distinct(keys: readonly RecordKey[]): RecordKey[] {
  return [...new Map(keys.map((key) => [keyText(key), key])).values()];
}
