import type { RecordKey, RecordType, SourceRecord } from '../record/record.ts';
import type { RecordSet } from './projection.ts';
import { crsUuidsOf, linksOf } from './references.ts';

/** By which of the records that they name records are found, by their type: what projections ask for. */
const foundBy: Partial<Readonly<Record<RecordType, readonly RecordType[]>>> = {
  organisation: ['nacs'],
  registration: ['person'],
  assignment: ['person', 'position'],
};

/**
 * A RecordSet of these records, found by key and by whom they refer to. A later record of the same key wins. Maps of
 * maps: joining type and id costs more than looking them up.
 */
export function recordSet(records: Iterable<SourceRecord>): RecordSet {
  const byKey = new Map<RecordType, Map<string, SourceRecord>>();
  for (const record of records) inner(byKey, record.type).set(record.id, record);
  const byLink = new Map<string, Map<string, SourceRecord[]>>();
  const byCrsUuid = new Map<string, SourceRecord[]>();
  for (const [type, ofType] of byKey) {
    const targets = foundBy[type] ?? [];
    for (const record of ofType.values()) {
      for (const uuid of crsUuidsOf(record)) append(byCrsUuid, uuid, record);
      if (targets.length === 0) continue;
      for (const to of linksOf(record)) {
        if (targets.includes(to.type)) append(inner(byLink, place(to.type, type)), to.id, record);
      }
    }
  }
  for (const lists of [...byLink.values(), byCrsUuid]) {
    for (const list of lists.values()) if (list.length > 1) list.sort(byId);
  }
  const referring = (to: RecordKey, type: RecordType) => byLink.get(place(to.type, type))?.get(to.id) ?? [];
  return {
    get: (key) => byKey.get(key.type)?.get(key.id),
    referring,
    organisationByNacs: (code) => referring({ type: 'nacs', id: code }, 'organisation')[0],
    personsWithCrsUuid: (uuid) => byCrsUuid.get(uuid) ?? [],
  };
}

function place(to: RecordType, type: RecordType): string {
  return `${to}/${type}`;
}

function inner<Name, Value>(outer: Map<Name, Map<string, Value>>, name: Name): Map<string, Value> {
  let found = outer.get(name);
  if (found === undefined) {
    found = new Map();
    outer.set(name, found);
  }
  return found;
}

function append(lists: Map<string, SourceRecord[]>, id: string, record: SourceRecord): void {
  const list = lists.get(id);
  if (list === undefined) lists.set(id, [record]);
  else list.push(record);
}

function byId(a: SourceRecord, b: SourceRecord): number {
  return a.id < b.id ? -1 : 1;
}
