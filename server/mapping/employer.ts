import { limits } from '../core/limits.ts';
import { nacsName, organisationName } from './esr-name.ts';
import { employerId, organizationId } from './ids.ts';
import { type Reader, type Reading, textField } from './reading.ts';

/** The Organization with an ODS code that employs (meaning.md, Organisations). */
export interface Employer {
  readonly id: string;
  readonly ods: string;
  readonly name: string;
  /** The ORA row that is the employer, or the NHS_NACS_CODE row that names one which no ORA row carries. */
  readonly shown: Reading | undefined;
  /** The ORA row alone. */
  readonly row: Reading | undefined;
}

/** An organisation, then its parents upwards. */
export interface Ancestry {
  readonly line: readonly Reading[];
  /** What ended the walk: the top, a parent that is not there, a loop, or `organisationDepthMax`. */
  readonly end: 'top' | 'missing' | 'loop' | 'depth';
}

/** Walks up the parents (ORA 11) as they stand today; never longer than `organisationDepthMax`. */
export function ancestryOf(reader: Reader, organisation: Reading): Ancestry {
  const line = [organisation];
  let current = organisation;
  while (line.length < limits.organisationDepthMax) {
    const parentId = textField(current, 'parentId');
    if (parentId === undefined) return { line, end: 'top' };
    const parent = reader.read('organisation', parentId);
    if (parent === undefined) return { line, end: 'missing' };
    if (line.includes(parent)) return { line, end: 'loop' };
    line.push(parent);
    current = parent;
  }
  return { line, end: 'depth' };
}

/** The employer of a role in `department`: the nearest ODS code upwards, else the tenant's first (undefined = none). */
export function employerOf(reader: Reader, department: Reading | undefined): Employer | undefined {
  if (department === undefined) return defaultEmployer(reader);
  for (const organisation of ancestryOf(reader, department).line) {
    const ods = textField(organisation, 'nacsCode');
    if (ods !== undefined) return rowEmployer(reader, ods, rowOfOds(reader, ods) ?? organisation);
  }
  return defaultEmployer(reader);
}

/** The employer of whatever has no ODS code above it: that of the tenant's first ODS code. */
export function defaultEmployer(reader: Reader): Employer | undefined {
  const ods = reader.context.ods[0];
  if (ods === undefined) return undefined;
  const row = rowOfOds(reader, ods);
  return row === undefined ? madeEmployer(reader, ods) : rowEmployer(reader, ods, row);
}

/** The ORA row that carries an ODS code today: of several, the one with the smallest id. */
export function rowOfOds(reader: Reader, ods: string): Reading | undefined {
  for (const record of reader.records.referring({ type: 'nacs', id: ods }, 'organisation')) {
    const reading = reader.readRecord(record);
    if (textField(reading, 'nacsCode') === ods) return reading;
  }
  return undefined;
}

function rowEmployer(reader: Reader, ods: string, row: Reading): Employer {
  const name = organisationName(textField(row, 'name') ?? ods);
  return { id: organizationId(reader.context.tenant, row.key.id), ods, name, shown: row, row };
}

function madeEmployer(reader: Reader, ods: string): Employer {
  const nacs = reader.read('nacs', ods);
  const listed = nacs === undefined ? undefined : textField(nacs, 'name');
  const name = listed === undefined ? reader.context.name : nacsName(listed);
  return { id: employerId(reader.context.tenant, ods), ods, name, shown: nacs, row: undefined };
}
