import type { Day } from './day.ts';
import { type Assignment, type AssignmentSlice, changedFrom, latest, type Person, type PersonSlice } from './model.ts';
import { isOver } from './people.ts';
import type { Random } from './random.ts';
import type { ServerModel } from './server-model.ts';

/** Where an edit happens: the server's state, chance, and today. */
export interface EditScene {
  readonly server: ServerModel;
  readonly random: Random;
  readonly today: Day;
}

/** What a day did to somebody: how they are afterwards, and which of their records ESR sends (or deletes). */
export interface PersonEdit {
  /** Null: the person is deleted. */
  readonly after: Person | null;
  readonly sendsPerson: boolean;
  /** Ids of the assignments and registrations sent. */
  readonly assignments: readonly string[];
  readonly registrations: readonly string[];
  /** Delete rows: type and the record's own key. */
  readonly deletes: readonly string[];
}

/** Answers null where nothing of the kind can happen to this person. */
export type PersonChange = (scene: EditScene, person: Person) => PersonEdit | null;

export function edit(after: Person | null, parts: Partial<Omit<PersonEdit, 'after'>>): PersonEdit {
  return { after, sendsPerson: false, assignments: [], registrations: [], deletes: [], ...parts };
}

/** Works here now, nothing known of leaving. */
export function isEmployed(person: Person, today: Day): boolean {
  const last = latest(person.slices);
  const first = person.assignments[0];
  if (first === undefined || last.type !== 'EMP' || last.termination !== null) return false;
  return person.hire < today && runningJob(person, today) !== undefined;
}

/** The first assignment that has begun before today and has no end. */
export function runningJob(person: Person, today: Day): Assignment | undefined {
  return person.assignments.find((job) => !isOver(job) && !isApplication(job) && job.earliest < today);
}

export function isApplication(assignment: Assignment): boolean {
  return assignment.slices.some((slice) => slice.applicant);
}

/** Has somebody's every finished assignment an end date of its own (ASA 49)? */
export function endsAreStated(person: Person): boolean {
  return person.assignments.every((job) => !isOver(job) || latest(job.slices).ended !== null);
}

/** The person with `job` in place of the assignment of its id. */
export function withJob(person: Person, job: Assignment): Person {
  return { ...person, assignments: person.assignments.map((old) => (old.id === job.id ? job : old)) };
}

/** The running job changed from `day` on, and the edit that sends it. */
export function jobEdit(person: Person, job: Assignment, day: Day, change: Partial<AssignmentSlice>): PersonEdit {
  const slices = changedFrom(job.slices, Math.max(day, job.earliest), change);
  return edit(withJob(person, { ...job, slices }), { assignments: [job.id] });
}

export function withSlices(person: Person, change: (slice: PersonSlice) => PersonSlice): Person {
  return { ...person, slices: person.slices.map(change) };
}
