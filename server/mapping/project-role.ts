import { esrIdOf } from '../record/record.ts';
import type { CompiledMapping } from './compile.ts';
import { type Employer, employerOf } from './employer.ts';
import type { Employment } from './employment.ts';
import { locationName, organisationName } from './esr-name.ts';
import { basicId, locationId, organizationId, practitionerRoleId } from './ids.ts';
import { factInput, type Input, recordInput } from './inputs.ts';
import type { ProjectedResource } from './projection.ts';
import { type Reader, type Reading, sourcesOf, textField } from './reading.ts';
import { render } from './render.ts';

/** PractitionerRole of one employment (ASA); what it refers to and is not there is left out and warned about. */
export function projectRole(
  mapping: CompiledMapping,
  reader: Reader,
  person: Reading,
  practitionerId: string,
  employment: Employment,
): ProjectedResource {
  const { tenant } = reader.context;
  const assignment = employment.reading;
  reader.readOwn(assignment.record);
  warnAbsent(reader, assignment);
  if (employment.period === undefined) warnReversed(reader, assignment);
  const department = reader.follow(assignment, 'organisationId', 'organisation');
  const location = reader.follow(assignment, 'locationId', 'location');
  const position = reader.follow(assignment, 'positionId', 'position');
  const employer = employerOf(reader, department);
  const facts = {
    id: practitionerRoleId(tenant, assignment.key.id),
    assignmentId: esrIdOf(assignment.record),
    active: employment.active,
    periodStart: employment.period?.start,
    periodEnd: employment.period?.end,
  };
  const scope = {
    assignment: recordInput(assignment, facts),
    person: recordInput(person, { reference: `Practitioner/${practitionerId}`, personId: esrIdOf(person.record) }),
    employer: employerInput(employer),
    department: department && departmentInput(tenant, department),
    location: location && locationInput(tenant, location),
    position: position && recordInput(position, { reference: `Basic/${basicId(tenant, position.key.id)}` }),
  };
  const sources = sourcesOf([assignment, person, department, employer?.shown, location, position]);
  return render(mapping, 'PractitionerRole', scope, reader, sources);
}

/** The department as templates see it, in roles and positions. */
export function departmentInput(tenant: string, department: Reading): Input {
  const display = organisationName(textField(department, 'name') ?? department.key.id);
  return recordInput(department, { reference: `Organization/${organizationId(tenant, department.key.id)}`, display });
}

/** A location as templates see it that refer to it. */
export function locationInput(tenant: string, location: Reading): Input {
  const reference = `Location/${locationId(tenant, location.key.id)}`;
  return recordInput(location, { reference, display: displayOfLocation(location) });
}

/** LCA 4, else LCA 3 without its prefixes. */
export function displayOfLocation(location: Reading): string | undefined {
  const code = textField(location, 'code');
  return textField(location, 'description') ?? (code && locationName(code));
}

/** The employer as templates see it. */
export function employerInput(employer: Employer | undefined): Input | undefined {
  if (employer === undefined) return undefined;
  return factInput({ reference: `Organization/${employer.id}`, ods: employer.ods, display: employer.name });
}

/** A feed that does not promise to be complete no longer has the assignment. */
function warnAbsent(reader: Reader, assignment: Reading): void {
  const absences = Object.values(assignment.record.layers?.absences ?? {});
  if (!absences.some(({ means }) => means === 'doubt')) return;
  const message = 'the last full files do not have the assignment any more; published as it was';
  reader.warn({ rule: 'assignment-absent', record: assignment.key, field: null, message, waitsFor: null });
}

/** FHIR has no period that ends before it starts (per-1), and the role never ran: it is published without one. */
function warnReversed(reader: Reader, assignment: Reading): void {
  const message = 'the assignment ends before it starts; published without a period';
  reader.warn({ rule: 'period-reversed', record: assignment.key, field: 'endDate', message, waitsFor: null });
}
