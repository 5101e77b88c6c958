import type { Day } from './day.ts';
import type { PublishedPerson, PublishedRole } from './published.ts';

/** The fifteen topics (meaning.md, Events). */
const topicNames = [
  'starter-created',
  'starter-amended',
  'starter-withdrawn',
  'starter-effective',
  'leaver-confirmed',
  'leaver-amended',
  'leaver-withdrawn',
  'leaver-effective',
  'position-updated',
  'assignment-changed',
  'person-changed',
  'registration-changed',
  'organization-changed',
  'file-ingested',
  'exception-raised',
] as const;

export type Topic = (typeof topicNames)[number];
export type EventCounts = Record<Topic, number>;

export function noEvents(): EventCounts {
  return Object.fromEntries(topicNames.map((name) => [name, 0])) as EventCounts;
}

interface PersonEvents {
  readonly topics: readonly Topic[];
  /** The assignment that is the announced starter's afterwards. */
  readonly starter: string | null;
}

/** The events of one person in one file: what was published before and after it, and who was an announced starter. */
export function personEvents(
  before: PublishedPerson,
  after: PublishedPerson,
  announced: string | null,
  today: Day,
): PersonEvents {
  const topics: Topic[] = [];
  const covered = new Set<string>();
  let starter = announced;
  const raise = (topic: Topic, role: PublishedRole) => {
    topics.push(topic);
    covered.add(role.id);
  };

  const created = newStarter(before.roles, after.roles);
  if (created !== undefined) {
    raise('starter-created', created);
    if (created.start <= today) topics.push('starter-effective');
    starter = created.id;
  } else if (announced !== null) {
    const was = before.roles.find((role) => role.id === announced);
    const is = after.roles.find((role) => role.id === announced);
    if (was !== undefined && is === undefined) {
      raise('starter-withdrawn', was);
      starter = null;
    } else if (was !== undefined && is !== undefined && was.start !== is.start) {
      raise('starter-amended', is);
      if (was.start > today && is.start <= today) topics.push('starter-effective');
    }
  }

  const left = lastRole(before.roles);
  const leaves = lastRole(after.roles);
  if (leaves !== null && (left === null || created !== undefined)) {
    raise('leaver-confirmed', leaves);
    if (leaves.end < today) topics.push('leaver-effective');
  } else if (leaves !== null && left !== null && leaves.end !== left.end) {
    raise('leaver-amended', leaves);
    if (leaves.end < today && left.end >= today) topics.push('leaver-effective');
  } else if (leaves === null && left !== null && created === undefined && after.roles.length > 0) {
    raise('leaver-withdrawn', after.roles.find((role) => role.id === left.id) ?? left);
  }

  topics.push(...changedRoles(before.roles, after.roles, covered), ...changedPerson(before, after));
  return { topics, starter };
}

/** The first role of somebody who had none, or none that runs on when it begins. */
function newStarter(before: readonly PublishedRole[], after: readonly PublishedRole[]): PublishedRole | undefined {
  const known = new Set(before.map((role) => role.id));
  const last = lastRole(before);
  if (before.length > 0 && last === null) return undefined;
  return after
    .filter((role) => !known.has(role.id) && (last === null || role.start > last.end))
    .sort((a, b) => a.start - b.start || Number(a.id) - Number(b.id))[0];
}

/** The role that ends last, where all have an end; else null. */
function lastRole(roles: readonly PublishedRole[]): (PublishedRole & { readonly end: Day }) | null {
  let last: (PublishedRole & { readonly end: Day }) | null = null;
  for (const role of roles) {
    if (role.end === null) return null;
    if (last === null || role.end > last.end) last = { ...role, end: role.end };
  }
  return last;
}

function changedRoles(
  before: readonly PublishedRole[],
  after: readonly PublishedRole[],
  covered: ReadonlySet<string>,
): readonly Topic[] {
  const texts = new Map(before.map((role) => [role.id, role.text]));
  const changed = after.filter((role) => texts.get(role.id) !== role.text).map((role) => role.id);
  const kept = new Set(after.map((role) => role.id));
  const gone = before.filter((role) => !kept.has(role.id)).map((role) => role.id);
  return [...changed, ...gone].filter((id) => !covered.has(id)).map(() => 'assignment-changed');
}

function changedPerson(before: PublishedPerson, after: PublishedPerson): readonly Topic[] {
  const was = before.practitioner;
  const is = after.practitioner;
  if (was === null || is === null) return [];
  const topics: Topic[] = [];
  if (was.own !== is.own) topics.push('person-changed');
  if (was.registrations !== is.registrations) topics.push('registration-changed');
  return topics;
}
