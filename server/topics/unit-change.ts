import { keyText, type RecordKey } from '../record/record.ts';
import type { Unit } from '../record/unit.ts';
import { identifiersOf, type Resource } from './fhir-element.ts';

/** What a batch does to the published resources of a unit, as the tenant's default contract shows them. */
export interface UnitChange {
  readonly unit: Unit;
  readonly resources: readonly ResourceChange[];
  /** What was remembered of the unit (`classify`); null: nothing. */
  readonly announcement: string | null;
}

export interface ResourceChange {
  readonly type: string;
  readonly id: string;
  /** The version that stands after the batch. */
  readonly version: number;
  /** Null: untouched, and `before` is `after`. */
  readonly change: 'create' | 'update' | 'delete' | null;
  /** Null where it was not there. */
  readonly before: Resource | null;
  /** Null where it is not there any more. */
  readonly after: Resource | null;
  /** The record that it is made from; null where that is not known any more. */
  readonly record: RecordKey | null;
  /** Of a position: ids of the roles that hold it today. */
  readonly holders?: readonly string[];
}

/** What is the same for all events of a batch. */
export interface EventContext {
  readonly tenant: string;
  readonly contract: string;
  /** Local date (Europe/London) as of which the batch shows the records. */
  readonly today: string;
  /** Local date on which the file came, or the day that came true. */
  readonly receivedDate: string;
  readonly cause: 'file' | 'date';
  /** Ledger id of the file; null where a date came true. */
  readonly file: string | null;
  /** Of a file: its ledger id; the same for all that one day's dates bring. */
  readonly correlationId: string;
  /** A baseline: what it holds is remembered, and no events are raised. */
  readonly silent: boolean;
}

/** `PractitionerRole/id`. */
export function nameOf({ type, id }: ResourceChange): string {
  return `${type}/${id}`;
}

/** Identifiers that hold ESR's own id, by the type of the record that has it. */
const recordIds: Readonly<Record<string, string>> = {
  assignment: '/esr-assignment-id',
  person: '/esr-person-id',
  organisation: '/esr-organisation-id',
  position: '/esr-position-id',
};

/** `assignment/2001`: the record of a resource; of one that is gone as it said itself. */
export function recordText({ record, before }: ResourceChange): string | null {
  if (record !== null) return keyText(record);
  if (before === null) return null;
  for (const { system, value } of identifiersOf(before)) {
    const type = Object.keys(recordIds).find((one) => system?.endsWith(recordIds[one] ?? ''));
    if (type !== undefined && value !== undefined) return `${type}/${value}`;
  }
  return null;
}
