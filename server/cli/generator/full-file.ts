import { type Spoiler, spoilerFor } from './damage.ts';
import { openGo2File } from './go2-file.ts';
import { type FileManifest, fileManifest } from './manifest.ts';
import type { Person } from './model.ts';
import { rootOrganisationId } from './organisations.ts';
import { personAt } from './people.ts';
import { assignmentRows, droppedRows, personRows, registrationRow } from './person-rows.ts';
import { publishedPerson } from './published.ts';
import { sendGroup } from './send-group.ts';
import { countPerson, emptyTally, markNamed, type ServerModel, structureOf, type Tally } from './server-model.ts';
import { lookUpRows, organisationRows, placeRow, positionRows } from './structure-rows.ts';

type Write = (rows: readonly string[]) => void;

/** Writes the first full file (GOF, sequence 1) and fills the empty `server` with what it must hold afterwards. */
export function writeFullFile(server: ServerModel, folder: string): FileManifest {
  const { settings } = server;
  const run = settings.today - settings.days;
  const file = openGo2File(settings, folder, { kind: 'GOF', sequence: 1, run, previous: null });
  const tally = emptyTally();
  const spoiler = spoilerFor(settings, 0);
  const write: Write = (rows) => file.write(rows);
  write(lookUpRows(settings));
  writeStructure(server, spoiler, write, tally);
  writePeople(server, spoiler, write, tally);
  file.close();
  tally.events['file-ingested'] = 1;
  tally.events['exception-raised'] = tally.quarantined;
  return fileManifest(server, file.name, 'full', file.rows, tally);
}

function writeStructure(server: ServerModel, spoiler: Spoiler, write: Write, tally: Tally): void {
  const { settings } = server;
  for (const place of [...server.places.values()]) {
    if (sendGroup(spoiler, write, tally, 'LCA', [placeRow(place)])) tally.created++;
    else refuse(server, `location ${place.id}`, () => server.places.delete(place.id));
  }
  // Odd ones first: parents often come after their children, and row order means nothing.
  const organisations = [...server.organisations.values()];
  const odd = (id: string) => Number(id) % 2 === 1;
  for (const organisation of [
    ...organisations.filter(({ id }) => odd(id)),
    ...organisations.filter(({ id }) => !odd(id)),
  ]) {
    const rows = organisationRows(organisation);
    if (organisation.id === rootOrganisationId) {
      write(rows);
      tally.created++;
    } else if (sendGroup(spoiler, write, tally, 'ORA', rows)) tally.created++;
    else refuse(server, `organisation ${organisation.id}`, () => server.organisations.delete(organisation.id));
  }
  for (let index = 0; index < server.positionCount; index++) {
    const rows = positionRows(settings, server.staffing.position(index));
    if (sendGroup(spoiler, write, tally, 'POA', rows)) tally.created++;
    else refuse(server, `position ${index}`, () => server.missingPositions.add(index));
  }
}

function refuse(server: ServerModel, record: string, forget: () => void): void {
  server.refused.add(record);
  forget();
}

function writePeople(server: ServerModel, spoiler: Spoiler, write: Write, tally: Tally): void {
  const { settings } = server;
  const structure = structureOf(server);
  const nobody = publishedPerson(null, structure);
  const handovers = new Map<number, number>();
  for (let index = 0; index < settings.staff; index++) {
    const person = personAt(server.founding, index);
    const stored = writePerson(server, spoiler, write, tally, person);
    if (stored !== person) {
      server.people.set(index, stored);
      server.refused.add(`person ${index}`);
    }
    // What a refused row names counts as named: nobody may tell what a server does with it.
    markNamed(server, person);
    countPerson(server, tally, handovers, nobody, publishedPerson(stored, structure));
    handovers.clear();
    // Rows that are equal byte for byte count once (meaning.md, Slices).
    if (index % 997 === 996 && stored === person) write(personRows(person));
  }
}

/** Writes a person with all that is theirs; answers what of it a server takes, `person` itself where that is all. */
function writePerson(server: ServerModel, spoiler: Spoiler, write: Write, tally: Tally, person: Person): Person | null {
  const { settings } = server;
  const known = sendGroup(spoiler, write, tally, 'PRA', personRows(person));
  const send = (kind: 'ASA' | 'ETA', rows: readonly string[]) => {
    const good = sendGroup(spoiler, write, tally, kind, rows);
    // Good rows of a person who is nowhere are quarantined too.
    if (good && !known) tally.quarantined += rows.length;
    return good && known;
  };
  const assignments = person.assignments.filter((job) => send('ASA', assignmentRows(settings, person, job)));
  const registrations = person.registrations.filter((held) => send('ETA', [registrationRow(person, held)]));
  write(droppedRows(settings, person));
  if (!known) return null;
  const whole =
    assignments.length === person.assignments.length && registrations.length === person.registrations.length;
  return whole ? person : { ...person, assignments, registrations };
}
