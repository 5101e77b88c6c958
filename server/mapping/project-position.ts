import { esrIdOf, type SourceRecord } from '../record/record.ts';
import type { CompiledMapping } from './compile.ts';
import { employmentOf } from './employment.ts';
import { basicId, practitionerRoleId } from './ids.ts';
import { recordInput } from './inputs.ts';
import { departmentInput } from './project-role.ts';
import type { ProjectedResource } from './projection.ts';
import { type Reader, sourcesOf } from './reading.ts';
import { render } from './render.ts';

/** Basic (profile ESRPosition) of a POA row; vacant where no assignment to it is in force today. */
export function projectPosition(mapping: CompiledMapping, reader: Reader, id: string): ProjectedResource[] {
  const key = { type: 'position', id } as const;
  const record = reader.records.get(key);
  if (record === undefined) return [];
  const position = reader.readOwn(record);
  const { tenant } = reader.context;
  const department = reader.follow(position, 'organisationId', 'organisation');
  // Every assignment is read, the first holder notwithstanding: each may be the one whose dates change the answer.
  const holders = reader.records.referring(key, 'assignment').filter((assignment) => holds(reader, assignment, id));
  const facts = { id: basicId(tenant, id), positionId: esrIdOf(record), vacant: holders.length === 0 };
  const scope = {
    position: recordInput(position, facts),
    department: department && departmentInput(tenant, department),
  };
  const basic = render(mapping, 'Basic', scope, reader, sourcesOf([position, department]));
  return [{ ...basic, holders: holders.map((assignment) => practitionerRoleId(tenant, assignment.id)) }];
}

function holds(reader: Reader, record: SourceRecord, positionId: string): boolean {
  const assignment = reader.readRecord(record);
  const personId = assignment.fields['personId'];
  const person = typeof personId === 'string' ? reader.read('person', personId) : undefined;
  if (person === undefined || assignment.fields['positionId'] !== positionId) return false;
  return employmentOf(reader, assignment, person)?.held ?? false;
}
