import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Day, isoText } from './day.ts';
import { type FileManifest, fileManifest } from './manifest.ts';
import { type Organisation, type Person, shownOn } from './model.ts';
import { placeName, publishedPerson, type Structure } from './published.ts';
import { bodyNames } from './registrations.ts';
import { emptyTally, type ServerModel, storedPerson, structureOf } from './server-model.ts';
import { vpdText } from './settings.ts';

/**
 * Headings as staff-in-post reports of ESR-BI have them (esr.md 1.7), with the ids and effective dates that make the
 * row say what the GO2 feed says of the slices in force.
 */
const headings = [
  ...['VPD', 'Person ID', 'Person Effective Start', 'Person Effective End', 'Employee Number', 'Title', 'Last Name'],
  ...['First Name', 'Middle Names', 'Maiden Name', 'Preferred Name', 'Previous Last Name', 'Gender', 'NHS Unique ID'],
  ...['Hire Date', 'Actual Termination Date', 'NHS CRS UUID', 'System Person Type', 'User Person Type'],
  ...['Office E-mail Address', 'Assignment ID', 'Assignment Effective Start', 'Assignment Effective End'],
  ...['Latest Start Date', 'Assignment Type', 'Assignment Number', 'System Assignment Status', 'Assignment Status'],
  ...['Employee Category', 'Assignment Category', 'Primary Assignment', 'Contracted Hours', 'Hours Frequency', 'FTE'],
  ...['Organisation ID', 'Organization', 'Location ID', 'Location', 'Position ID', 'Position Number', 'Position Title'],
  ...['Occupation Code', 'Area of Work', 'Grade Origin', 'Payscale', 'Payscale Description', 'Staff Group', 'Role'],
  ...['Contract End Date', 'Assignment End Date', 'Registration Body', 'Registration Number'],
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
  const whose = [
    ...[vpdText(server.settings), person.id, isoText(named.start), dateText(named.end), person.employeeNumber],
    ...[named.title, named.last, named.first, named.middle, named.maiden, named.preferred, named.previous],
    ...[person.gender, person.nhsId, isoText(person.hire), dateText(named.termination), person.crs, named.type],
    ...[named.type === 'EMP' ? 'Employee' : 'Ex-employee', named.email],
  ];
  return person.assignments
    .filter((job) => active.has(job.id))
    .map((job) => {
      const { post, ...slice } = shownOn(job.slices, today).slice;
      const department = structure.organisations.get(post.organisation);
      const place = structure.places.get(post.location);
      return [
        ...whose,
        ...[job.id, isoText(slice.start), dateText(slice.end), isoText(job.earliest), 'E', job.number],
        ...['ACTIVE_ASSIGN', slice.status, slice.fte === 1 ? 'FT' : 'PT', slice.category, slice.primary ? 'Yes' : 'No'],
        ...[String(slice.hours), 'Week', String(slice.fte)],
        ...[department ? post.organisation : '', department ? rawName(department, today) : ''],
        ...[place ? post.location : '', place ? placeName(place) : ''],
        // A position of which the server knows nothing would be made by the report.
        ...(structure.hasPosition(post.position) ? [post.positionId, post.number] : ['', '']),
        ...[post.title, post.occupation, post.areaOfWork, 'NHS', post.payscale, post.grade],
        ...[post.group, post.role, dateText(slice.contractEnd), dateText(slice.ended)],
        ...[held ? bodyNames[held.body] : '', held?.number ?? ''],
      ];
    });
}

function dateText(day: Day | null): string {
  return day === null ? '' : isoText(day);
}

function rawName(organisation: Organisation, today: Day): string {
  return shownOn(organisation.slices, today).slice.raw;
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}
