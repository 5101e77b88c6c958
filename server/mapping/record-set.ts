import { keyText, type RecordKey, type SourceRecord } from '../record/record.ts';
import type { RecordSet } from './projection.ts';
import { crsUuidReference, crsUuidsIn, referencesOf } from './references.ts';

/** A RecordSet of these records, found by key and by whom they refer to. A later record of the same key wins. */
export function recordSet(records: Iterable<SourceRecord>): RecordSet {
  const byKey = new Map<string, SourceRecord>();
  for (const record of records) byKey.set(keyText(record), record);
  const byReference = new Map<string, SourceRecord[]>();
  for (const record of byKey.values()) {
    const references = referencesOf(record);
    const linking = references.filter(({ type }) => type !== 'root' && type !== 'number');
    for (const to of record.type === 'person' ? crsUuidsIn(references) : linking) {
      const place = `${to.type}/${to.id}/${record.type}`;
      const list = byReference.get(place);
      if (list === undefined) byReference.set(place, [record]);
      else list.push(record);
    }
  }
  for (const list of byReference.values()) list.sort(byId);
  const referring = (to: RecordKey, type: RecordKey['type']) => byReference.get(`${keyText(to)}/${type}`) ?? [];
  const { type, id } = crsUuidReference('');
  return {
    get: (key) => byKey.get(keyText(key)),
    referring,
    organisationByNacs: (code) => referring({ type: 'nacs', id: code }, 'organisation')[0],
    personsWithCrsUuid: (uuid) => byReference.get(`${type}/${id}${uuid}/person`) ?? [],
  };
}

function byId(a: SourceRecord, b: SourceRecord): number {
  return a.id < b.id ? -1 : 1;
}
