import type { Day } from './day.ts';
import type { Body, Setting } from './jobs.ts';

/**
 * The records of a synthetic trust as the generator thinks of them: ESR's people, assignments, positions, organisations
 * and locations with their date-tracked slices. Starts and ends are inclusive; a null end is open.
 */
interface Dated {
  readonly start: Day;
  readonly end: Day | null;
}

export interface Place {
  readonly id: string;
  readonly code: string;
  readonly description: string;
  readonly inactive: Day | null;
  readonly address: readonly [string, string, string];
  readonly town: string;
  readonly postcode: string;
  readonly telephone: string;
  readonly site: string;
  readonly updated: Day;
}

export interface OrganisationSlice extends Dated {
  /** With VPD prefix and level digit: `277 6 Domestic (BRO)`. */
  readonly raw: string;
  readonly type: string;
  readonly parent: string | null;
  readonly nacs: string;
  readonly costCentre: string;
  readonly updated: Day;
}

export interface Organisation {
  readonly id: string;
  readonly location: string;
  readonly setting: Setting;
  readonly areaOfWork: string;
  /** Do people work here, or is it a branch of the tree? */
  readonly leaf: boolean;
  readonly slices: readonly OrganisationSlice[];
}

/** What an assignment says about its position: the Position Name, Grade and Job Name flexfields and where it is. */
export interface Post {
  readonly position: number;
  readonly positionId: string;
  readonly number: string;
  readonly title: string;
  readonly occupation: string;
  readonly areaOfWork: string;
  readonly group: string;
  readonly role: string;
  readonly grade: string;
  readonly payscale: string;
  readonly organisation: string;
  readonly location: string;
  readonly body: Body | null;
  readonly part: string;
}

export interface PositionSlice extends Dated {
  readonly post: Post;
  readonly budget: number;
  readonly hiring: 'Active' | 'Eliminated' | 'Frozen';
  readonly updated: Day;
}

export interface Position {
  readonly index: number;
  readonly id: string;
  readonly slices: readonly PositionSlice[];
}

export interface AssignmentSlice extends Dated {
  readonly applicant: boolean;
  /** ESR's user status text. */
  readonly status: string;
  readonly category: string;
  readonly primary: boolean;
  readonly hours: number;
  readonly fte: number;
  readonly post: Post;
  /** ASA 49. */
  readonly ended: Day | null;
  /** ASA 41. */
  readonly contractEnd: Day | null;
  readonly updated: Day;
}

export interface Assignment {
  readonly id: string;
  readonly number: string;
  /** ASA 6, the same on all slices. */
  readonly earliest: Day;
  readonly slices: readonly AssignmentSlice[];
}

export interface PersonSlice extends Dated {
  readonly title: string;
  readonly first: string;
  readonly middle: string;
  readonly last: string;
  readonly preferred: string;
  readonly maiden: string;
  readonly previous: string;
  readonly email: string;
  readonly type: 'EMP' | 'EX_EMP' | 'APL';
  /** PRA 18. */
  readonly termination: Day | null;
  readonly updated: Day;
}

export interface Registration {
  readonly id: string;
  readonly body: Body;
  readonly number: string;
  readonly part: string;
  readonly from: Day;
  readonly to: Day | null;
  readonly updated: Day;
}

export interface Person {
  readonly index: number;
  readonly id: string;
  readonly employeeNumber: string;
  readonly nhsId: string;
  readonly crs: string;
  readonly gender: string;
  readonly birth: Day;
  readonly hire: Day;
  readonly slices: readonly PersonSlice[];
  readonly assignments: readonly Assignment[];
  readonly registrations: readonly Registration[];
  /** The assignment whose start was announced as a starter's; null for nobody's. */
  readonly starter: string | null;
}

/** The slices of a date-tracked record with `change` in force from `from` on; what was before stays as it was. */
export function changedFrom<T extends Dated>(slices: readonly T[], from: Day, change: Partial<T>): readonly T[] {
  const result: T[] = [];
  for (const slice of slices) {
    if (slice.start >= from) result.push({ ...slice, ...change });
    else if (slice.end !== null && slice.end < from) result.push(slice);
    else result.push({ ...slice, end: from - 1 }, { ...slice, ...change, start: from, end: slice.end });
  }
  return result;
}

/** The last of the slices, which are in order of their starts. */
export function latest<T extends Dated>(slices: readonly T[]): T {
  return slices[slices.length - 1] as T;
}

/** meaning.md, Slices: the one that is shown on `today`, and whether it is really in force. */
export function shownOn<T extends Dated>(
  slices: readonly T[],
  today: Day,
): { readonly slice: T; readonly inForce: boolean } {
  let running: T | undefined;
  let ended: T | undefined;
  for (const slice of slices) {
    if (slice.start <= today && (slice.end === null || slice.end >= today)) {
      if (running === undefined || slice.start > running.start) running = slice;
    } else if (slice.end !== null && slice.end < today) {
      if (ended === undefined || slice.end > (ended.end ?? slice.end)) ended = slice;
    }
  }
  return { slice: running ?? ended ?? (slices[0] as T), inForce: running !== undefined };
}
