import { jobFor } from './jobs.ts';
import type { Organisation, Position, PositionSlice, Post } from './model.ts';
import { randomOf } from './random.ts';
import { streams, type TrustSettings } from './settings.ts';

const firstPosition = 3_000_000;

/**
 * The position (POA) number `index`, a function of the seed alone, so that a million of them need no memory.
 * Several people may hold one, and some nobody does.
 */
export function positionAt(settings: TrustSettings, departments: readonly Organisation[], index: number): Position {
  const random = randomOf(settings.seed, streams.position, index);
  const department = random.pick(departments);
  const job = jobFor(random, department.setting);
  const id = String(firstPosition + index * 2);
  const post: Post = {
    position: index,
    positionId: id,
    number: String(40_000_000 + index),
    title: job.title,
    occupation: job.occupation,
    areaOfWork: department.areaOfWork,
    group: job.group,
    role: job.role,
    grade: job.grade,
    payscale: job.payscale,
    organisation: department.id,
    location: department.location,
    body: job.body,
    part: job.part,
  };
  const roll = random.next();
  const slice: PositionSlice = {
    start: settings.today - random.between(400, 9_000),
    end: null,
    post,
    budget: random.pick([0.5, 1, 1, 1, 1, 2, 3.53, 5.6, 0.8]),
    hiring: roll < 0.95 ? 'Active' : roll < 0.98 ? 'Frozen' : 'Eliminated',
    updated: settings.today - random.between(5, 390),
  };
  if (random.chance(0.12)) {
    const turn = slice.start + random.between(30, 390);
    const before = { ...slice, end: turn - 1, budget: Math.round(slice.budget * 100 + 100) / 100 };
    return { index, id, slices: [before, { ...slice, start: turn }] };
  }
  return { index, id, slices: [slice] };
}
