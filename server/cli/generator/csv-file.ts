import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isoText } from './day.ts';
import { type FileManifest, fileManifest } from './manifest.ts';
import { type Person, shownOn } from './model.ts';
import { organisationName, placeName, publishedPerson, type Structure } from './published.ts';
import { bodyNames } from './registrations.ts';
import { emptyTally, type ServerModel, storedPerson, structureOf } from './server-model.ts';
import { vpdText } from './settings.ts';

/** Headings as staff-in-post reports of ESR-BI have them (esr.md 1.7), with the ids that join them to the GO2 feed. */
const headings = [
  ...['VPD', 'Person ID', 'Employee Number', 'Assignment ID', 'Assignment Number', 'Title', 'Last Name', 'First Name'],
  ...['Preferred Name', 'Office E-mail Address', 'Staff Group', 'Role', 'Area of Work', 'Occupation Code'],
  ...[
    'Position Number',
    'Position Title',
    'Organization',
    'Location',
    'FTE',
    'Contracted Hours',
    'Assignment Category',
  ],
  ...['Assignment Status', 'Primary Assignment', 'Payscale', 'Latest Start Date', 'Registration Body'],
  'Registration Number',
] as const;

/** Writes a staff-in-post CSV (UTF-8, header row, every cell quoted) of the roles that are active in the store. */
export function writeCsvFile(server: ServerModel, folder: string): FileManifest {
  const structure = structureOf(server);
  const name = `staff-in-post_${vpdText(server.settings)}_${isoText(server.settings.today).replaceAll('-', '')}.csv`;
  const descriptor = openSync(join(folder, name), 'w');
  let pending = `${headings.map(quoted).join(',')}\n`;
  let rows = 0;
  for (let index = 0; index < server.personCount; index++) {
    const person = storedPerson(server, index);
    if (person === null) continue;
    for (const cells of staffInPost(server, person, structure)) {
      pending += `${cells.map(quoted).join(',')}\n`;
      rows++;
    }
    if (pending.length > 1 << 20) {
      writeSync(descriptor, pending);
      pending = '';
    }
  }
  writeSync(descriptor, pending);
  closeSync(descriptor);
  const tally = emptyTally();
  tally.events['file-ingested'] = 1;
  return fileManifest(server, name, 'csv', rows, tally);
}

function staffInPost(server: ServerModel, person: Person, structure: Structure): readonly (readonly string[])[] {
  const { today } = structure;
  const active = new Set(
    publishedPerson(person, structure)
      .roles.filter((role) => role.active)
      .map((role) => role.id),
  );
  const named = shownOn(person.slices, today).slice;
  const held = person.registrations[0];
  return person.assignments
    .filter((job) => active.has(job.id))
    .map((job) => {
      const { post, ...slice } = shownOn(job.slices, today).slice;
      const department = structure.organisations.get(post.organisation);
      const place = structure.places.get(post.location);
      return [
        ...[vpdText(server.settings), person.id, person.employeeNumber, job.id, job.number],
        ...[named.title, named.last, named.first, named.preferred, named.email],
        ...[post.group, post.role, post.areaOfWork, post.occupation, post.number, post.title],
        ...[department ? organisationName(department, today) : '', place ? placeName(place) : ''],
        ...[String(slice.fte), String(slice.hours), slice.category, slice.status, slice.primary ? 'Yes' : 'No'],
        ...[post.payscale, isoText(job.earliest), held ? bodyNames[held.body] : '', held?.number ?? ''],
      ];
    });
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}
