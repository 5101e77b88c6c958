import type { SourceRecord } from '../record/record.ts';
import { employmentOf } from './employment.ts';
import type { ProjectionContext } from './projection.ts';
import { Reader } from './reading.ts';
import { recordSet } from './record-set.ts';

/** Is the assignment a published one whose period has not ended on the date of `context`? */
export function isLive(
  assignment: SourceRecord,
  person: SourceRecord | undefined,
  context: ProjectionContext,
): boolean {
  if (person === undefined) return false;
  const reader = new Reader(recordSet([assignment, person]), context);
  const employment = employmentOf(reader, reader.readRecord(assignment), reader.readRecord(person));
  return employment !== undefined && !employment.ended;
}
