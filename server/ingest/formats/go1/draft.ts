import { limits } from '../../../core/limits.ts';
import type { FieldValue } from '../../../record/record.ts';
import { type Fault, fault } from '../../fault.ts';
import { normaliseDate } from '../../normalise-date.ts';
import { normaliseNumber } from '../../normalise-number.ts';
import type { Draft, DraftedRow } from '../csv/draft.ts';
import type { CsvRow } from '../csv/read.ts';
import { hasControls } from '../go2/decode.ts';

type Kind = 'text' | 'date' | 'number';
type Field = readonly [name: string, kind: Kind, where: string];

/**
 * The fields that the structure is known of (esr.md 1.5; the layout itself is not public): the leading ones by their
 * place, 1-based; of the others those that show by their own shape. NI number, addresses and phones are never kept.
 */
const personFields: Readonly<Record<number, Field>> = {
  3: ['employeeNumber', 'text', 'Employee Number (PER 3)'],
  4: ['title', 'text', 'Title (PER 4)'],
  5: ['lastName', 'text', 'Last Name (PER 5)'],
  6: ['firstName', 'text', 'First Name (PER 6)'],
  7: ['middleNames', 'text', 'Middle Names (PER 7)'],
  8: ['maidenName', 'text', 'Maiden Name (PER 8)'],
  9: ['gender', 'text', 'Gender (PER 9)'],
  10: ['birthDate', 'date', 'Date of Birth (PER 10)'],
  13: ['terminationDate', 'date', 'Termination Date (PER 13)'],
};

const assignmentFields: Readonly<Record<number, Field>> = {
  3: ['assignmentNumber', 'text', 'Assignment Number (ASG 3)'],
  4: ['earliestStart', 'date', 'Start Date (ASG 4)'],
  5: ['endDate', 'date', 'End Date (ASG 5)'],
  6: ['userStatus', 'text', 'Assignment Status (ASG 6)'],
};

/** What follows the cell that says full or part time. */
const afterCategory: readonly Field[] = [
  ['employeeCategory', 'text', 'Employee Category (ASG)'],
  ['assignmentCategory', 'text', 'Assignment Category (ASG)'],
  ['fte', 'number', 'FTE (ASG)'],
  ['normalHours', 'number', 'Normal Hours (ASG)'],
  ['hoursFrequency', 'text', 'Frequency (ASG)'],
];

const leadingPersonCells = 13;
const leadingAssignmentCells = 9;

/** A person (PER). */
export function draftPerson({ line, cells }: CsvRow, { publishBirthDate }: { publishBirthDate: boolean }): DraftedRow {
  if (cells.length < leadingPersonCells) return { line, drafts: {}, fault: fault('row-too-short') };
  const draft = draftOf('person', cells[1]);
  for (const [place, field] of Object.entries(personFields)) {
    if (field[0] !== 'birthDate' || publishBirthDate) setField(draft, field, cells[Number(place) - 1]);
  }
  const email = cells.slice(leadingPersonCells).find((cell) => /^[^@\s]+@[^@\s]+$/.test(cell.trim()));
  setField(draft, ['email', 'text', 'E-mail (PER)'], email);
  if (draft.fields['lastName'] === undefined)
    draft.faults.push(fault('missing-field', 'lastName', 'Last Name (PER 5)'));
  return { line, drafts: { person: draft }, fault: null };
}

/** An assignment (ASG) of the person that it follows; undefined: of nobody. */
export function draftAssignment({ line, cells }: CsvRow, person: string | undefined): DraftedRow {
  if (cells.length < leadingAssignmentCells) return { line, drafts: {}, fault: fault('row-too-short') };
  const draft = draftOf('assignment', cells[1]);
  if (person !== undefined && person !== '') draft.fields['personId'] = person;
  for (const [place, field] of Object.entries(assignmentFields)) setField(draft, field, cells[Number(place) - 1]);
  const rest = cells.slice(leadingAssignmentCells).map((cell) => cell.trim());
  const category = rest.findIndex((cell) => cell === 'FT' || cell === 'PT');
  if (category >= 0) for (const [at, field] of afterCategory.entries()) setField(draft, field, rest[category + at]);
  flexfield(draft, rest, 4, ['positionNumber', 'positionTitle', 'occupationCode', 'areaOfWork']);
  flexfield(draft, rest, 3, [undefined, 'gradePayscale', 'gradeDescription']);
  flexfield(draft, rest, 2, ['staffGroup', 'jobRole']);
  const name = rest.find((cell) => /^\d{3} L\d \S/.test(cell));
  if (name === undefined || hasControls(name)) return { line, drafts: { assignment: draft }, fault: null };
  const organisation = { ...draftOf('organisation', undefined), fields: { name } };
  return { line, drafts: { assignment: draft, organisation }, fault: null };
}

function draftOf(type: Draft['type'], id: string | undefined): Draft {
  const text = id?.trim();
  const faults: Fault[] = [];
  const fields: Record<string, FieldValue> = {};
  const bad = text !== undefined && (text.length > limits.keyCharactersMax || hasControls(text));
  if (bad) faults.push(fault('bad-key', 'id'));
  return { type, esrId: bad || text === '' ? undefined : text, start: null, end: null, fields, levels: [], faults };
}

function setField(draft: Draft, [name, kind, where]: Field, cell: string | undefined): void {
  const text = cell?.trim().replace(/[\t\r\n ]+/g, ' ') ?? '';
  if (text === '') return;
  if (hasControls(text)) {
    draft.faults.push(fault('control-character', name, where));
    return;
  }
  const value = kind === 'date' ? normaliseDate(text) : kind === 'number' ? normaliseNumber(text) : text;
  if (value === undefined) draft.faults.push(fault(kind === 'date' ? 'bad-date' : 'bad-number', name, where));
  else if (value !== '') draft.fields[name] = value;
}

/** The first cell of exactly so many parts between `|`, the bar behind the last of a position's four not counted. */
function flexfield(
  draft: Draft,
  cells: readonly string[],
  parts: number,
  names: readonly (string | undefined)[],
): void {
  const split = cells.map((cell) => cell.replace(/\|$/, '').split('|')).find((found) => found.length === parts);
  for (const [at, name] of names.entries()) {
    if (name !== undefined) setField(draft, [name, 'text', `${name} (ASG)`], split?.[at]);
  }
}
