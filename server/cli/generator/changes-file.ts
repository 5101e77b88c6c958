import { dayOfPeople } from './changes-of-people.ts';
import { changeStructure, type StructureChanges } from './changes-of-structure.ts';
import { type Spoiler, spoilerFor } from './damage.ts';
import { personEvents } from './events.ts';
import { openGo2File } from './go2-file.ts';
import { type FileManifest, fileManifest } from './manifest.ts';
import { type Person, type Position, shownOn } from './model.ts';
import { starting, withAnotherJob } from './people.ts';
import { type EditScene, edit, type PersonChange, type PersonEdit } from './person-edit.ts';
import { assignmentRows, droppedRows, personRows, registrationRow } from './person-rows.ts';
import {
  organisationName,
  placeName,
  positionFacts,
  publishedOrganisation,
  publishedPerson,
  publishedPlace,
  publishedPosition,
  type Structure,
} from './published.ts';
import { randomOf } from './random.ts';
import { sendGroup } from './send-group.ts';
import {
  countPerson,
  countResource,
  emptyTally,
  type Handovers,
  raiseAll,
  type ServerModel,
  shownPosition,
  storedPerson,
  storePerson,
  structureOf,
  type Tally,
} from './server-model.ts';
import { streams } from './settings.ts';

/** One changes file in the making. */
interface DayFile {
  readonly server: ServerModel;
  readonly scene: EditScene;
  readonly spoiler: Spoiler;
  readonly tally: Tally;
  readonly handovers: Handovers;
  readonly edited: Set<number>;
  readonly structures: { readonly before: Structure; readonly after: Structure };
  write(rows: readonly string[]): void;
}

/** Writes the changes file (GOC) of day `day` (1, 2 …), and takes `server` to where it must be afterwards. */
export function writeChangesFile(server: ServerModel, folder: string, day: number): FileManifest {
  const { settings } = server;
  const run = settings.today - settings.days + day;
  const file = openGo2File(settings, folder, { kind: 'GOC', sequence: 1 + day, run, previous: run - 1 });
  const tally = emptyTally();
  const spoiler = spoilerFor(settings, day);
  const write = (rows: readonly string[]) => file.write(rows);
  const before = structureOf(server);
  const structureChanges = changeStructure(server, spoiler, write, tally, day);
  const after = structureOf(server);
  const random = randomOf(settings.seed, streams.edit, day, 2);
  const dayFile: DayFile = {
    server,
    scene: { server, random, today: settings.today },
    spoiler,
    tally,
    handovers: new Map(),
    edited: new Set(),
    structures: { before, after },
    write,
  };
  for (const { share, change } of dayOfPeople) {
    for (let left = Math.max(1, Math.round(settings.staff * share)); left > 0; left--) changeSomebody(dayFile, change);
  }
  addStarters(dayFile, structureChanges.vacancies);
  file.close();
  countStructure(dayFile);
  countOthers(dayFile);
  countPositions(dayFile, structureChanges);
  tally.events['file-ingested'] = 1;
  tally.events['exception-raised'] = tally.quarantined;
  return fileManifest(server, file.name, 'changes', file.rows, tally);
}

/** Looks for somebody to whom `change` can happen, from a random place on, and gives up after a while. */
function changeSomebody(dayFile: DayFile, change: PersonChange): void {
  const { server, scene, edited } = dayFile;
  const start = scene.random.below(server.personCount);
  for (let probe = 0; probe < Math.min(server.personCount, 4_000); probe++) {
    const index = (start + probe) % server.personCount;
    if (edited.has(index) || server.refused.has(`person ${index}`)) continue;
    const person = storedPerson(server, index);
    const made = person && change(scene, person);
    if (person === null || made === null) continue;
    sendEdit(dayFile, index, person, made);
    return;
  }
}

/** New people: one begins tomorrow, of the others half by today, half later; some with two jobs or new positions. */
function addStarters(dayFile: DayFile, vacancies: readonly Position[]): void {
  const { server, scene } = dayFile;
  const { random, today } = scene;
  const open = [...vacancies];
  const starters = Math.max(3, Math.round(server.settings.staff * 0.003));
  for (let number = 1; number <= starters; number++) {
    const index = server.personCount++;
    const other = random.chance(0.5) ? today - random.below(7) : today + random.between(1, 60);
    const start = number === 1 ? today + 1 : other;
    const position = random.chance(0.4) ? open.pop() : undefined;
    const plan = { index, start, plain: true, ...(position === undefined ? {} : { position }) };
    let person = starting(server.staffing, random, plan);
    if (random.chance(0.1)) person = withAnotherJob(server.staffing, random, person, start + 1, true);
    const parts = {
      sendsPerson: true,
      assignments: person.assignments.map(({ id }) => id),
      registrations: person.registrations.map(({ id }) => id),
    };
    sendEdit(dayFile, index, null, edit({ ...person, starter: null }, parts));
  }
}

