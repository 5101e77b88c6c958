import type { RowKind, Spoiler } from './damage.ts';
import type { Day } from './day.ts';
import { changedFrom, type Organisation, type Place, type Position, shownOn } from './model.ts';
import { positionAt } from './positions.ts';
import { type Random, randomOf } from './random.ts';
import { sendGroup } from './send-group.ts';
import type { ServerModel, Tally } from './server-model.ts';
import { streams, vpdText } from './settings.ts';
import { organisationRows, placeRow, positionRows } from './structure-rows.ts';

/** What a day did to the structure. */
export interface StructureChanges {
  /** Positions that were sent, as they were before; null: new. */
  readonly positions: ReadonlyMap<number, Position | null>;
  /** New positions, for the day's starters. */
  readonly vacancies: readonly Position[];
}

interface Sender {
  readonly server: ServerModel;
  readonly random: Random;
  /** Writes the record's rows and, where they are good, has the server take it; else leaves it alone for good. */
  send(kind: RowKind, record: string, rows: readonly string[], take: () => void, miss?: () => void): void;
}

/** Sends a day's changes of locations, organisations and positions, and has `server` take the good ones. */
export function changeStructure(
  server: ServerModel,
  spoiler: Spoiler,
  write: (rows: readonly string[]) => void,
  tally: Tally,
  day: number,
): StructureChanges {
  const random = randomOf(server.settings.seed, streams.edit, day, 1);
  const sender: Sender = {
    server,
    random,
    send(kind, record, rows, take, miss = () => {}) {
      if (sendGroup(spoiler, write, tally, kind, rows)) return take();
      server.refused.add(record);
      miss();
    },
  };
  changePlaces(sender);
  const departments = changeOrganisations(sender, day);
  return changePositions(sender, departments);
}

/** One location has a new telephone number, another a new description. */
function changePlaces({ server, random, send }: Sender): void {
  const { today } = server.settings;
  const free = [...server.places.values()].filter(({ id }) => !server.refused.has(`location ${id}`));
  const telephoned = free[random.below(free.length)];
  const renamed = free[random.below(free.length)];
  const sendPlace = (place: Place) =>
    send('LCA', `location ${place.id}`, [placeRow(place)], () => server.places.set(place.id, place));
  if (telephoned !== undefined) {
    const telephone = `01632 960${String(random.below(1000)).padStart(3, '0')}`;
    sendPlace({ ...telephoned, telephone, updated: today });
  }
  if (renamed !== undefined && renamed !== telephoned) {
    sendPlace({
      ...renamed,
      description: `${renamed.code.slice(6)} (Façade ${random.below(90) + 10})`,
      updated: today,
    });
  }
}

/**
 * A department is renamed, another moves below another branch, one is sent again, and one is new; answers where new
 * positions may be.
 */
function changeOrganisations({ server, random, send }: Sender, day: number): readonly Organisation[] {
  const { today } = server.settings;
  const free = [...server.organisations.values()].filter(({ id }) => !server.refused.has(`organisation ${id}`));
  const leaves = free.filter((organisation) => organisation.leaf);
  const sendOne = (organisation: Organisation) =>
    send('ORA', `organisation ${organisation.id}`, organisationRows(organisation), () =>
      server.organisations.set(organisation.id, organisation),
    );
  const renamed = leaves[random.below(leaves.length)];
  if (renamed !== undefined) {
    const raw = `${shownOn(renamed.slices, today).slice.raw} & Réadaptation ${day}`;
    sendOne({ ...renamed, slices: changedFrom(renamed.slices, today, { raw, updated: today }) });
  }
  const moved = movedLeaf(
    random,
    leaves.filter((organisation) => organisation !== renamed),
    today,
  );
  if (moved !== undefined) sendOne(moved);
  const others = free.filter(({ id }) => id !== renamed?.id && id !== moved?.id);
  const again = others[random.below(others.length)];
  if (again !== undefined) {
    sendOne({ ...again, slices: again.slices.map((slice) => ({ ...slice, updated: today })) });
  }

  const beside = random.pick(server.departments);
  const { slice } = shownOn(beside.slices, today);
  const id = String(690_000 + day);
  const raw = `${vpdText(server.settings)} 5 New Unit ${day}`;
  const added = { ...beside, id, slices: [{ ...slice, start: today, end: null, raw, updated: today }] };
  sendOne(added);
  return server.organisations.has(id) ? [...server.departments, added] : server.departments;
}

/** One of these departments below the branch of another of them, from today on. */
function movedLeaf(random: Random, leaves: readonly Organisation[], today: Day): Organisation | undefined {
  const leaf = leaves[random.below(leaves.length)];
  if (leaf === undefined) return undefined;
  const parentOf = ({ slices }: Organisation) => shownOn(slices, today).slice.parent;
  const branches = [...new Set(leaves.map(parentOf))].filter((parent) => parent !== parentOf(leaf));
  const parent = branches[random.below(branches.length)];
  if (parent === undefined) return undefined;
  return { ...leaf, slices: changedFrom(leaf.slices, today, { parent, updated: today }) };
}

/** Budgets change, spare positions are retitled or eliminated, others are new. */
function changePositions({ server, random, send }: Sender, departments: readonly Organisation[]): StructureChanges {
  const { settings } = server;
  const { today } = settings;
  const before = new Map<number, Position | null>();
  const sendOne = (position: Position, old: Position | null) => {
    before.set(position.index, old);
    const take = () => server.positions.set(position.index, position);
    const miss = () => old === null && server.missingPositions.add(position.index);
    send('POA', `position ${position.index}`, positionRows(settings, position), take, miss);
  };
  const change = (accepts: (index: number) => boolean, make: (position: Position) => Position) => {
    const start = random.below(server.positionCount);
    for (let probe = 0; probe < Math.min(server.positionCount, 2_000); probe++) {
      const index = (start + probe) % server.positionCount;
      if (before.has(index) || server.refused.has(`position ${index}`) || !accepts(index)) continue;
      const old = server.staffing.position(index);
      return sendOne(make(old), old);
    }
  };
  const spare = (index: number) => server.named[index] !== true;
  for (let left = Math.max(2, Math.round(settings.staff * 0.001)); left > 0; left--) {
    change(
      () => true,
      (old) => {
        const budget = shownOn(old.slices, today).slice.budget + 0.4;
        return {
          ...old,
          slices: changedFrom(old.slices, today, { budget: Math.round(budget * 100) / 100, updated: today }),
        };
      },
    );
  }
  change(spare, (old) => ({
    ...old,
    slices: changedFrom(old.slices, today, { hiring: 'Eliminated', updated: today }),
  }));
  change(spare, (old) => {
    const { post } = shownOn(old.slices, today).slice;
    const retitled = { ...post, title: `${post.title} (Développement)` };
    return { ...old, slices: changedFrom(old.slices, today, { post: retitled, updated: today }) };
  });
  const vacancies: Position[] = [];
  for (let left = Math.max(1, Math.round(settings.staff * 0.0008)); left > 0; left--) {
    const index = server.positionCount++;
    const made = positionAt(settings, departments, index);
    const position = { ...made, slices: [{ ...shownOn(made.slices, today).slice, start: today - 5, updated: today }] };
    vacancies.push(position);
    sendOne(position, null);
  }
  return { positions: before, vacancies };
}
