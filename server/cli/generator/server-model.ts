import { type EventCounts, noEvents, personEvents, type Topic } from './events.ts';
import { type Organisation, type Person, type Place, type Position, shownOn } from './model.ts';
import { organisationsOf } from './organisations.ts';
import { personAt, type Staffing } from './people.ts';
import { placesOf } from './places.ts';
import { positionAt } from './positions.ts';
import { type PublishedPerson, publishedPerson, type Structure } from './published.ts';
import type { TrustSettings } from './settings.ts';

/**
 * What a server must hold after each file. People and positions of the full file are functions of the seed and are made
 * again when needed; only what differs (changed since, or refused with a bad row) is kept.
 */
export interface ServerModel {
  readonly settings: TrustSettings;
  /** The full file's positions, whatever happened since. */
  readonly founding: Staffing;
  /** The positions as they are now. */
  readonly staffing: Staffing;
  readonly organisations: Map<string, Organisation>;
  readonly places: Map<string, Place>;
  readonly departments: readonly Organisation[];
  /** Positions that differ from the full file's, and later ones. */
  readonly positions: Map<number, Position>;
  readonly missingPositions: Set<number>;
  positionCount: number;
  /** People that differ from the full file's, and later ones; null: not in the store. */
  readonly people: Map<number, Person | null>;
  personCount: number;
  /** People and structure whose rows were refused: later files leave them alone, so that releases need no opinion. */
  readonly refused: Set<string>;
  /** Assignments that hold each position today. */
  readonly holders: number[];
  /** Positions that some assignment has ever named. */
  readonly named: boolean[];
  readonly totals: { people: number; assignments: number; active: number };
}

export function emptyServer(settings: TrustSettings): ServerModel {
  const places = placesOf(settings);
  const organisations = organisationsOf(settings, [...places.keys()]);
  const departments = [...organisations.values()].filter((organisation) => organisation.leaf);
  const positions = new Map<number, Position>();
  const count = Math.max(5, Math.ceil(settings.staff * 0.7));
  const position = (index: number) => positionAt(settings, departments, index);
  return {
    settings,
    founding: { settings, positions: count, position },
    staffing: { settings, positions: count, position: (index) => positions.get(index) ?? position(index) },
    organisations,
    places,
    departments,
    positions,
    missingPositions: new Set(),
    positionCount: count,
    people: new Map(),
    personCount: settings.staff,
    refused: new Set(),
    holders: new Array<number>(count).fill(0),
    named: new Array<boolean>(count).fill(false),
    totals: { people: 0, assignments: 0, active: 0 },
  };
}

/** The person as the store holds them; null where it does not. */
export function storedPerson(server: ServerModel, index: number): Person | null {
  const kept = server.people.get(index);
  return kept === undefined ? personAt(server.founding, index) : kept;
}

/** The structure as it is at the moment: a later change of `server` does not show in it. */
export function structureOf(server: ServerModel): Structure {
  return {
    today: server.settings.today,
    organisations: new Map(server.organisations),
    places: new Map(server.places),
    hasPosition: (index) => !server.missingPositions.has(index),
  };
}

export interface Tally {
  created: number;
  changed: number;
  removed: number;
  quarantined: number;
  readonly events: EventCounts;
}

export function emptyTally(): Tally {
  return { created: 0, changed: 0, removed: 0, quarantined: 0, events: noEvents() };
}

/** Counts one resource by what was published of it before and after; null: nothing. */
export function countResource(tally: Tally, before: string | null, after: string | null): void {
  if (before === after) return;
  if (before === null) tally.created++;
  else if (after === null) tally.removed++;
  else tally.changed++;
}

/** Positions whose holders a file changed, with the number of holders before it. */
export type Handovers = Map<number, number>;

/** Counts the resources of a person before and after a file; keeps totals and holders. */
export function countPerson(
  server: ServerModel,
  tally: Tally,
  handovers: Handovers,
  before: PublishedPerson,
  after: PublishedPerson,
): void {
  const { totals } = server;
  countResource(tally, practitionerText(before), practitionerText(after));
  totals.people += Number(after.practitioner !== null) - Number(before.practitioner !== null);
  totals.assignments += after.roles.length - before.roles.length;
  const was = new Map(before.roles.map((role) => [role.id, role]));
  for (const role of after.roles) {
    const old = was.get(role.id);
    was.delete(role.id);
    countResource(tally, old?.text ?? null, role.text);
    totals.active += Number(role.active) - Number(old?.active ?? false);
    handOver(server, handovers, old?.holds ?? null, role.holds);
  }
  for (const old of was.values()) {
    tally.removed++;
    totals.active -= Number(old.active);
    handOver(server, handovers, old.holds, null);
  }
}

function practitionerText({ practitioner }: PublishedPerson): string | null {
  return practitioner && `${practitioner.own}\n${practitioner.registrations}\n${practitioner.active}`;
}

function handOver(server: ServerModel, handovers: Handovers, from: number | null, to: number | null): void {
  if (from === to) return;
  for (const [position, step] of [
    [from, -1],
    [to, 1],
  ] as const) {
    if (position === null) continue;
    const holders = server.holders[position] ?? 0;
    if (!handovers.has(position)) handovers.set(position, holders);
    server.holders[position] = holders + step;
  }
}

/** Puts a person into the store: counts resources, raises events, remembers who was announced as a starter. */
export function storePerson(
  server: ServerModel,
  tally: Tally,
  handovers: Handovers,
  change: { readonly index: number; readonly before: Person | null; readonly after: Person | null },
  structures: { readonly before: Structure; readonly after: Structure },
): void {
  const before = publishedPerson(change.before, structures.before);
  const after = publishedPerson(change.after, structures.after);
  countPerson(server, tally, handovers, before, after);
  const events = personEvents(before, after, change.before?.starter ?? null, server.settings.today);
  raiseAll(tally, events.topics);
  server.people.set(change.index, change.after && { ...change.after, starter: events.starter });
  markNamed(server, change.after);
}

export function raiseAll(tally: Tally, topics: readonly Topic[]): void {
  for (const topic of topics) tally.events[topic]++;
}

export function markNamed(server: ServerModel, person: Person | null): void {
  for (const assignment of person?.assignments ?? []) {
    for (const slice of assignment.slices) server.named[slice.post.position] = true;
  }
}

/** The position's slice today, without regard to whether it is in force. */
export function shownPosition(server: ServerModel, index: number) {
  return shownOn(server.staffing.position(index).slices, server.settings.today).slice;
}
