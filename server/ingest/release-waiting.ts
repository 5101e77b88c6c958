import { keyText, type RecordKey } from '../record/record.ts';
import type { ExceptionRow, Stage, StagedRow } from '../store/port.ts';
import type { Ingest } from './apply.ts';

/**
 * Rows of earlier files that wait for a person who is in this file, or has come since, ride along with it
 * (meaning.md, Files), unless this file says something of their record itself. `from` tells where they come from.
 */
export async function releaseWaiting({ store }: Ingest, stage: Stage): Promise<void> {
  const open = await store.ledger.exceptions({ state: 'open', severity: 'error' });
  const waiting = open.filter((exception) => exception.waitsFor !== null && exception.row !== null);
  if (waiting.length === 0) return;
  const persons = distinct(waiting.flatMap(({ waitsFor }) => (waitsFor === null ? [] : [waitsFor])));
  const coming = await stage.find(persons);
  const stored = await store.records.hashes(persons);
  const own = await stage.find(distinct(waiting.map(({ record }) => record)));
  const ready = waiting.filter(({ waitsFor, record }) => {
    const person = waitsFor === null ? '' : keyText(waitsFor);
    const there = coming.has(person) ? coming.get(person)?.good === true : stored.has(person);
    return there && !own.has(keyText(record));
  });
  if (ready.length > 0) await stage.put(ready.map(released));
}

function released(exception: ExceptionRow): StagedRow {
  return { ...(JSON.parse(exception.row ?? '') as StagedRow), from: `${exception.id} ${exception.file}` };
}

function distinct(keys: readonly RecordKey[]): RecordKey[] {
  return [...new Map(keys.map((key) => [keyText(key), key])).values()];
}