/** Writes the rows of an edit, damaged or not, and stores what a server takes of it. */
function sendEdit(dayFile: DayFile, index: number, before: Person | null, made: PersonEdit): void {
  const { server, spoiler, tally, write, edited, handovers, structures } = dayFile;
  const { settings } = server;
  const { after } = made;
  edited.add(index);
  let stored: Person | null = null;
  if (after !== null) {
    const personGood = made.sendsPerson && sendGroup(spoiler, write, tally, 'PRA', personRows(after));
    const known = before !== null || personGood;
    let whole = personGood || !made.sendsPerson;
    const send = (kind: 'ASA' | 'ETA', rows: readonly string[]) => {
      const good = sendGroup(spoiler, write, tally, kind, rows);
      if (good && !known) tally.quarantined += rows.length;
      whole &&= good && known;
      return good && known;
    };
    const assignments = after.assignments.flatMap((job) => {
      if (!made.assignments.includes(job.id) || send('ASA', assignmentRows(settings, after, job))) return [job];
      return before?.assignments.filter((old) => old.id === job.id) ?? [];
    });
    const registrations = after.registrations.flatMap((held) => {
      if (!made.registrations.includes(held.id) || send('ETA', [registrationRow(after, held)])) return [held];
      return before?.registrations.filter((old) => old.id === held.id) ?? [];
    });
    write(droppedRows(settings, after));
    const base = personGood || before === null ? after : before;
    if (known) stored = { ...base, assignments, registrations };
    if (!whole) server.refused.add(`person ${index}`);
  }
  write(made.deletes);
  // Nobody comes back under the id of a deleted assignment: whether that counts as created is left open.
  if (made.deletes.length > 0) server.refused.add(`person ${index}`);
  storePerson(server, tally, handovers, { index, before, after: stored }, structures);
}

/** Locations and organisations, by what was published of them. */
function countStructure({ tally, structures: { before, after } }: DayFile): void {
  for (const [id, place] of after.places) {
    const old = before.places.get(id);
    countResource(tally, old ? publishedPlace(old, before) : null, publishedPlace(place, after));
  }
  for (const [id, organisation] of after.organisations) {
    const old = before.organisations.get(id);
    const was = old ? publishedOrganisation(old, before) : null;
    const is = publishedOrganisation(organisation, after);
    countResource(tally, was, is);
    if (was !== null && was !== is) tally.events['organization-changed']++;
  }
}

/** Ids of what is shown elsewhere under another name than before. */
function renamedIn({ before, after }: DayFile['structures']): ReadonlySet<string> {
  const renamed = new Set<string>();
  for (const [id, place] of after.places) {
    const old = before.places.get(id);
    if (old && placeName(old) !== placeName(place)) renamed.add(`location ${id}`);
  }
  for (const [id, organisation] of after.organisations) {
    const old = before.organisations.get(id);
    const { today } = after;
    if (old && organisationName(old, today) !== organisationName(organisation, today))
      renamed.add(`organisation ${id}`);
  }
  return renamed;
}

/** The roles of people whom the file does not mention, but whose department or location has another name now. */
function countOthers({ server, tally, handovers, edited, structures }: DayFile): void {
  const { today } = server.settings;
  const renamed = renamedIn(structures);
  if (renamed.size === 0) return;
  for (let index = 0; index < server.personCount; index++) {
    const person = edited.has(index) ? null : storedPerson(server, index);
    const touched = person?.assignments.some((job) => {
      const { post } = shownOn(job.slices, today).slice;
      return renamed.has(`organisation ${post.organisation}`) || renamed.has(`location ${post.location}`);
    });
    if (person === null || touched !== true) continue;
    const before = publishedPerson(person, structures.before);
    const after = publishedPerson(person, structures.after);
    countPerson(server, tally, handovers, before, after);
    raiseAll(tally, personEvents(before, after, person.starter, today).topics);
  }
}

/** Positions: those sent, those handed over, and those of renamed departments. */
function countPositions({ server, tally, handovers, structures }: DayFile, changes: StructureChanges): void {
  const renamed = renamedIn(structures);
  for (let index = 0; index < server.positionCount; index++) {
    const sent = changes.positions.has(index);
    const handed = handovers.has(index);
    if (server.missingPositions.has(index)) continue;
    if (!sent && !handed && !renamed.has(`organisation ${shownPosition(server, index).post.organisation}`)) continue;
    const position = server.staffing.position(index);
    const old = sent ? (changes.positions.get(index) ?? null) : position;
    const holders = server.holders[index] ?? 0;
    const held = handovers.get(index) ?? holders;
    const was = old && publishedPosition(old, held === 0, structures.before);
    countResource(tally, was, publishedPosition(position, holders === 0, structures.after));
    const told = old && positionFacts(old, structures.before) !== positionFacts(position, structures.after);
    if (old !== null && (handed || told)) tally.events['position-updated']++;
  }
}
