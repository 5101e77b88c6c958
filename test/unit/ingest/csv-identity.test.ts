import { expect } from 'chai';
import { tracePerson } from '../../../server/lineage/trace.ts';
import { type TestHouse, testHouse, trustX, trustY } from '../../support/house-open.ts';
import { fileOf } from '../../support/journey-vector.ts';

const header =
  'VPD,Employee Number,Surname,Forename,Assignment Number,Start Date,Status,FTE,Position Number,Position Title,Org L5';
const ann = '277,90001,Owens,Ann,90001,01/04/2020,Active Assignment,1,4001,Staff Nurse,277 L5 Ash Ward';
const bob = '277,90002,Smith,Bob,90002,05-May-2021,Active Assignment,0.5,4002,Porter,277 L5 Ash Ward';

const table = (...rows: readonly string[]) => [header, ...rows, ''].join('\n');

type Rows = Parameters<typeof fileOf>[0]['rows'];

function go2(sequence: number, rows: Rows, kind: 'full' | 'changes' = 'full') {
  const stamp = (day: number) => `2026111${day} 000000`;
  return fileOf({
    kind,
    sequence,
    ...(sequence === 1 ? {} : { from: stamp(sequence - 1) }),
    to: stamp(sequence),
    rows,
  });
}

const person = (id: string, employee: string, last: string) => ({
  PRA: { 2: id, 3: '20200401', 5: employee, 7: last, 9: 'Maria', 35: 'Employee' },
});
const assignment = (id: string, of: string, number: string, start: string, more: object = {}) => ({
  ASA: { 2: of, 3: id, 4: start, 6: start, 8: number, 10: 'Active Assignment', 28: '600', ...more },
});
const ward = { ORA: { 2: '600', 3: '277 6 Ash Ward', 5: '20000101' } };

