import { asApplication, assignmentFrom, endedOn, finishedOn } from './assignments.ts';
import type { Day } from './day.ts';
import { type Assignment, changedFrom, type Person, type PersonSlice, type Position, shownOn } from './model.ts';
import { familyName, mailText, nameFrom } from './names.ts';
import { type Random, randomOf } from './random.ts';
import { registrationsFor } from './registrations.ts';
import { streams, type TrustSettings } from './settings.ts';

/** Who somebody is when the full file is cut. */
const fates = [
  { weight: 840, fate: 'employee' },
  { weight: 30, fate: 'future starter' },
  { weight: 50, fate: 'left' },
  { weight: 12, fate: 'leaving' },
  { weight: 12, fate: 'returned' },
  { weight: 10, fate: 'applicant' },
  { weight: 6, fate: 'registered only' },
  { weight: 2, fate: 'without assignment' },
] as const;

export interface Staffing {
  readonly settings: TrustSettings;
  /** Positions of the full file: indices 0 … positions − 1. */
  readonly positions: number;
  position(index: number): Position;
}

/** Person (PRA) number `index` of the full file with assignments and registrations: a function of the seed. */
export function personAt(staffing: Staffing, index: number): Person {
  const { settings } = staffing;
  const { today } = settings;
  const random = randomOf(settings.seed, streams.person, index);
  const fate = random.weighted(fates).fate;
  const start =
    fate === 'future starter'
      ? today + random.between(1, 90)
      : fate === 'applicant'
        ? today - random.between(1, 20)
        : today - random.between(fate === 'employee' ? 3 : 500, 9_000);
  const person = starting(staffing, random, { index, start, plain: fate !== 'employee' });
  switch (fate) {
    case 'employee':
      return withHistory(withMoreJobs(staffing, random, person), random, today);
    case 'left':
      return leaving(person, today - random.between(1, 450), random.chance(0.5));
    case 'leaving':
      return leaving(person, today + random.between(5, 60), random.chance(0.5));
    case 'returned': {
      const left = leaving(person, today - random.between(120, 450), random.chance(0.5));
      return returning(staffing, random, left, today - random.between(3, 90));
    }
    case 'applicant':
      return {
        ...person,
        slices: person.slices.map((slice) => ({ ...slice, type: 'APL' })),
        assignments: person.assignments.map(asApplication),
        registrations: [],
        starter: null,
      };
    case 'registered only':
      return { ...person, assignments: [] };
    case 'without assignment':
      return { ...person, assignments: [], registrations: [] };
    default:
      return person;
  }
}

interface StartPlan {
  readonly index: number;
  readonly start: Day;
  readonly plain: boolean;
  /** Where they start; left out: anywhere. */
  readonly position?: Position;
}

/** Somebody with one assignment from `plan.start` on, and the registration that their job asks for. */
export function starting(staffing: Staffing, random: Random, plan: StartPlan): Person {
  const { settings } = staffing;
  const { index, start } = plan;
  const position = plan.position ?? staffing.position(random.below(staffing.positions));
  const { post } = shownOn(position.slices, settings.today).slice;
  const name = nameFrom(random, post.group === 'Medical and Dental');
  const employeeNumber = String(20_000_000 + index * 7);
  const slice: PersonSlice = {
    start,
    end: null,
    title: name.title,
    first: name.first,
    middle: name.middle,
    last: name.last,
    preferred: name.preferred,
    maiden: name.maiden,
    previous: '',
    email: random.chance(0.9) ? mailAddress(settings, name.first, name.last, index) : '',
    type: 'EMP',
    termination: null,
    updated: settings.today - random.between(4, 300),
  };
  const assignment = assignmentFrom(settings, random, {
    person: index,
    employeeNumber,
    ordinal: 0,
    start,
    post,
    plain: plan.plain,
  });
  return {
    index,
    id: String(10_000_000 + index),
    employeeNumber,
    nhsId: String(70_000_000 + index * 11),
    crs: random.chance(0.85) ? `55${String(5_000_000_000 + index * 13).padStart(10, '0')}` : '',
    gender: name.gender,
    birth: settings.today - random.between(19 * 366, 66 * 365),
    hire: start,
    slices: [slice],
    assignments: [assignment],
    registrations: registrationsFor(settings, random, index, post),
    starter: start > settings.today ? assignment.id : null,
  };
}

