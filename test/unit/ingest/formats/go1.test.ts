import { expect } from 'chai';
import { type TestHouse, testHouse, trustX } from '../../../support/house-open.ts';

const name = 'GO_277_ASG_20261110_Full_00000007.DAT';

/** Two people and three assignments, with CRLF and quotes, of the structure of version 1. */
const rows = [
  '"PER",1001,"9001","Mrs.","Owens","Ann","Mary","","Female",19700102,"QQ000001A",20200406,,"Yes","1 High Street","Town","ZZ99 1AB","01632 960001","ann.owens@rxx.nhs.example"',
  '"ASG",5001,"9001",20200406,,"Active Assignment","C","277 Monthly","Calendar Month","Main Hospital","Town","9002","Smith, Bob","NHS Leave","FT","Permanent",1,37.5,"Week",37.5,"277 L8 Ash Ward, East","RXX","3559596|Staff Nurse|N6A|Surgery|","Staff Nurse","N6A","Main","NHS|XR05|Review Body Band 5","Nursing and Midwifery Registered|Staff Nurse"',
  '"ASG",5002,"9001-2",20220101,20251231,"Active Assignment","C","277 Monthly","Calendar Month","Main Hospital","Town","","","","PT","Bank",.2,7.5,"Week",37.5,"277 L8 Ash Ward, East","RXX","3559597|Bank Nurse|N7B|Bank|","Staff Nurse","N7B","Main","NHS|XR05|Review Body Band 5","Nursing and Midwifery Registered|Staff Nurse"',
  '"PER",1002,"9002","Mr.","Smith","Bob","","","Male",19600203,"QQ000002A",20100101,,"No"',
  '"ASG",5003,"9002",20100101,,"Active Assignment","C","277 Monthly","Calendar Month"',
];

function file(body: readonly string[] = rows, count = body.length): string {
  return [`"HDR","${name}"`, ...body, `"FTR","${name}",${count}`].map((line) => `${line}\r\n`).join('');
}

describe('A Generic Outbound version 1 file', () => {
  let house: TestHouse;

  beforeEach(async () => {
    house = await testHouse([trustX], '2026-11-10T09:00:00.000Z');
  });

  afterEach(() => house.close());

  it('is read with its people, their assignments and what else shows by its shape', async () => {
    const [report] = await house.ingest(name, file());
    expect(report).to.include({ state: 'applied', tenant: 'rxx', rows: 5, quarantined: 0 });
    const { records } = house.store('rxx');
    const [ann] = await records.get([{ type: 'person', id: '1001' }]);
    expect(ann?.slices[0]?.fields).to.deep.equal({
      employeeNumber: '9001',
      title: 'Mrs.',
      lastName: 'Owens',
      firstName: 'Ann',
      middleNames: 'Mary',
      gender: 'Female',
      email: 'ann.owens@rxx.nhs.example',
    });
    const [bank] = await records.get([{ type: 'assignment', id: '5002' }]);
    const { organisationId, ...fields } = bank?.slices[0]?.fields ?? {};
    expect(fields).to.deep.equal({
      personId: '1001',
      earliestStart: '2022-01-01',
      assignmentNumber: '9001-2',
      userStatus: 'Active Assignment',
      employeeCategory: 'PT',
      assignmentCategory: 'Bank',
      normalHours: 7.5,
      hoursFrequency: 'Week',
      fte: 0.2,
      positionNumber: '3559597',
      positionTitle: 'Bank Nurse',
      occupationCode: 'N7B',
      areaOfWork: 'Bank',
      gradePayscale: 'XR05',
      gradeDescription: 'Review Body Band 5',
      staffGroup: 'Nursing and Midwifery Registered',
      jobRole: 'Staff Nurse',
      endDate: '2025-12-31',
    });
    const [ward] = await records.get([{ type: 'organisation', id: String(organisationId) }]);
    expect(ward?.slices[0]?.fields).to.deep.equal({ name: '277 L8 Ash Ward, East' });
    expect(await records.counts()).to.deep.equal({ person: 2, assignment: 3, organisation: 1 });
  });

  it('is refused where its trailer counts other than the data records', async () => {
    const [report] = await house.ingest(name, file(rows, rows.length + 2));
    expect(report).to.include({ state: 'rejected' });
    expect(report?.reason).to.equal('The trailer (FTR) says 7, the file has 5 data records: rows may have been lost.');
    const [cut] = await house.ingest(name, file().slice(0, -80));
    expect(cut?.state).to.equal('rejected');
    expect(await house.store('rxx').records.counts()).to.deep.equal({});
  });

  it('quarantines an assignment of nobody', async () => {
    const [, first = ''] = rows;
    const [report] = await house.ingest(name, file([first]));
    expect(report).to.include({ state: 'applied', rows: 1, quarantined: 1 });
  });
});
