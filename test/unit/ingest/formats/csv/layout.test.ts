import { expect } from 'chai';
import { findLayout } from '../../../../../server/ingest/formats/csv/layout.ts';
import { proposeProfile } from '../../../../../server/ingest/formats/csv/propose.ts';
import { profilesWith } from './profiles.ts';

const staff = ['Employee Number', 'Last Name', 'First Name', 'Assignment Number', 'Start Date', 'Status', 'Title'];
const values = ['1', 'Owens', 'Ann', '1', '2020-01-01', 'Active Assignment', 'Mrs'];

function file(header: readonly string[], delimiter = ',', before: readonly string[] = []): Buffer {
  return Buffer.from([...before, header.join(delimiter), values.join(delimiter), ''].join('\n'));
}

const find = (bytes: Uint8Array) => findLayout(bytes, profilesWith());
const drift = (header: readonly string[]) =>
  (find(file(header))?.header.drift ?? []).map(({ kind, message }) => `${kind}: ${message}`);

describe('CSV layout', () => {
  for (const delimiter of [',', ';', '\t', '|']) {
    it(`finds the delimiter ${JSON.stringify(delimiter)}`, () => {
      const layout = find(file(staff, delimiter));
      expect(layout).to.deep.include({ delimiter, skip: 1 });
      expect(layout?.profile.id).to.equal('staff-in-post');
    });
  }

  it('finds the header below titles and blank lines', () => {
    expect(find(file(staff, ',', ['Staff in post,,', '', '"Run on, 1 May",']))?.skip).to.equal(4);
  });

  it('chooses the profile that explains most columns', () => {
    const positions = ['Position Number', 'Position Title', 'Budgeted FTE', 'Staff Group', 'Role', 'Organization'];
    expect(find(file(positions))?.profile.id).to.equal('positions');
    const leavers = ['Employee Number', 'Surname', 'Forename', 'Assignment Number', 'Start Date', 'Leaving Date'];
    expect(find(file(leavers))?.profile.id).to.equal('starters-leavers');
  });

  it('knows no header of another kind', () => {
    expect(
      find(file(['Competency Name', 'Expiry Date', 'Date Start', 'Last Updated By', 'Title', 'VPD', 'x'])),
    ).to.equal(undefined);
    expect(find(Buffer.from('just text'))).to.equal(undefined);
    expect(find(Buffer.alloc(0))).to.equal(undefined);
  });

  it('reads headings in any case, spacing and punctuation', () => {
    expect(drift(staff.map((heading) => ` ${heading.toUpperCase().replaceAll(' ', '_')}`))).to.deep.equal([]);
  });

  it('reads headings in Windows-1252, its own letters too', () => {
    const bytes = Buffer.from(`${[...staff, 'Nurse\u0092s \u0096 Bleep'].join()}\n${values.join()},\u00e9\n`, 'latin1');
    const [drifted] = find(bytes)?.header.drift ?? [];
    expect(drifted?.message).to.equal('column "Nurse\u2019s \u2013 Bleep" is new and not kept');
  });

  it('notices new, missing, misspelt and doubled columns', () => {
    expect(drift([...staff, 'Shoe Size'])).to.deep.equal(['new: column "Shoe Size" is new and not kept']);
    expect(drift(staff.filter((heading) => heading !== 'Title'))).to.deep.equal(['missing: column "Title" is missing']);
    expect(drift(staff.map((heading) => heading.replace('Employee', 'Emploiee')))).to.deep.equal([
      'renamed: column "Employee Number" is headed "Emploiee Number"',
    ]);
    expect(drift([...staff, 'Surname'])).to.deep.equal(['duplicate: column "Last Name" is there more than once']);
  });

  it('says which required column a file lacks that looks like a report otherwise', () => {
    expect(drift(staff.filter((heading) => heading !== 'Last Name'))).to.include(
      'required: column "Last Name" is missing',
    );
  });
});

describe('A proposed CSV profile', () => {
  const bytes = Buffer.from(
    'Emp No,Surname,Forename,Assignment Number,Start Date,Assignment End Date,Team,VPD\n' +
      '1,Owens,Ann,1,01-May-2020,12/31/2019,Red,277\n2,Smith,Bob,2,2021/06/01 00:00:00,01/02/2020,Blue,277\n',
  );
  const { profile, unsure, readBy, delimiter } = proposeProfile(bytes, 'mine', profilesWith());

  it('takes what our profiles know, with the date formats that its cells need', () => {
    expect({ readBy, delimiter }).to.deep.equal({ readBy: null, delimiter: ',' });
    expect(profile.tenant).to.deep.equal(['VPD']);
    expect(profile.columns.map(({ to }) => to)).to.include.members(['person.lastName', 'assignment.earliestStart']);
    const formats = Object.fromEntries(profile.columns.map(({ headers, formats: dates }) => [headers[0], dates]));
    expect(formats['Start Date']).to.deep.equal(['dd-MMM-yyyy', 'yyyy/MM/dd HH:mm:ss']);
    expect(formats['Assignment End Date']).to.deep.equal(['MM/dd/yyyy']);
  });

  it('says what it is unsure of, and never says that a report is complete', () => {
    expect(profile).not.to.have.property('population');
    expect(unsure[0]).to.match(/^population/);
    expect(unsure).to.include('"Team" is not known: it would not be kept');
  });
});
