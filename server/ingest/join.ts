import { limits } from '../core/limits.ts';
import { numbersOf } from '../mapping/numbers.ts';
import { madeKeys } from '../mapping/references.ts';
import {
  type Fields,
  type FieldValue,
  keyText,
  madeKeyPrefix,
  type RecordKey,
  type RecordType,
} from '../record/record.ts';
import type { RecordReader, StagedGroup, StagedRow } from '../store/port.ts';

/**
 * Joins what ESR's ids name to the records that a CSV brought before their ids were known: the record keeps its key,
 * so that consumers keep their resource ids, and learns ESR's id (decision 0008).
 */
export interface Join {
  /** The groups under the keys that the store has for them, references too. */
  groups(staged: readonly StagedGroup[]): Promise<readonly StagedGroup[]>;
  /** ESR's id of a record whose key was made, where it is known. */
  esrId(key: RecordKey): string | undefined;
}

const referenceTypes: Readonly<Record<string, RecordType>> = {
  personId: 'person',
  organisationId: 'organisation',
  parentId: 'organisation',
  positionId: 'position',
  locationId: 'location',
};

/** Null where no key was ever made: then there is nothing to join, and a file costs one query for that answer. */
export async function joinOf(records: RecordReader): Promise<Join | null> {
  const keys = await records.referring([madeKeys.waiting, madeKeys.joined]);
  if (keys.length === 0) return null;
  /** Keys by `type/ESR id`; and of records that wait for theirs, by number. */
  const joined = new Map<string, string>();
  const waiting = new Map<string, string>();
  const esrIds = new Map<string, string>();
  const learn = (type: RecordType, id: string, esrId: string) => {
    joined.set(`${type}/${esrId}`, id);
    esrIds.set(`${type}/${id}`, esrId);
  };
  for (let at = 0; at < keys.length; at += limits.rowsPerChunkMax) {
    for (const record of await records.get(keys.slice(at, at + limits.rowsPerChunkMax))) {
      const esrId = record.layers?.esrId;
      if (esrId !== undefined) learn(record.type, record.id, esrId);
      else for (const number of numbersOf(record.type, record.slices)) waiting.set(number, record.id);
    }
  }
  const keyOf = (group: StagedGroup, stored: ReadonlyMap<string, string>): RecordKey => {
    const { key } = group;
    const known = joined.get(keyText(key));
    if (known !== undefined) return { type: key.type, id: known };
    if (key.id.startsWith(madeKeyPrefix) || waiting.size === 0 || stored.has(keyText(key))) return key;
    const numbers = numbersOf(key.type, group.rows.map(sliceOf));
    const made = new Set(numbers.flatMap((number) => waiting.get(number) ?? []));
    const [id] = made;
    if (id === undefined || made.size > 1) return key;
    for (const number of numbers) waiting.delete(number);
    learn(key.type, id, key.id);
    return { type: key.type, id };
  };
  return {
    async groups(staged) {
      const stored = waiting.size === 0 ? new Map() : await records.hashes(staged.map(({ key }) => key));
      const keyed = staged.map((group) => ({ ...group, key: keyOf(group, stored) }));
      return keyed.map((group) => ({ ...group, rows: group.rows.map((row) => joinedRow(row, joined)) }));
    },
    esrId: (key) => esrIds.get(keyText(key)),
  };
}

function sliceOf({ start, fields }: StagedRow): { readonly start: string | null; readonly fields: Fields } {
  return { start, fields: JSON.parse(fields) as Fields };
}

/** The row with its references to joined records under their keys; its hash and own key stay what the file stated. */
function joinedRow(row: StagedRow, joined: ReadonlyMap<string, string>): StagedRow {
  const fields = JSON.parse(row.fields) as Record<string, FieldValue>;
  let changed = false;
  for (const [name, type] of Object.entries(referenceTypes)) {
    const value = fields[name];
    const id = value === undefined ? undefined : joined.get(`${type}/${String(value)}`);
    if (id === undefined) continue;
    fields[name] = id;
    changed = true;
  }
  return changed ? { ...row, fields: JSON.stringify(fields) } : row;
}
