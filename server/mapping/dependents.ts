import type { RecordKey, RecordType } from '../record/record.ts';
import { type Reference, type Unit, type UnitKind, unitText } from '../record/unit.ts';
import type { MappingReader } from './record-reader.ts';
import { crsUuidsIn, referencesOf } from './references.ts';

/** A record that changed, came or went, with what its slices refer to before and after (`referencesOf`). */
export interface Changed {
  readonly key: RecordKey;
  /** Empty where it is new. */
  readonly before: readonly Reference[];
  /** Empty where it is deleted. */
  readonly after: readonly Reference[];
  /** Only the units that the record belongs to show the change (`unseen.ts`). */
  readonly unseen?: boolean;
}

/**
 * The units whose projection may differ once these records have changed, each once. `reader` answers from the store as
 * it stands before the change. Rather too many than one too few: an unchanged projection writes nothing.
 *
 * The employer of a tenant without any NHS_NACS_CODE row or NACS code depends on no record: whoever starts a tenant's
 * data adds the unit `employer/<first ODS code>` once.
 */
export async function dependents(changed: readonly Changed[], reader: MappingReader): Promise<readonly Unit[]> {
  const units = new UnitSet();
  const organisations = new Set<string>();
  let everything = false;
  for (const { key, before, after, unseen } of changed) {
    const references = [...before, ...after];
    if (unseen === true && key.type === 'assignment') units.addTargets(references, 'person');
    else own[key.type](units, key, references);
    if (key.type === 'organisation') organisations.add(key.id);
    if (key.type === 'nacs' || references.some((to) => to.type === 'nacs')) everything = true;
  }
  const roots: readonly Reference[] = everything ? shownEverywhere : [];
  for (const key of await referring(reader, roots)) {
    if (key.type === 'organisation') organisations.add(key.id);
    own[key.type](units, key, []);
  }
  await descend(reader, units, organisations);
  const seen = changed.filter(({ unseen }) => unseen !== true).map(({ key }) => key);
  const moved = seen.filter(({ type }) => type === 'location' || type === 'position');
  await spread(reader, units, [...moved, ...[...organisations].map(organisationKey)], everything);
  await vacate(
    reader,
    units,
    seen.filter(({ type }) => type === 'person'),
  );
  for (const { id } of await referring(reader, changed.flatMap(crsUuidsChanged))) units.add('person', id);
  return units.all();
}

/** The NHS CRS UUIDs that a person has or had, and not both: others who have them are warned about with them. */
function crsUuidsChanged({ key, before, after }: Changed): readonly Reference[] {
  if (key.type !== 'person') return [];
  const [old, now] = [crsUuidsIn(before), crsUuidsIn(after)];
  const without = (these: readonly Reference[], those: readonly Reference[]) =>
    these.filter(({ id }) => those.every((other) => other.id !== id));
  return [...without(old, now), ...without(now, old)];
}

/**
 * A NACS code or an employer's name reaches whatever has no code above it, among it what names an organisation that
 * has not come: those are found by type.
 */
const shownEverywhere: readonly Reference[] = (['location', 'organisation', 'person'] as const).map((id) => ({
  type: 'root',
  id,
}));

class UnitSet {
  readonly #units = new Map<string, Unit>();

  add(kind: UnitKind, id: string): void {
    const unit = { kind, id };
    this.#units.set(unitText(unit), unit);
  }

  addTargets(references: readonly Reference[], ...kinds: readonly UnitKind[]): void {
    for (const { type, id } of references) {
      if (kinds.includes(type as UnitKind)) this.add(type as UnitKind, id);
      if (type === 'nacs' && kinds.includes('employer')) this.add('employer', id);
    }
  }

  all(): readonly Unit[] {
    return [...this.#units.values()];
  }
}

/** The units that a record belongs to, before and after. */
const own = {
  nacs: (units, key) => units.add('employer', key.id),
  location: (units, key) => units.add('location', key.id),
  organisation: (units, key, references) => {
    units.add('organisation', key.id);
    units.addTargets(references, 'employer');
  },
  position: (units, key) => units.add('position', key.id),
  person: (units, key) => units.add('person', key.id),
  registration: (units, _key, references) => units.addTargets(references, 'person'),
  assignment: (units, _key, references) => units.addTargets(references, 'person', 'position'),
} as const satisfies Record<RecordType, (units: UnitSet, key: RecordKey, references: readonly Reference[]) => void>;

/** Adds every organisation below these to `organisations` and to the units: partOf, employer and loops may change. */
async function descend(reader: MappingReader, units: UnitSet, organisations: Set<string>): Promise<void> {
  let level = [...organisations];
  while (level.length > 0) {
    const below = await referring(
      reader,
      level.map((id) => ({ type: 'organisation', id })),
    );
    level = [];
    for (const { type, id } of below) {
      if (type !== 'organisation' || organisations.has(id)) continue;
      organisations.add(id);
      units.add('organisation', id);
      level.push(id);
    }
  }
}

/** Whoever shows these: organisations, positions, and roles, whose persons are in `units` already if `allPersons`. */
async function spread(
  reader: MappingReader,
  units: UnitSet,
  keys: readonly RecordKey[],
  allPersons: boolean,
): Promise<void> {
  const assignments: RecordKey[] = [];
  for (const key of await referring(reader, keys)) {
    if (key.type === 'assignment') assignments.push(key);
    else own[key.type](units, key, []);
  }
  if (allPersons || assignments.length === 0) return;
  for (const record of await reader.get(assignments)) units.addTargets(referencesOf(record), 'person');
}

/** The positions that these persons hold or held: a termination vacates them. */
async function vacate(reader: MappingReader, units: UnitSet, persons: readonly RecordKey[]): Promise<void> {
  const assignments = (await referring(reader, persons)).filter(({ type }) => type === 'assignment');
  if (assignments.length === 0) return;
  for (const record of await reader.get(assignments)) units.addTargets(referencesOf(record), 'position');
}

function organisationKey(id: string): RecordKey {
  return { type: 'organisation', id };
}

async function referring(reader: MappingReader, to: readonly Reference[]): Promise<readonly RecordKey[]> {
  return to.length === 0 ? [] : reader.referring(to);
}