function mailAddress(settings: TrustSettings, first: string, last: string, index: number): string {
  return `${mailText(first)}.${mailText(last)}${index}@${settings.ods.toLowerCase()}.nhs.example`;
}

function withMoreJobs(staffing: Staffing, random: Random, person: Person): Person {
  if (!random.chance(0.16) || person.hire > staffing.settings.today - 90) return person;
  let more = person;
  for (let left = random.chance(0.12) ? 2 : 1; left > 0; left--) {
    const start = random.between(person.hire + 5, staffing.settings.today - 60);
    more = withAnotherJob(staffing, random, more, start, false);
    const job = more.assignments[more.assignments.length - 1] as Assignment;
    if (random.chance(0.25)) {
      const over = finishedOn(random, job, random.between(start + 20, staffing.settings.today - 2));
      more = { ...more, assignments: [...more.assignments.slice(0, -1), over] };
    }
  }
  return more;
}

/** One more assignment beside those of `person`; of the same staff group where a few tries find one. */
export function withAnotherJob(staffing: Staffing, random: Random, person: Person, start: Day, plain: boolean): Person {
  const { today } = staffing.settings;
  const wanted = person.assignments[0]?.slices[0]?.post.group;
  let post = shownOn(staffing.position(random.below(staffing.positions)).slices, today).slice.post;
  for (let tries = 0; tries < 6 && post.group !== wanted; tries++) {
    post = shownOn(staffing.position(random.below(staffing.positions)).slices, today).slice.post;
  }
  const { index, employeeNumber } = person;
  const ordinal = person.assignments.length;
  const plan = { person: index, employeeNumber, ordinal, start, post, plain };
  return { ...person, assignments: [...person.assignments, assignmentFrom(staffing.settings, random, plan)] };
}

function withHistory(person: Person, random: Random, today: Day): Person {
  let { slices } = person;
  if (person.hire < today - 200 && random.chance(0.12)) {
    const maiden = familyName(random);
    const turn = random.between(person.hire + 50, today - 40);
    const first = slices[0] as PersonSlice;
    slices = changedFrom([{ ...first, last: maiden, maiden: '' }], turn, { last: first.last, previous: maiden });
  }
  if (random.chance(0.03)) {
    slices = changedFrom(slices, today + random.between(1, 100), { last: familyName(random) });
  }
  return { ...person, slices };
}

/** `person`, leaving on `day` (PRA 18); `told`: running assignments are ended in their own rows as well. */
export function leaving(person: Person, day: Day, told: boolean): Person {
  const slices = changedFrom(person.slices, day + 1, { type: 'EX_EMP' });
  return {
    ...person,
    slices: slices.map((slice) => ({ ...slice, termination: day })),
    assignments: told ? person.assignments.map((job) => (isOver(job) ? job : endedOn(job, day))) : person.assignments,
  };
}

/** Has the assignment an end of its own? */
export function isOver(assignment: Assignment): boolean {
  const last = assignment.slices[assignment.slices.length - 1];
  return last === undefined || last.end !== null || last.ended !== null || last.status === 'Terminated';
}

/** A leaver back from `day` on: same person id, new assignment. The old date stays where only it ends the old ones. */
export function returning(staffing: Staffing, random: Random, left: Person, day: Day): Person {
  const blank = left.assignments.every(isOver);
  const again: Partial<PersonSlice> = blank ? { type: 'EMP', termination: null } : { type: 'EMP' };
  const back = { ...left, slices: changedFrom(left.slices, day, again) };
  const person = withAnotherJob(staffing, random, back, day, true);
  const job = person.assignments[person.assignments.length - 1] as Assignment;
  const primary = { ...job, slices: job.slices.map((slice) => ({ ...slice, primary: true })) };
  return { ...person, assignments: [...person.assignments.slice(0, -1), primary] };
}
