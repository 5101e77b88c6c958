import type { RecordType, SourceRecord } from '../record/record.ts';
import { inputs } from './inputs.ts';

/**
 * What the units of other records show, or decide by, of a record besides the dates of its slices: positions who holds
 * them (`employment.ts`), roles their position. Types that are not here are shown in whole.
 */
const seenFields: Partial<Readonly<Record<RecordType, readonly string[]>>> = {
  person: ['userPersonType', 'terminationDate'],
  position: inputs.PractitionerRole.position.fields,
  assignment: ['personId', 'positionId', 'userStatus', 'systemStatus', 'earliestStart', 'endDate'],
};

/** Does a change leave everything alone that the units of other records show (`Changed.unseen`)? */
export function isUnseen(before: SourceRecord, after: SourceRecord): boolean {
  const seen = seenFields[before.type];
  if (seen === undefined || before.slices.length !== after.slices.length) return false;
  if (JSON.stringify(before.layers?.absences) !== JSON.stringify(after.layers?.absences)) return false;
  return before.slices.every((old, at) => {
    const now = after.slices[at];
    if (now === undefined || old.start !== now.start || old.end !== now.end) return false;
    return seen.every((name) => old.fields[name] === now.fields[name]);
  });
}
