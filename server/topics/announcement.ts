import type { Topic } from './topic.ts';

/** A starter or leaver that subscribers know of, or would know of had it not been part of a baseline. */
export interface Announced {
  /** Id of the PractitionerRole. */
  readonly role: string;
  /** First day of a starter, last day of a leaver. */
  readonly date: string;
  /** Id of the event that announced it first; null where a baseline brought it, which raises none. */
  readonly event: string | null;
  /** Has the day come? Its event is raised once for each date. */
  readonly effective: boolean;
}

/**
 * What was announced of a person, one entry for each time of employment, in order: a correction of an earlier one
 * amends that, and a rehire that never was leaves it as it stands.
 */
export interface PersonAnnouncement {
  readonly starters: readonly Announced[];
  readonly leavers: readonly Announced[];
}

/** An event of a starter or leaver. */
export interface Step {
  readonly topic: Extract<Topic, `${'starter' | 'leaver'}-${string}`>;
  readonly role: string;
  readonly date: string;
  /** The event that announced it first; null where none did. */
  readonly first: string | null;
}

/** The id that the event of a step will have; null where no events are raised. */
export type IdOfStep = (step: Omit<Step, 'first'>) => string | null;

const nothing: PersonAnnouncement = { starters: [], leavers: [] };

export function parsePersonAnnouncement(text: string | null): PersonAnnouncement {
  return text === null ? nothing : (JSON.parse(text) as PersonAnnouncement);
}

/** Null where there is nothing to remember. */
export function personAnnouncementText({ starters, leavers }: PersonAnnouncement): string | null {
  return starters.length + leavers.length === 0 ? null : JSON.stringify({ starters, leavers });
}

/** Raises the effective events of those whose day has come. */
export function comeTrue(
  topic: 'starter-effective' | 'leaver-effective',
  announced: readonly Announced[],
  isDue: (date: string) => boolean,
): { readonly steps: readonly Step[]; readonly announced: readonly Announced[] } {
  const steps: Step[] = [];
  const now = announced.map((one): Announced => {
    if (one.effective || !isDue(one.date)) return one;
    steps.push({ topic, role: one.role, date: one.date, first: one.event });
    return { ...one, effective: true };
  });
  return { steps, announced: now };
}
