import { endedOn } from './assignments.ts';
import { changedFrom, latest, type Person, type PersonSlice, shownOn } from './model.ts';
import { familyName } from './names.ts';
import { isOver, leaving, returning, withAnotherJob } from './people.ts';
import {
  edit,
  endsAreStated,
  isApplication,
  isEmployed,
  jobEdit,
  type PersonChange,
  runningJob,
  withJob,
  withSlices,
} from './person-edit.ts';

/** A leaver confirmed: PRA 18, mostly with the assignments ended too; late, today or in the future. */
const leaver: PersonChange = ({ random, today }, person) => {
  if (!isEmployed(person, today) || !endsAreStated(person)) return null;
  const day = random.pick([today - 10, today - 1, today, today + 14, today + 30, today + 60]);
  if (person.assignments.some((job) => job.earliest >= day)) return null;
  if (person.assignments.some((job) => (latest(job.slices).ended ?? day) > day)) return null;
  const told = random.chance(0.6);
  const after = leaving(
    withSlices(person, (slice) => ({ ...slice, updated: today })),
    day,
    told,
  );
  const assignments = person.assignments.filter((job) => told && !isOver(job)).map((job) => job.id);
  return edit(after, { sendsPerson: true, assignments });
};

/** Is leaving in the future, by the person's own date. */
function leavesLater(person: Person, today: number): number | null {
  const day = latest(person.slices).termination;
  return day !== null && day > today && endsAreStated(person) ? day : null;
}

const leaverAmended: PersonChange = ({ today }, person) => {
  const day = leavesLater(person, today);
  if (day === null) return null;
  const told = person.assignments.filter((job) => latest(job.slices).ended === day);
  const staying = stays(person, day);
  const after = leaving(staying, day + 14, told.length > 0);
  return edit(after, { sendsPerson: true, assignments: told.map((job) => job.id) });
};

const leaverWithdrawn: PersonChange = ({ today }, person) => {
  const day = leavesLater(person, today);
  if (day === null) return null;
  const told = person.assignments.filter((job) => latest(job.slices).ended === day);
  return edit(stays(person, day), { sendsPerson: true, assignments: told.map((job) => job.id) });
};

/** The leaver of `day` as if nothing had been said. */
function stays(person: Person, day: number): Person {
  const kept = person.slices.filter((slice) => slice.start <= day);
  const slices = kept.map((slice): PersonSlice => {
    const end = slice === latest(kept) ? null : slice.end;
    return { ...slice, type: 'EMP', termination: null, end };
  });
  const assignments = person.assignments.map((job) => {
    if (latest(job.slices).ended !== day) return job;
    const last = latest(job.slices);
    return {
      ...job,
      slices: job.slices.map((slice) => ({ ...slice, ended: null, end: slice === last ? null : slice.end })),
    };
  });
  return { ...person, slices, assignments };
}

/** Somebody who left comes back: same person, new assignment. */
const rehire: PersonChange = ({ server, random, today }, person) => {
  const left = latest(person.slices);
  if (left.type !== 'EX_EMP' || left.termination === null || left.termination > today - 20) return null;
  if (person.assignments.length === 0 || !endsAreStated(person)) return null;
  const after = returning(server.staffing, random, person, today + random.pick([-3, 0, 20]));
  return edit(after, { sendsPerson: true, assignments: after.assignments.slice(-1).map((job) => job.id) });
};

/** A starter who will not come: ESR deletes the person and all that is theirs, or the assignment alone. */
const starterWithdrawn: PersonChange = ({ random }, person) => {
  if (person.starter === null || person.assignments.length !== 1) return null;
  const jobs = person.assignments.map((job) => `ASD~${job.id}`);
  if (random.chance(0.5)) return edit({ ...person, assignments: [] }, { deletes: jobs });
  const held = person.registrations.map((registration) => `ETD~${registration.id}`);
  return edit(null, { deletes: [...jobs, ...held, `PRD~${person.id}`] });
};

