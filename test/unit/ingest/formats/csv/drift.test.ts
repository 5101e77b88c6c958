import { expect } from 'chai';
import { type TestHouse, testHouse, trustX } from '../../../../support/house-open.ts';

const staff = 'Employee Number,Last Name,First Name,Assignment Number,Start Date,Assignment Status,Title';
const row = '1,Owens,Ann,1,2020-01-01,Active Assignment,Mrs';

describe('CSV column drift', () => {
  let house: TestHouse;

  afterEach(() => house.close());

  async function ingest(text: string, drift?: object) {
    const profile = { id: 'staff-in-post', ...(drift === undefined ? {} : { drift }) };
    house = await testHouse([{ ...trustX, csvProfiles: [profile] }], '2026-11-20T09:00:00.000Z');
    const [report] = await house.ingest('a.csv', text, 'rxx');
    const [file] = await house.store('rxx').ledger.files();
    return { report, warnings: file?.warnings };
  }

  it('is accepted for new columns, whose values are not kept', async () => {
    const { report, warnings } = await ingest(`${staff},Salary\n${row},99999\n`);
    expect(report).to.include({ state: 'applied', quarantined: 0 });
    expect(warnings).to.deep.equal({});
    const [person] = await house.store('rxx').records.get([{ type: 'person', id: 'csv:1' }]);
    expect(JSON.stringify(person)).not.to.contain('99999');
  });

  it('is warned about for a renamed column, which is read', async () => {
    const { report, warnings } = await ingest(`${staff.replace('Last Name', 'Lsat Names')}\n${row}\n`);
    expect(report).to.include({ state: 'rejected' });
    expect(warnings).to.deep.equal({});
    await house.close();
    const again = await ingest(`${staff.replace('Assignment Number', 'Asignment Number')}\n${row}\n`);
    expect(again.report).to.include({ state: 'applied', quarantined: 0 });
    expect(again.warnings).to.include({ 'column-renamed': 1 });
  });

  it('holds the file where the tenant wants a person to look', async () => {
    const { report } = await ingest(`${staff},Salary\n${row},99999\n`, { new: 'hold' });
    expect(report).to.include({ state: 'held' });
    expect(report?.reason).to.equal(
      'the columns differ from the profile "staff-in-post": column "Salary" is new and not kept',
    );
    expect(await house.store('rxx').records.counts()).to.deep.equal({});
  });

  it('rejects the file that lacks a required column, and names it', async () => {
    const { report } = await ingest(
      'Employee Number,First Name,Assignment Number,Start Date,Title\n1,Ann,1,2020-01-01,Mrs\n',
    );
    expect(report).to.include({ state: 'rejected' });
    expect(report?.reason).to.equal('The CSV file looks like "Staff in post", but column "Last Name" is missing.');
  });

  it('quarantines a row whose two cells of one column differ', async () => {
    const { report } = await ingest(`${staff},Surname\n${row},Owens\n${row.replaceAll('1,', '2,')},Other\n`);
    expect(report).to.include({ state: 'applied', rows: 2, quarantined: 1 });
  });

  it('quarantines rows with fewer or more cells than the header, and applies the rest', async () => {
    const { report } = await ingest(
      `${staff}\n${row}\n2,Short\n3,Long,Ann,3,2020-01-01,Active Assignment,Mrs,more\n\n,,,,,,\n`,
    );
    expect(report).to.include({ state: 'applied', rows: 3, quarantined: 2, created: 3 });
  });
});
