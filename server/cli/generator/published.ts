import type { Day } from './day.ts';
import {
  type Assignment,
  type AssignmentSlice,
  latest,
  type Organisation,
  type Person,
  type Place,
  type Position,
  shownOn,
} from './model.ts';

/**
 * What meaning.md says is published of each record, as one text per resource: two texts are equal exactly when
 * nothing published differs. Written from that page alone, so that the server's mapping has a second opinion.
 */
const workingStatuses: readonly string[] = ['Active Assignment', 'Acting Up', 'Internal Secondment', 'Maternity'];

/** What the server holds of the structure. */
export interface Structure {
  readonly today: Day;
  readonly organisations: ReadonlyMap<string, Organisation>;
  readonly places: ReadonlyMap<string, Place>;
  /** Is the position there (its rows were good)? */
  hasPosition(index: number): boolean;
}

export interface PublishedRole {
  readonly id: string;
  readonly start: Day;
  readonly end: Day | null;
  readonly active: boolean;
  /** The position that it holds today, by index; null where its period does not contain today. */
  readonly holds: number | null;
  readonly text: string;
}

export interface PublishedPerson {
  /** Own elements; then registrations; then `active`. Null: no Practitioner. */
  readonly practitioner: { readonly own: string; readonly registrations: string; readonly active: boolean } | null;
  readonly roles: readonly PublishedRole[];
}

const nobody: PublishedPerson = { practitioner: null, roles: [] };

/** Practitioner and PractitionerRoles of `person` (null: not in the store). */
export function publishedPerson(person: Person | null, structure: Structure): PublishedPerson {
  if (person === null) return nobody;
  const { slice } = shownOn(person.slices, structure.today);
  // Whatever the assignments say: the row that makes an employee of them may have been refused.
  if (slice.type === 'APL') return nobody;
  const roles: PublishedRole[] = [];
  for (const assignment of person.assignments) {
    const role = publishedRole(person, assignment, structure);
    if (role !== null) roles.push(role);
  }
  if (roles.length === 0 && person.registrations.length === 0) return { practitioner: null, roles };
  const { title, first, middle, last, preferred, maiden, previous, email } = slice;
  const names = [title, first, middle, last, preferred, maiden, previous];
  const own = [...names, person.gender, email, person.employeeNumber, person.nhsId, person.crs, person.id].join('~');
  const registrations = person.registrations
    .map(({ id, body, number, part, from, to }) => [id, body, number, part, from, to].join('~'))
    .join('\n');
  const active = roles.some((role) => role.end === null || role.end >= structure.today);
  return { practitioner: { own, registrations, active }, roles };
}

/** A role refers to its person by identifier and shows no name of theirs. */
function publishedRole(person: Person, assignment: Assignment, structure: Structure): PublishedRole | null {
  const { today } = structure;
  const { slice, inForce } = shownOn(assignment.slices, today);
  if (slice.applicant) return null;
  const { post } = slice;
  const start = assignment.earliest;
  const end = periodEnd(person, assignment, today);
  const during = start <= today && (end === null || end >= today);
  const active = during && inForce && workingStatuses.includes(slice.status);
  const department = structure.organisations.get(post.organisation);
  const place = structure.places.get(post.location);
  const text = [
    ...[assignment.id, assignment.number, start, end, active],
    ...[department ? post.organisation : '', department ? organisationName(department, today) : ''],
    ...[place ? post.location : '', place ? placeName(place) : ''],
    ...[structure.hasPosition(post.position) ? post.positionId : '', post.number, post.title, post.occupation],
    ...[post.areaOfWork, post.group, post.role, post.payscale, post.grade],
    ...[slice.fte, slice.hours, slice.category, slice.primary, slice.status, contractEnd(slice)],
  ].join('~');
  return { id: assignment.id, start, end, active, holds: during ? post.position : null, text };
}

/** `19000101` means that there is none. */
function contractEnd(slice: AssignmentSlice): Day | '' {
  return slice.contractEnd === null || slice.contractEnd < -25_000 ? '' : slice.contractEnd;
}

/** meaning.md, `PractitionerRole.period.end`. */
function periodEnd(person: Person, assignment: Assignment, today: Day): Day | null {
  const last = latest(assignment.slices);
  const leaving = latest(person.slices).termination;
  const stated = [last.ended, leaving !== null && assignment.earliest <= leaving ? leaving : null];
  const ends = stated.filter((day): day is Day => day !== null);
  if (ends.length > 0) return Math.min(...ends);
  if (last.status === 'Terminated') return last.start - 1;
  return last.end !== null && last.end < today ? last.end : null;
}

/** A department's name without ESR's VPD prefix and level digit. */
export function organisationName(organisation: Organisation, today: Day): string {
  return shownOn(organisation.slices, today).slice.raw.replace(/^\d+ \d /, '');
}

/** A location's description, else its code without prefixes. */
export function placeName(place: Place): string {
  return place.description === '' ? place.code.replace(/^\d+ z /, '') : place.description;
}

/** Organization: its own elements, its parent, its main location. */
export function publishedOrganisation(organisation: Organisation, structure: Structure): string {
  const { raw, type, parent, nacs } = shownOn(organisation.slices, structure.today).slice;
  const above = parent === null ? undefined : structure.organisations.get(parent);
  const partOf = above === undefined ? '' : `${above.id}~${organisationName(above, structure.today)}`;
  const place = structure.places.get(organisation.location);
  const mainLocation = place === undefined ? '' : `${place.id}~${placeName(place)}`;
  return [organisation.id, raw, type, nacs, partOf, mainLocation].join('~');
}

/** Location. */
export function publishedPlace(place: Place, structure: Structure): string {
  const inactive = place.inactive !== null && place.inactive < structure.today;
  const { id, description, address, town, postcode, telephone, site } = place;
  return [id, placeName(place), description, ...address, town, postcode, telephone, site, inactive].join('~');
}

/** What `position-updated` looks at, the holders apart. */
export function positionFacts(position: Position, structure: Structure): string {
  const { post, budget, hiring } = shownOn(position.slices, structure.today).slice;
  return [post.number, post.title, post.organisation, post.occupation, budget, hiring].join('~');
}

/** Basic (position): its facts, the pair of staff group and role, the department's name, vacant or not. */
export function publishedPosition(position: Position, vacant: boolean, structure: Structure): string {
  const { post } = shownOn(position.slices, structure.today).slice;
  const department = structure.organisations.get(post.organisation);
  const name = department === undefined ? '' : organisationName(department, structure.today);
  return [position.id, positionFacts(position, structure), post.group, post.role, name, vacant].join('~');
}
