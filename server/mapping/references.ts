import { madeKeyPrefix, type RecordType, type SourceRecord } from '../record/record.ts';
import { esrIdReference, type Reference } from '../record/unit.ts';
import { numbersOf } from './numbers.ts';

/** The fields by which records name others, by record type. */
const referenceFields = {
  nacs: {},
  location: {},
  organisation: { parentId: 'organisation', locationId: 'location', nacsCode: 'nacs' },
  position: { organisationId: 'organisation' },
  person: {},
  registration: { personId: 'person' },
  assignment: {
    personId: 'person',
    organisationId: 'organisation',
    positionId: 'position',
    locationId: 'location',
  },
} as const satisfies Record<RecordType, Readonly<Record<string, RecordType>>>;

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

/** Every record that any slice of `record` names, once each, plus its root and numbers (`RecordOp.references`). */
export function referencesOf(record: SourceRecord): readonly Reference[] {
  const known = remembered.get(record);
  if (known !== undefined) return known;
  const references = findReferences(record);
  remembered.set(record, references);
  return references;
}

/** Loading, projecting and diffing ask for the same record's again and again; records never change. */
const remembered = new WeakMap<SourceRecord, readonly Reference[]>();

function findReferences(record: SourceRecord): readonly Reference[] {
  const found = new Map<string, Reference>();
  const fields: Readonly<Record<string, RecordType>> = referenceFields[record.type];
  for (const [field, type] of Object.entries(fields)) {
    for (const slice of record.slices) {
      const id = slice.fields[field];
      if (typeof id === 'string' && id !== '') found.set(`${type}/${id}`, { type, id });
    }
  }
  if (rootTypes.has(record.type)) found.set('root', { type: 'root', id: record.type });
  for (const id of numbersOf(record.type, record.slices)) found.set(`number/${id}`, { type: 'number', id });
  if (record.type === 'person') {
    for (const { fields } of record.slices) {
      const uuid = fields['crsUuid'];
      if (typeof uuid === 'string') found.set(`crs-uuid/${uuid}`, crsUuidReference(uuid));
    }
  }
  if (record.id.startsWith(madeKeyPrefix)) {
    const esrId = record.layers?.esrId;
    found.set('made', esrId === undefined ? madeKeys.waiting : madeKeys.joined);
    if (esrId !== undefined) found.set('esr-id', esrIdReference(record.type, esrId));
  }
  return [...found.values()];
}