describe('A CSV without ESR ids', () => {
  let house: TestHouse;

  beforeEach(async () => {
    house = await testHouse([trustX, trustY], '2026-11-20T09:00:00.000Z');
  });

  afterEach(() => house.close());

  const csv = async (name: string, text: string) => (await house.ingest(name, text))[0];
  const esr = async (file: { name: string; text: string }) => (await house.ingest(file.name, file.text))[0];
  const records = () => house.store('rxx').records;
  const exceptions = async () => {
    const open = await house.store('rxx').ledger.exceptions({ state: 'open', severity: 'error' });
    return open.map(({ line, rule, record }) => `${line} ${record.type} ${rule}`).sort();
  };
  const live = async (type: string) => {
    const ledger = house.store('rxx').ledger;
    const versions = (await Promise.all((await ledger.files()).map(({ id }) => ledger.versionsOf(id)))).flat();
    const keys = new Map(versions.filter((one) => one.type === type).map((one) => [one.id, one]));
    const read = await house.store('rxx').resources.readMany([...keys.values()]);
    return read.map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
  };

  it('makes keys of numbers where nothing is stored, and finds them again', async () => {
    expect(await csv('a.csv', table(ann, bob))).to.include({
      state: 'applied',
      tenant: 'rxx',
      rows: 2,
      quarantined: 0,
    });
    expect((await records().ids('person', '', 9)).map(({ id }) => id)).to.deep.equal(['csv:90001', 'csv:90002']);
    expect((await records().ids('assignment', '', 9)).map(({ id }) => id)).to.deep.equal([
      'csv:90001@2020-04-01',
      'csv:90002@2021-05-05',
    ]);
    const [practitioner] = await live('Practitioner');
    expect(JSON.stringify(practitioner)).not.to.contain('esr-person-id');
    expect(await csv('b.csv', table(bob, ann))).to.include({ unchanged: 2, changed: 0, created: 0 });
    const changed = table(ann.replace('Owens', 'Newname'), bob);
    expect(await csv('c.csv', changed)).to.include({ unchanged: 1, created: 0, quarantined: 0 });
  });

  it('is joined by the GO2 feed that brings the ids, and resources keep theirs', async () => {
    await csv('a.csv', table(ann));
    const before = await live('PractitionerRole');
    const rows = [ward, person('1001', '90001', 'Owens'), assignment('5001', '1001', '90001', '20200401')];
    expect(await esr(go2(1, rows))).to.include({ state: 'applied', quarantined: 0, removed: 0, created: 0 });
    const [role, ...others] = await live('PractitionerRole');
    expect(others).to.deep.equal([]);
    expect(role?.['id']).to.equal(before[0]?.['id']);
    expect(JSON.stringify(role)).to.contain('/esr-assignment-id","value":"5001"');
    const [practitioner] = await live('Practitioner');
    expect(practitioner?.['name']).to.deep.include({ use: 'official', family: 'Owens', given: ['Ann', 'Maria'] });
    expect(await esr(go2(2, rows))).to.include({ unchanged: 3, changed: 0, created: 0, quarantined: 0 });
    expect(await csv('b.csv', table(ann, ''))).to.include({ unchanged: 1, changed: 0, created: 0 });
    const traced = await tracePerson(house.store('rxx'), '1001');
    expect(traced?.records.map(({ type, id }) => `${type}/${id}`)).to.include('person/csv:90001');
    expect(traced?.versions.map(({ type }) => type)).to.include.members(['Practitioner', 'PractitionerRole']);
    const moved = [person('1001', '90001', 'Laternamed')];
    expect(await esr(go2(3, moved, 'changes'))).to.include({ state: 'applied', created: 0, quarantined: 0 });
    expect(JSON.stringify(await live('Practitioner'))).to.contain('Laternamed');
  });

  it('has an exception of the GO2 feed end when good rows of the joined record come', async () => {
    await csv('a.csv', table(ann));
    await esr(go2(1, [ward, person('10', '90001', 'Owens'), assignment('50', '10', '90001', '2020O401')]));
    expect(await exceptions()).to.deep.equal(['4 assignment bad-date']);
    await esr(go2(2, [assignment('50', '10', '90001', '20200401')], 'changes'));
    expect(await exceptions()).to.deep.equal([]);
    expect((await live('PractitionerRole')).length).to.equal(1);
  });

  it('matches what the GO2 feed has brought, whose word wins, and fills in what that does not say', async () => {
    const rows = [ward, person('1001', '90001', 'Owens'), assignment('5001', '1001', '90001', '20200401')];
    await esr(go2(1, rows));
    const text = table(ann.replace('Owens', 'Misspelt'));
    expect(await csv('a.csv', text)).to.include({ state: 'applied', quarantined: 0, removed: 0 });
    const [role, ...others] = await live('PractitionerRole');
    expect(others).to.deep.equal([]);
    expect(JSON.stringify(role)).to.contain('4001');
    expect(JSON.stringify(await live('Practitioner')))
      .to.contain('Owens')
      .and.not.to.contain('Misspelt');
    expect(await records().counts()).to.deep.equal({ person: 1, assignment: 1, organisation: 1, position: 1 });
    expect(await esr(go2(2, rows))).to.include({ unchanged: 3, changed: 0 });
    expect(JSON.stringify(await live('PractitionerRole'))).to.contain('4001');
  });

  it('wins where its profile says so', async () => {
    const overlay = { id: 'staff-in-post', population: 'partial', wins: ['person.lastName'] };
    await house.house.tenants.apply({ ...trustX, csvProfiles: [overlay] });
    await esr(go2(1, [ward, person('1001', '90001', 'Owens'), assignment('5001', '1001', '90001', '20200401')]));
    await csv('a.csv', table(ann.replace('Owens', 'Married')));
    expect(JSON.stringify(await live('Practitioner'))).to.contain('Married');
  });

  it('is quarantined where several stored records match', async () => {
    const twins = [person('1001', '90001', 'Owens'), person('1002', '90001', 'Owens')];
    await esr(go2(1, [ward, ...twins, assignment('5001', '1001', '90001', '20200401')]));
    expect(await csv('a.csv', table(ann, bob))).to.include({ state: 'applied', rows: 2, quarantined: 1 });
    expect(await exceptions()).to.deep.equal(['2 assignment ambiguous-match', '2 person ambiguous-match']);
  });

  it('tells assignments whose number is used again apart by their start', async () => {
    await csv('a.csv', table(ann, ann.replace('01/04/2020', '01/04/2023')));
    expect(await records().counts()).to.include({ person: 1, assignment: 2 });
  });

  it('quarantines rows that contradict each other about a person, and counts rows exactly', async () => {
    const second = ann.replace(',90001,01/04/2020', ',90001-2,01/04/2022').replace('Owens', 'Other');
    expect(await csv('a.csv', table(ann, second, bob))).to.include({ rows: 3, quarantined: 2, state: 'applied' });
    expect(await exceptions()).to.deep.equal([
      '2 assignment person-missing',
      '2 person contradiction',
      '3 assignment person-missing',
      '3 person contradiction',
    ]);
    expect(await csv('b.csv', table(ann, second.replace('Other', 'Owens'), bob))).to.include({
      rows: 3,
      quarantined: 0,
      unchanged: 1,
    });
    expect(await exceptions()).to.deep.equal([]);
  });

  it('counts every row that repeats a position which two rows contradict', async () => {
    const rows = [
      ann,
      bob.replace('4002,Porter', '4001,Ward Clerk'),
      bob.replaceAll('90002', '90003').replace('Porter', 'Cook'),
    ];
    expect(await csv('a.csv', table(...rows))).to.include({ rows: 3, quarantined: 2 });
  });

  it('is refused whole where a row is another organisation’s, and goes to the tenant that its column names', async () => {
    const stranger = await csv('a.csv', table(ann, bob.replace('277', '431')));
    expect(stranger).to.include({ state: 'rejected', tenant: 'rxx' });
    expect(stranger?.reason).to.match(/^Line 3 of the CSV file belongs to another organisation/);
    expect(await records().counts()).to.deep.equal({});
    expect(await csv('b.csv', table(ann.replace('277', 'RYY')))).to.include({ state: 'applied', tenant: 'ryy' });
    expect(await csv('c.csv', table(ann.replace('277', '999')))).to.include({ state: 'rejected', tenant: null });
    const [named] = await house.ingest('d.csv', table(ann), 'ryy');
    expect(named).to.include({ state: 'rejected', tenant: 'ryy' });
  });

  it('says so where the same bytes come again', async () => {
    await csv('a.csv', table(ann));
    expect((await csv('b.csv', table(ann)))?.reason).to.match(/^these bytes were applied already, as a\.csv/);
  });
});
