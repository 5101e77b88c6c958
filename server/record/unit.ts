import type { RecordType } from './record.ts';

/**
 * What is projected together, in one batch: a person with their roles, an organisation, a location, a position, or the
 * employer that no organisation row carries. A record change makes units due; a unit owns the resources made from it.
 */
export const unitKinds = ['location', 'employer', 'organisation', 'position', 'person'] as const;
export type UnitKind = (typeof unitKinds)[number];

export interface Unit {
  readonly kind: UnitKind;
  readonly id: string;
}

/**
 * Something that a record names: another record; `root`, the top of the organisation tree; or a `number` that it goes
 * by, so that a file without ESR ids finds it (decision 0008).
 */
export interface Reference {
  readonly type: RecordType | 'root' | 'number';
  readonly id: string;
}

/** What a record whose key was made from a number goes by once ESR's own id of it is known (decision 0008). */
export function esrIdReference(type: RecordType, esrId: string): Reference {
  return { type: 'number', id: `esr-id/${type}/${esrId}` };
}

export function unitText(unit: Unit): string {
  return `${unit.kind}/${unit.id}`;
}