const starterAmended: PersonChange = ({ today }, person) => {
  const job = person.assignments[0];
  if (person.starter === null || job === undefined || person.assignments.length > 1) return null;
  if (job.earliest <= today || job.slices.length > 1 || person.slices.length > 1) return null;
  const start = job.earliest + 7;
  const moved = { ...job, earliest: start, slices: job.slices.map((slice) => ({ ...slice, start })) };
  const after = withSlices({ ...withJob(person, moved), hire: start }, (slice) => ({ ...slice, start }));
  return edit(after, { sendsPerson: true, assignments: [job.id] });
};

/** An applicant is hired: the same ids, as an employee from today. */
const hired: PersonChange = ({ today }, person) => {
  if (person.assignments.length === 0 || !person.assignments.every(isApplication)) return null;
  const assignments = person.assignments.map((job) => {
    const slice = { ...latest(job.slices), start: today, applicant: false, status: 'Active Assignment' };
    return { ...job, earliest: today, slices: [slice] };
  });
  const slices = person.slices.slice(-1).map((slice): PersonSlice => ({ ...slice, start: today, type: 'EMP' }));
  const after = { ...person, hire: today, slices, assignments };
  return edit(after, { sendsPerson: true, assignments: assignments.map((job) => job.id) });
};

const newSurname: PersonChange = ({ random, today }, person) => {
  if (!isEmployed(person, today)) return null;
  const last = familyName(random);
  const previous = shownOn(person.slices, today).slice.last;
  const slices = changedFrom(person.slices, today - random.below(3), { last, previous, updated: today });
  return edit({ ...person, slices }, { sendsPerson: true });
};

const secondJob: PersonChange = ({ server, random, today }, person) => {
  if (!isEmployed(person, today) || person.assignments.length > 2) return null;
  const after = withAnotherJob(server.staffing, random, person, today - random.below(10), true);
  return edit(after, { assignments: after.assignments.slice(-1).map((job) => job.id) });
};

/** A second job ends, the first goes on. */
const secondJobEnded: PersonChange = ({ random, today }, person) => {
  const job = person.assignments[1];
  if (!isEmployed(person, today) || job === undefined || isOver(job) || job.earliest > today - 30) return null;
  const ended = endedOn(job, today - random.below(2));
  return edit(withJob(person, ended), { assignments: [job.id] });
};

/** A second job that never was: ESR deletes it. */
const secondJobDeleted: PersonChange = ({ today }, person) => {
  const [first, job] = person.assignments;
  if (first === undefined || job === undefined || isOver(first) || isOver(job)) return null;
  if (!isEmployed(person, today)) return null;
  const assignments = person.assignments.filter((other) => other !== job);
  return edit({ ...person, assignments }, { deletes: [`ASD~${job.id}`] });
};

/** To another position: title, department and location with it. */
const move: PersonChange = ({ server, random, today }, person) => {
  const job = runningJob(person, today);
  if (job === undefined || !isEmployed(person, today)) return null;
  const to = server.staffing.position(random.below(server.staffing.positions));
  const { post } = shownOn(to.slices, today).slice;
  const from = shownOn(job.slices, today).slice.post;
  if (post.group !== from.group || post.positionId === from.positionId) return null;
  return jobEdit(person, job, today - random.below(3), { post, updated: today });
};

const longerContract: PersonChange = ({ today }, person) => {
  const job = runningJob(person, today);
  const until = job && shownOn(job.slices, today).slice.contractEnd;
  if (job === undefined || !until || until < 0) return null;
  return jobEdit(person, job, job.earliest, { contractEnd: until + 180, updated: today });
};

const otherHours: PersonChange = ({ today }, person) => {
  const job = runningJob(person, today);
  if (job === undefined || !isEmployed(person, today)) return null;
  const fte = shownOn(job.slices, today).slice.fte === 0.72 ? 0.88 : 0.72;
  return jobEdit(person, job, today, { fte, hours: Math.round(fte * 3750) / 100, updated: today });
};

