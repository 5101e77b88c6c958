import { esrIdOf } from '../record/record.ts';
import type { CompiledMapping } from './compile.ts';
import { ancestryOf, defaultEmployer, type Employer, rowOfOds } from './employer.ts';
import { organisationName } from './esr-name.ts';
import { organizationId } from './ids.ts';
import { factInput, recordInput } from './inputs.ts';
import { locationInput } from './project-role.ts';
import type { ProjectedResource } from './projection.ts';
import { type Reader, type Reading, sourcesOf, textField } from './reading.ts';
import { render } from './render.ts';

/** Organization of an ORA row: a department, or the employer where it carries the ODS code (meaning.md). */
export function projectOrganisation(mapping: CompiledMapping, reader: Reader, id: string): ProjectedResource[] {
  const record = reader.records.get({ type: 'organisation', id });
  if (record === undefined) return [];
  const organisation = reader.readOwn(record);
  const { tenant } = reader.context;
  const raw = textField(organisation, 'name');
  const display = raw === undefined ? organisation.key.id : organisationName(raw);
  const ods = odsOf(reader, organisation);
  const parent = parentOf(reader, organisation, ods !== undefined);
  const location = reader.follow(organisation, 'locationId', 'location');
  const facts = {
    id: organizationId(tenant, id),
    organisationId: esrIdOf(record),
    active: organisation.inForce,
    ods,
    kind: ods === undefined ? 'dept' : 'prov',
    display,
    alias: raw === display ? undefined : raw,
  };
  const scope = {
    organisation: recordInput(organisation, facts),
    parent: parent && factInput({ reference: `Organization/${parent.id}`, display: parent.name }),
    location: location && locationInput(tenant, location),
  };
  const sources = sourcesOf([organisation, parent?.shown, location]);
  return [render(mapping, 'Organization', scope, reader, sources)];
}

/** The Organization of the tenant's first ODS code, where no ORA row carries that code. */
export function projectEmployer(mapping: CompiledMapping, reader: Reader, ods: string): ProjectedResource[] {
  if (reader.context.ods[0] !== ods) return [];
  const employer = defaultEmployer(reader);
  if (employer === undefined || employer.row !== undefined) return [];
  const facts = { id: employer.id, active: true, ods, kind: 'prov', display: employer.name };
  const scope = { organisation: factInput(facts) };
  return [render(mapping, 'Organization', scope, reader, sourcesOf([employer.shown]))];
}

/** The row's NACS code, on the one row that is this employer; other rows with the same code are departments. */
function odsOf(reader: Reader, organisation: Reading): string | undefined {
  const ods = textField(organisation, 'nacsCode');
  if (ods === undefined || rowOfOds(reader, ods) === organisation) return ods;
  const message = 'another organisation carries this NACS code and is its Organization';
  reader.warn({ rule: 'nacs-code-shared', record: organisation.key, field: 'nacsCode', message, waitsFor: null });
  return undefined;
}

type Parent = Pick<Employer, 'id' | 'name' | 'shown'>;

/**
 * ORA 11; a row without one, and without an ODS code of its own, hangs below the tenant's employer, so that every
 * department leads up to it. A row that its own parents lead back to has none.
 */
function parentOf(reader: Reader, organisation: Reading, isEmployer: boolean): Parent | undefined {
  const ancestry = ancestryOf(reader, organisation);
  if (textField(organisation, 'parentId') === undefined)
    return isEmployer ? undefined : topParent(reader, organisation);
  const parent = reader.follow(organisation, 'parentId', 'organisation');
  if (parent === undefined) return undefined;
  if (ancestry.end === 'loop') warnAncestry(reader, organisation, 'organisation-loop', 'parents form a loop');
  if (ancestry.end === 'depth') warnAncestry(reader, organisation, 'organisation-depth', 'too many parents');
  if (ancestry.end === 'loop' && leadsTo(reader, parent, organisation)) return undefined;
  const { tenant } = reader.context;
  const name = organisationName(textField(parent, 'name') ?? parent.key.id);
  return { id: organizationId(tenant, parent.key.id), name, shown: parent };
}

/** The tenant's employer, unless it is itself below `organisation`. */
function topParent(reader: Reader, organisation: Reading): Parent | undefined {
  const employer = defaultEmployer(reader);
  if (employer?.row !== undefined && leadsTo(reader, employer.row, organisation)) return undefined;
  return employer;
}

function leadsTo(reader: Reader, from: Reading, to: Reading): boolean {
  return ancestryOf(reader, from).line.includes(to);
}

function warnAncestry(reader: Reader, organisation: Reading, rule: string, message: string): void {
  reader.warn({ rule, record: organisation.key, field: 'parentId', message, waitsFor: null });
}
