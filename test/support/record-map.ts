import type { MappingReader } from '../../server/mapping/record-reader.ts';
import { referencesOf } from '../../server/mapping/references.ts';
import { keyText, type RecordKey, type SourceRecord } from '../../server/record/record.ts';
import type { Unit } from '../../server/record/unit.ts';

/** Reads records held in memory, and counts its calls. */
export function recordMap(records: readonly SourceRecord[]): MappingReader & { readonly calls: () => number } {
  const byKey = new Map(records.map((one) => [keyText(one), one]));
  let calls = 0;
  return {
    calls: () => calls,
    async get(keys: readonly RecordKey[]) {
      calls += 1;
      return [...new Set(keys.map(keyText))].map((key) => byKey.get(key)).filter((one) => one !== undefined);
    },
    async referring(to) {
      calls += 1;
      const wanted = new Set(to.map(({ type, id }) => `${type}/${id}`));
      return records
        .filter((one) => referencesOf(one).some(({ type, id }) => wanted.has(`${type}/${id}`)))
        .map(({ type, id }) => ({ type, id }));
    },
  };
}

/** Every unit that these records may give, and the default employer's. */
export function unitsOf(records: readonly SourceRecord[], employer: string): readonly Unit[] {
  const units: Unit[] = [{ kind: 'employer', id: employer }];
  for (const { type, id } of records) {
    if (type === 'location' || type === 'organisation' || type === 'position' || type === 'person') {
      units.push({ kind: type, id });
    }
  }
  return units;
}
