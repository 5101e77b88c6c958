import { limits } from '../../../core/limits.ts';
import { type FieldValue, type RecordType, recordTypes } from '../../../record/record.ts';
import { type Fault, fault } from '../../fault.ts';
import { normaliseFlag } from '../../normalise-flag.ts';
import { normaliseNumber } from '../../normalise-number.ts';
import { hasControls } from '../go2/decode.ts';
import type { BoundColumn, BoundHeader } from './header.ts';
import type { CsvProfile, Target } from './profile.ts';
import type { CsvRow } from './read.ts';

/** What a row says of one record, before it has a key. */
export interface Draft {
  readonly type: RecordType;
  /** ESR's own id where the file has it. */
  esrId: string | undefined;
  start: string | null;
  end: string | null;
  readonly fields: Record<string, FieldValue>;
  /** Organisation names from the top down, by `level1` … `level8`. */
  readonly levels: (string | undefined)[];
  readonly faults: Fault[];
}

export type Drafts = Partial<Record<RecordType, Draft>>;

/** A row of a CSV file as the records that it states. */
export interface DraftedRow {
  readonly line: number;
  readonly drafts: Drafts;
  /** The row as a whole is bad: its cells may stand under the wrong headings. */
  readonly fault: Fault | null;
}

/**
 * Reads a row under the header of its file. A record of which the row states nothing is left out: a vacant post has no
 * person. Values that no column names appear nowhere (architecture.md, invariant 8).
 */
export function draftRow(profile: CsvProfile, header: BoundHeader, { line, cells }: CsvRow): DraftedRow {
  if (cells.length < header.width) return { line, drafts: {}, fault: fault('row-too-short') };
  if (cells.slice(header.width).some((cell) => cell.trim() !== '')) {
    return { line, drafts: {}, fault: fault('row-too-long') };
  }
  const drafts: Drafts = {};
  const blanks: BoundColumn['column'][] = [];
  for (const bound of header.columns) readColumn(drafts, bound, cells, blanks);
  // A blank that must not be is a fault of the records that are there otherwise.
  for (const { name, targets } of blanks) {
    for (const target of targets) {
      const draft = target === null ? undefined : drafts[target.record];
      if (target !== null && draft !== undefined) draft.faults.push(fault('missing-field', target.field, name));
    }
  }
  for (const { record, field, value } of profile.defaults) {
    const draft = drafts[record];
    if (draft !== undefined && draft.fields[field] === undefined) draft.fields[field] = value;
  }
  for (const { record, field, value } of profile.constants) {
    const draft = drafts[record];
    if (draft !== undefined) draft.fields[field] = value;
  }
  for (const type of recordTypes) checkDates(drafts[type]);
  return { line, drafts, fault: null };
}

function readColumn(
  drafts: Drafts,
  bound: BoundColumn,
  cells: readonly string[],
  blanks: BoundColumn['column'][],
): void {
  const { column } = bound;
  const texts = bound.indexes.map((at) => (cells[at] ?? '').trim()).filter((text) => !isAbsent(column, text));
  const [text] = texts;
  if (text === undefined) {
    if (column.required) blanks.push(column);
    return;
  }
  const differs = texts.some((other) => other !== text);
  const parts = column.separator === null ? [] : text.split(column.separator);
  for (const [at, target] of column.targets.entries()) {
    if (target === null) continue;
    const part = column.separator === null ? text : (parts[at] ?? '').trim();
    if (part === '') continue;
    const draft = draftOf(drafts, target.record);
    if (differs) draft.faults.push(fault('contradiction', target.field, column.name));
    else readValue(draft, target, column.values.get(part.toLowerCase()) ?? part, column.name);
  }
}

function isAbsent(column: BoundColumn['column'], text: string): boolean {
  return text === '' || (column.absent.size > 0 && column.absent.has(text.toLowerCase()));
}

function draftOf(drafts: Drafts, type: RecordType): Draft {
  let draft = drafts[type];
  if (draft === undefined) {
    draft = { type, esrId: undefined, start: null, end: null, fields: {}, levels: [], faults: [] };
    drafts[type] = draft;
  }
  return draft;
}

function readValue(draft: Draft, { field, kind, date }: Target, text: string, column: string): void {
  // A line break or tab inside a quoted cell is white space: no ESR text has lines.
  const value = /\s/.test(text) ? text.replace(/[\t\r\n ]+/g, ' ') : text;
  if (hasControls(value)) {
    draft.faults.push(fault('control-character', field, column));
    return;
  }
  if (field === 'id') readId(draft, value, column);
  else if (/^level[1-8]$/.test(field) && draft.type === 'organisation') draft.levels[Number(field[5]) - 1] = value;
  else if (kind === 'date') readDateValue(draft, field, date?.(value), column);
  else if (kind === 'number') setOr(draft, field, normaliseNumber(value), 'bad-number', column);
  else if (kind === 'yes-no') setOr(draft, field, normaliseFlag(value), 'bad-flag', column);
  else draft.fields[field] = value;
}

function readId(draft: Draft, text: string, column: string): void {
  // `csv:` is how keys begin that we made ourselves.
  if (text.length > limits.keyCharactersMax || text.startsWith('csv:'))
    draft.faults.push(fault('bad-key', 'id', column));
  else draft.esrId = text;
}

function readDateValue(draft: Draft, field: string, date: string | undefined, column: string): void {
  if (date === undefined) draft.faults.push(fault('bad-date', field, column));
  else if (date === '') return;
  else if (field === 'start' || field === 'end') draft[field] = date;
  else draft.fields[field] = date;
}

function setOr(
  draft: Draft,
  field: string,
  value: FieldValue | undefined,
  rule: 'bad-number' | 'bad-flag',
  column: string,
): void {
  if (value === undefined) draft.faults.push(fault(rule, field, column));
  else draft.fields[field] = value;
}

function checkDates(draft: Draft | undefined): void {
  if (draft === undefined || draft.start === null || draft.end === null || draft.end >= draft.start) return;
  draft.faults.push(fault('end-before-start', 'end'));
}
