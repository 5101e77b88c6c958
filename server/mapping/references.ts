import { madeKeyPrefix, type RecordKey, type RecordType, type SourceRecord } from '../record/record.ts';
import { esrIdReference, type Reference } from '../record/unit.ts';
import { numbersOf } from './numbers.ts';

/** The fields by which records name others, and the type of those, by record type. */
const linkFields: Readonly<Record<RecordType, readonly (readonly [field: string, type: RecordType])[]>> = {
  nacs: [],
  location: [],
  organisation: [
    ['parentId', 'organisation'],
    ['locationId', 'location'],
    ['nacsCode', 'nacs'],
  ],
  position: [['organisationId', 'organisation']],
  person: [],
  registration: [['personId', 'person']],
  assignment: [
    ['personId', 'person'],
    ['organisationId', 'organisation'],
    ['positionId', 'position'],
    ['locationId', 'location'],
  ],
};

/**
 * What shows the default employer, whatever it refers to itself: these records also refer to `root/<their type>`, so
 * that all of them can be found when the default employer's name or row changes (`dependents.ts`). Following the
 * organisation tree downwards would miss those whose parent has not come yet.
 */
const rootTypes: ReadonlySet<RecordType> = new Set(['location', 'organisation', 'person']);

/** What records refer to whose key was made from a number: before and after ESR's own id of them is known. */
export const madeKeys = {
  waiting: { type: 'number', id: 'made-key/waiting' },
  joined: { type: 'number', id: 'made-key/joined' },
} as const satisfies Record<string, Reference>;

/** What persons with the same NHS CRS UUID (PRA 30) share, which should be one person's alone (meaning.md, Files). */
export function crsUuidReference(uuid: string): Reference {
  return { type: 'number', id: `crs-uuid/${uuid}` };
}

/** The `crsUuidReference`s among these. */
export function crsUuidsIn(references: readonly Reference[]): readonly Reference[] {
  return references.filter(({ type, id }) => type === 'number' && id.startsWith('crs-uuid/'));
}

/** Every record that any slice of `record` names, once each. */
export function linksOf(record: SourceRecord): readonly RecordKey[] {
  const known = rememberedLinks.get(record);
  if (known !== undefined) return known;
  const links: RecordKey[] = [];
  for (const [field, type] of linkFields[record.type]) {
    for (const { fields } of record.slices) {
      const id = fields[field];
      if (typeof id !== 'string' || id === '') continue;
      // They are few, so a scan beats a map.
      if (!links.some((link) => link.id === id && link.type === type)) links.push({ type, id });
    }
  }
  rememberedLinks.set(record, links);
  return links;
}

/** Every record that any slice of `record` names, once each, plus its root and numbers (`RecordOp.references`). */
export function referencesOf(record: SourceRecord): readonly Reference[] {
  const known = remembered.get(record);
  if (known !== undefined) return known;
  const references = findReferences(record);
  remembered.set(record, references);
  return references;
}

/** Loading, projecting and diffing ask for the same record's again and again; records never change. */
const rememberedLinks = new WeakMap<SourceRecord, readonly RecordKey[]>();
const remembered = new WeakMap<SourceRecord, readonly Reference[]>();

function findReferences(record: SourceRecord): readonly Reference[] {
  const found: Reference[] = [...linksOf(record)];
  if (rootTypes.has(record.type)) found.push({ type: 'root', id: record.type });
  for (const id of numbersOf(record.type, record.slices)) found.push({ type: 'number', id });
  for (const uuid of crsUuidsOf(record)) found.push(crsUuidReference(uuid));
  if (record.id.startsWith(madeKeyPrefix)) {
    const esrId = record.layers?.esrId;
    found.push(esrId === undefined ? madeKeys.waiting : madeKeys.joined);
    if (esrId !== undefined) found.push(esrIdReference(record.type, esrId));
  }
  return found;
}

/** The NHS CRS UUIDs that any slice of a person holds, once each; none of other records. */
export function crsUuidsOf(record: SourceRecord): readonly string[] {
  if (record.type !== 'person') return [];
  const uuids: string[] = [];
  for (const { fields } of record.slices) {
    const uuid = fields['crsUuid'];
    if (typeof uuid === 'string' && !uuids.includes(uuid)) uuids.push(uuid);
  }
  return uuids;
}
