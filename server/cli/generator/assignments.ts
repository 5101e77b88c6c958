import type { Day } from './day.ts';
import { type Assignment, type AssignmentSlice, changedFrom, latest, type Post } from './model.ts';
import type { Random } from './random.ts';
import type { TrustSettings } from './settings.ts';

const statuses = [
  { weight: 940, status: 'Active Assignment' },
  { weight: 25, status: 'Maternity' },
  { weight: 8, status: 'Career Break' },
  { weight: 3, status: 'Suspend Assignment' },
  { weight: 2, status: 'Suspend With Pay' },
  { weight: 1, status: 'Suspend No Pay' },
  { weight: 6, status: 'Internal Secondment' },
  { weight: 6, status: 'Acting Up' },
  { weight: 2, status: 'Out on External Secondment - Paid' },
  { weight: 2, status: 'Out on External Secondment - Unpaid' },
  { weight: 4, status: 'Inactive Not Worked' },
] as const;

const categories = [
  { weight: 80, category: 'Permanent' },
  { weight: 10, category: 'Fixed Term Temp' },
  { weight: 6, category: 'Bank' },
  { weight: 2, category: 'Honorary' },
  { weight: 2, category: 'Locum' },
] as const;

/** Days since 1970 of 1900-01-01, one of ESR's ways to write "none". */
const absentDay = -25_567;

interface AssignmentPlan {
  readonly person: number;
  readonly employeeNumber: string;
  /** 0 for the first: its number is the employee number; then `-2`, `-3` …. */
  readonly ordinal: number;
  readonly start: Day;
  readonly post: Post;
  /** No past and future slices, no special status. */
  readonly plain: boolean;
}

/** An assignment from `plan.start` on, without an end. */
export function assignmentFrom(settings: TrustSettings, random: Random, plan: AssignmentPlan): Assignment {
  const { today } = settings;
  const category = random.weighted(categories).category;
  const fullTime = category === 'Permanent' && random.chance(0.6);
  const fte = fullTime ? 1 : random.pick([0.5, 0.6, 0.64, 0.8, 0.4, 0.2, 0.96]);
  const slice: AssignmentSlice = {
    start: plan.start,
    end: null,
    applicant: false,
    status: 'Active Assignment',
    category,
    primary: plan.ordinal === 0,
    hours: Math.round(fte * 3750) / 100,
    fte,
    post: plan.post,
    ended: null,
    contractEnd: contractEnd(category, today, random),
    updated: today - random.between(4, 300),
  };
  let slices: readonly AssignmentSlice[] = [slice];
  const status = random.weighted(statuses).status;
  if (!plan.plain && plan.start < today - 60) {
    if (random.chance(0.25)) {
      const early = { fte: 1, hours: 37.5 };
      slices = changedFrom([{ ...slice, ...early }], random.between(plan.start + 1, today - 40), slice);
    }
    if (status !== 'Active Assignment') slices = changedFrom(slices, today - random.between(0, 38), { status });
    if (random.chance(0.06)) {
      slices = changedFrom(slices, today + random.between(1, 120), { fte: 0.7, hours: 26.25 });
    }
  }
  return {
    id: String(20_000_000 + plan.person * 8 + plan.ordinal),
    number: plan.ordinal === 0 ? plan.employeeNumber : `${plan.employeeNumber}-${plan.ordinal + 1}`,
    earliest: plan.start,
    slices,
  };
}

function contractEnd(category: string, today: Day, random: Random): Day | null {
  if (category === 'Fixed Term Temp' || category === 'Locum') return today + random.between(20, 500);
  return random.chance(0.01) ? absentDay : null;
}

/** The assignment, ended with `day` (ASA 49 and the last slice's end); later slices go. */
export function endedOn(assignment: Assignment, day: Day): Assignment {
  const kept = assignment.slices.filter((slice) => slice.start <= day);
  const slices = kept.map((slice) => {
    const end = slice === latest(kept) ? day : slice.end;
    return { ...slice, end, ended: day };
  });
  return { ...assignment, slices };
}

/** A second job that is over, said in one of the three ways in which ESR may say so. */
export function finishedOn(random: Random, assignment: Assignment, day: Day): Assignment {
  const ended = endedOn(assignment, day);
  const way = random.below(3);
  if (way === 0) return ended;
  const silent = { ...ended, slices: ended.slices.map((slice) => ({ ...slice, ended: null })) };
  if (way === 1) return silent;
  const last: AssignmentSlice = { ...latest(silent.slices), start: day + 1, end: null, status: 'Terminated' };
  return { ...silent, slices: [...silent.slices, last] };
}

/** A job offer accepted: the assignment as an applicant's. */
export function asApplication(assignment: Assignment): Assignment {
  const slices = assignment.slices.map((slice) => ({ ...slice, applicant: true, status: 'Offer Accepted' }));
  return { ...assignment, slices };
}