/** The running job's user status, from one to another. */
function statusChange(from: string, to: string, who: (person: Person) => boolean = () => true): PersonChange {
  return ({ today }, person) => {
    const job = runningJob(person, today);
    if (job === undefined || !isEmployed(person, today) || !who(person)) return null;
    if (shownOn(job.slices, today).slice.status !== from) return null;
    return jobEdit(person, job, today, { status: to, updated: today });
  };
}

/** Something that will change next month: nothing of it is published yet. */
const laterHours: PersonChange = ({ today }, person) => {
  const job = runningJob(person, today);
  if (job === undefined || !isEmployed(person, today)) return null;
  return jobEdit(person, job, today + 30, { fte: 0.48, hours: 18, updated: today });
};

const registrationRenewed: PersonChange = ({ today }, person) => {
  const held = person.registrations[0];
  if (held === undefined || held.to === null || person.assignments.length === 0) return null;
  const renewed = { ...held, to: held.to + 365, updated: today };
  return edit({ ...person, registrations: [renewed] }, { registrations: [held.id] });
};

/** Sent again with a new Last Update Date and nothing else. */
const sentAgain: PersonChange = ({ today }, person) => {
  if (person.assignments.length === 0) return null;
  const again = <T extends { readonly updated: number }>(slice: T): T => ({ ...slice, updated: today });
  const assignments = person.assignments.map((job) => ({ ...job, slices: job.slices.map(again) }));
  const after = { ...person, slices: person.slices.map(again), assignments };
  return edit(after, { sendsPerson: true, assignments: assignments.map((job) => job.id) });
};

/** A day's changes of people: how many of each, as a share of the staff, at least one. The rarer ones choose first. */
export const dayOfPeople: readonly { readonly name: string; readonly share: number; readonly change: PersonChange }[] =
  [
    { name: 'starter amended', share: 0.0003, change: starterAmended },
    { name: 'starter withdrawn', share: 0.0005, change: starterWithdrawn },
    { name: 'leaver amended', share: 0.0003, change: leaverAmended },
    { name: 'leaver withdrawn', share: 0.0002, change: leaverWithdrawn },
    { name: 'rehire', share: 0.0005, change: rehire },
    { name: 'applicant hired', share: 0.0005, change: hired },
    { name: 'back from maternity', share: 0.0005, change: statusChange('Maternity', 'Active Assignment') },
    {
      name: 'to maternity',
      share: 0.0008,
      change: statusChange('Active Assignment', 'Maternity', (person) => person.gender === 'Female'),
    },
    { name: 'career break', share: 0.0003, change: statusChange('Active Assignment', 'Career Break') },
    { name: 'back from a career break', share: 0.0002, change: statusChange('Career Break', 'Active Assignment') },
    {
      name: 'back from a secondment',
      share: 0.0003,
      change: statusChange('Out on External Secondment - Paid', 'Active Assignment'),
    },
    {
      name: 'out on secondment',
      share: 0.0003,
      change: statusChange('Active Assignment', 'Out on External Secondment - Paid'),
    },
    { name: 'seconded within', share: 0.0004, change: statusChange('Active Assignment', 'Internal Secondment') },
    { name: 'acting up', share: 0.0003, change: statusChange('Active Assignment', 'Acting Up') },
    { name: 'second job ended', share: 0.0004, change: secondJobEnded },
    { name: 'second job deleted', share: 0.0002, change: secondJobDeleted },
    { name: 'contract extended', share: 0.001, change: longerContract },
    { name: 'leaver', share: 0.003, change: leaver },
    { name: 'move', share: 0.002, change: move },
    { name: 'new surname', share: 0.001, change: newSurname },
    { name: 'second job', share: 0.001, change: secondJob },
    { name: 'other hours', share: 0.003, change: otherHours },
    { name: 'later hours', share: 0.001, change: laterHours },
    { name: 'registration renewed', share: 0.002, change: registrationRenewed },
    { name: 'sent again', share: 0.005, change: sentAgain },
  ];
