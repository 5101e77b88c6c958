import { extraInformationDate, go2Date, isoText } from './day.ts';
import type { Assignment, Person, Registration } from './model.ts';
import { bodyNames } from './registrations.ts';
import { numberText, row, stampText } from './row.ts';
import { type TrustSettings, vpdText } from './settings.ts';

const ethnicOrigins = [
  'A White - British',
  'H Asian - Indian',
  'N Black - African',
  'C White - Any other',
  'Z Not Stated',
];
const countries = ['United Kingdom', 'Ireland', 'Nigeria', 'India', 'Philippines', 'España'];

/** The rows of a person: PRA, 44 fields, one per slice. National Insurance numbers have the never-issued prefix QQ. */
export function personRows(person: Person): readonly string[] {
  const applicant = person.slices[0]?.type === 'APL';
  return person.slices.map((slice) =>
    row('PRA', 44, {
      2: person.id,
      3: go2Date(slice.start),
      4: slice.end === null && person.index % 4 === 0 ? '47121231' : go2Date(slice.end),
      5: applicant ? '' : person.employeeNumber,
      6: slice.title,
      7: slice.last,
      8: slice.first,
      9: slice.middle,
      10: slice.maiden,
      11: slice.preferred,
      12: slice.previous,
      13: person.gender,
      14: go2Date(person.birth),
      15: `QQ${String((person.index * 37) % 1_000_000).padStart(6, '0')}${'ABCD'[person.index % 4] ?? 'A'}`,
      16: person.nhsId,
      17: applicant ? '' : go2Date(person.hire),
      18: go2Date(slice.termination),
      19: slice.termination === null ? '' : 'Voluntary Resignation - Relocation',
      20: slice.type === 'EX_EMP' ? 'X' : 'E',
      21: 'N',
      23: ethnicOrigins[person.index % ethnicOrigins.length] ?? '',
      25: countries[person.index % countries.length] ?? '',
      26: 'NHS ORGANISATION',
      27: 'NHS Organisation',
      28: go2Date(person.hire),
      29: go2Date(person.hire),
      30: person.crs,
      34: slice.type,
      35: slice.type === 'EMP' ? 'Employee' : slice.type === 'APL' ? 'Applicant' : 'Ex-employee',
      36: slice.email,
      37: go2Date(person.hire),
      39: go2Date(slice.updated),
      40: person.index % 23 === 0 ? 'Y' : 'N',
    }),
  );
}

/** The rows of an assignment: ASA, 51 fields, one per slice. */
export function assignmentRows(settings: TrustSettings, person: Person, assignment: Assignment): readonly string[] {
  const vpd = vpdText(settings);
  const salt = Number(assignment.id) % 100_000;
  return assignment.slices.map(({ post, ...slice }) =>
    row('ASA', 51, {
      2: person.id,
      3: assignment.id,
      4: go2Date(slice.start),
      5: slice.end === null && salt % 3 === 0 ? '47121231' : go2Date(slice.end),
      6: go2Date(assignment.earliest),
      7: slice.applicant ? 'A' : 'E',
      8: assignment.number,
      9: slice.applicant ? 'ACTIVE_APL' : 'ACTIVE_ASSIGN',
      10: slice.status,
      11: 'E',
      12: `${vpd} Monthly`,
      13: 'Calendar Month',
      14: post.location,
      15: 'No',
      20: slice.fte === 1 ? 'FT' : 'PT',
      21: slice.category,
      22: slice.primary ? 'Yes' : 'No',
      23: numberText(slice.hours),
      24: 'Week',
      25: '37.5',
      26: numberText(slice.fte),
      28: post.organisation,
      29: post.positionId,
      30: `${post.number}|${post.title}|${post.occupation}|${post.areaOfWork}`,
      31: `NHS|${post.payscale}|${post.grade}`,
      32: `${post.payscale}|3`,
      33: go2Date(slice.start),
      34: String(22_000 + (salt % 400) * 100),
      35: `${post.group}|${post.role}`,
      36: `${vpd} z 0850 Control|||`,
      38: ' ',
      41: go2Date(slice.contractEnd),
      42: '19000101',
      43: 'N',
      44: post.payscale.startsWith('XR') ? 'Y' : 'N',
      45: stampText(go2Date(slice.updated), salt),
      46: go2Date(slice.ended),
      48: 'No',
      49: go2Date(slice.ended),
    }),
  );
}

/** The row of a professional registration: ETA, 57 fields, with ESR's leading spaces. */
export function registrationRow(person: Person, registration: Registration): string {
  const body = bodyNames[registration.body];
  return row('ETA', 57, {
    2: person.id,
    3: registration.id,
    4: ' NHS Regs and Memships',
    5: 'NHS Regs and Memships',
    6: body,
    7: ` ${registration.number}`,
    8: extraInformationDate(registration.from),
    10: extraInformationDate(registration.to),
    36: ` ${body}`,
    37: ` ${registration.part}`,
    49: 'No',
    50: 'No',
    57: stampText(go2Date(registration.updated), Number(registration.id) % 10_000),
  });
}

/** Rows of types that the server drops, a few per person so that a file looks like a file: COA, ABA, CMA, other ETA. */
export function droppedRows(settings: TrustSettings, person: Person): readonly string[] {
  const { index } = person;
  const day = settings.today - 30 - (index % 300);
  const stamp = stampText(go2Date(day), index);
  const rows = person.assignments.map((assignment) =>
    row('COA', 16, { 2: person.id, 3: assignment.id, 4: `8${assignment.id}`, 5: go2Date(day), 15: '1', 16: stamp }),
  );
  if (index % 5 === 0) {
    const reason = 'S13 Cold, Cough, Flu - Influenza';
    const absence = {
      2: person.id,
      3: `9${person.id}`,
      4: 'Sickness',
      5: reason,
      12: go2Date(day),
      14: go2Date(day + 2),
    };
    rows.push(row('ABA', 48, { ...absence, 18: '3', 30: stamp }));
  }
  if (index % 3 === 0) {
    const competence = 'NHS|CSTF|Fire Safety - 1 Year|';
    const held = { 2: person.id, 3: `6${person.id}`, 4: 'P', 5: 'Achieved', 6: competence, 7: go2Date(day) };
    rows.push(row('CMA', 27, { ...held, 9: '1 - Achieved', 10: vpdText(settings), 23: stamp }));
  }
  if (index % 29 === 0) {
    const type = 'NHS Driving Licence';
    const seen = isoText(day).split('-').reverse().join('/');
    rows.push(
      row('ETA', 57, { 2: person.id, 3: `5${person.id}`, 4: type, 5: type, 6: 'Full', 8: ` ${seen} 00:00`, 57: stamp }),
    );
  }
  return rows;
}
