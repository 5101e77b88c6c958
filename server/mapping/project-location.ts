import { esrIdOf } from '../record/record.ts';
import type { CompiledMapping } from './compile.ts';
import { defaultEmployer } from './employer.ts';
import { locationId } from './ids.ts';
import { recordInput } from './inputs.ts';
import { displayOfLocation, employerInput } from './project-role.ts';
import type { ProjectedResource } from './projection.ts';
import { type Reader, sourcesOf, textField } from './reading.ts';
import { render } from './render.ts';

/** Location of an LCA row. Its organisation is the employer, where the tenant has one ODS code and no choice. */
export function projectLocation(mapping: CompiledMapping, reader: Reader, id: string): ProjectedResource[] {
  const record = reader.records.get({ type: 'location', id });
  if (record === undefined) return [];
  const location = reader.readOwn(record);
  const { tenant, today, ods } = reader.context;
  const inactiveDate = textField(location, 'inactiveDate');
  const display = displayOfLocation(location);
  const code = textField(location, 'code');
  const facts = {
    id: locationId(tenant, id),
    locationId: esrIdOf(record),
    status: inactiveDate !== undefined && inactiveDate < today ? 'inactive' : 'active',
    display,
    alias: code === display ? undefined : code,
  };
  const employer = ods.length === 1 ? defaultEmployer(reader) : undefined;
  const scope = { location: recordInput(location, facts), employer: employerInput(employer) };
  return [render(mapping, 'Location', scope, reader, sourcesOf([location, employer?.shown]))];
}
