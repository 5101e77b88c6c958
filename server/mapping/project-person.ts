import { present } from '../core/assert.ts';
import { esrIdOf, type RecordKey } from '../record/record.ts';
import type { CodeList } from './code-list.ts';
import type { CompiledMapping } from './compile.ts';
import { type Employment, employmentOf } from './employment.ts';
import { practitionerId } from './ids.ts';
import { factInput, recordInput } from './inputs.ts';
import { projectRole } from './project-role.ts';
import type { ProjectedResource } from './projection.ts';
import { type Reader, type Reading, sourcesOf, textField } from './reading.ts';
import { registrationsOf } from './registrations.ts';
import { render } from './render.ts';

/**
 * Practitioner of a person (PRA) who has a published assignment or registration, then a PractitionerRole per published
 * assignment, by assignment id (meaning.md, People). Nothing for a person who is not there or is an applicant.
 */
export function projectPerson(mapping: CompiledMapping, reader: Reader, personId: string): ProjectedResource[] {
  const key: RecordKey = { type: 'person', id: personId };
  const record = reader.records.get(key);
  if (record === undefined) return [];
  const person = reader.readOwn(record);
  const stated = reader.records
    .referring(key, 'assignment')
    .map((assignment) => reader.readRecord(assignment))
    .filter((assignment) => assignment.fields['personId'] === personId);
  const employments = stated.map((assignment) => employmentOf(reader, assignment, person)).filter(isPublished);
  const registrations = reader.records
    .referring(key, 'registration')
    .map((registration) => reader.readRecord(registration))
    .filter((registration) => registration.fields['personId'] === personId);
  const applying = stated.length > employments.length;
  if (employments.length === 0 && (applying || registrations.length === 0)) return [];
  const practitioner = projectPractitioner(mapping, reader, person, employments, registrations);
  const role = (employment: Employment) => projectRole(mapping, reader, person, practitioner.id, employment);
  return [practitioner, ...employments.map(role)];
}

function isPublished(employment: Employment | undefined): employment is Employment {
  return employment !== undefined;
}

function projectPractitioner(
  mapping: CompiledMapping,
  reader: Reader,
  person: Reading,
  employments: readonly Employment[],
  registrationReadings: readonly Reading[],
): ProjectedResource {
  const { tenant, publishBirthDate } = reader.context;
  warnShared(reader, person);
  const { registrations, identifiers } = registrationsOf(reader, registrationReadings, registrationBodies(mapping));
  const facts = {
    id: practitionerId(tenant, person.key.id),
    personId: esrIdOf(person.record),
    active: employments.some((employment) => !employment.ended),
    publishBirthDate,
  };
  const scope = {
    person: recordInput(person, facts),
    identifiers: identifiers.map((identifier) => factInput(identifier.facts)),
    registrations: registrations.map((one) => recordInput(one.reading, { ...one.facts })),
  };
  const sources = sourcesOf([person, ...registrationReadings, ...employments.map((one) => one.reading)]);
  return render(mapping, 'Practitioner', scope, reader, sources);
}

/** One NHS CRS UUID (PRA 30) of two people: one of them is wrong, and nothing tells which (meaning.md, Files). */
function warnShared(reader: Reader, person: Reading): void {
  const uuid = textField(person, 'crsUuid');
  if (uuid === undefined) return;
  const others = reader.records.personsWithCrsUuid(uuid).filter(({ id }) => id !== person.key.id);
  if (!others.some((other) => textField(reader.readRecord(other), 'crsUuid') === uuid)) return;
  const message = 'another person has the same NHS CRS UUID; published for both';
  reader.warn({ rule: 'crs-uuid-shared', record: person.key, field: 'crsUuid', message, waitsFor: null });
}

function registrationBodies(mapping: CompiledMapping): CodeList {
  return present(mapping.lists.get('registration-body'), 'the code list registration-body');
}
