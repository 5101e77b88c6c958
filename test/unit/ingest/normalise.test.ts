import { expect } from 'chai';
import { limits } from '../../../server/core/limits.ts';
import type { Fault } from '../../../server/ingest/fault.ts';
import { normaliseRows } from '../../../server/ingest/normalise.ts';
import type { StagedRow } from '../../../server/store/port.ts';
import { columns, columnsWithBirthDate } from './esr-columns.ts';
import { assignmentRow, go2File, go2Row, personRow, registrationRow } from './go2-text.ts';
import { readAll, stagedOf } from './read-all.ts';

async function only(row: string): Promise<StagedRow> {
  const rows = await stagedOf(row);
  expect(rows).to.have.length(1);
  return rows[0] as StagedRow;
}

async function fieldsOf(row: string): Promise<unknown> {
  const staged = await only(row);
  expect(staged.fault).to.equal(null);
  return JSON.parse(staged.fields);
}

/** `rule field` of every fault of the row. */
async function faultsOf(row: string): Promise<readonly string[]> {
  const staged = await only(row);
  expect(staged).to.include({ action: 'bad', fields: '{}', start: null, end: null });
  const faults = JSON.parse(staged.fault ?? '[]') as readonly Fault[];
  return faults.map(({ rule, field }) => (field === null ? rule : `${rule} ${field}`));
}

function withField(row: string, number: number, text: string): string {
  return row
    .split('~')
    .map((cell, at) => (at === number - 1 ? text : cell))
    .join('~');
}

describe('normalised rows', () => {
  it('keep of a person what is published and nothing else', async () => {
    expect(await only(personRow)).to.deep.include({
      rank: 4,
      key: { type: 'person', id: 'A48180' },
      action: 'upsert',
      line: 2,
      start: '2017-05-02',
      end: null,
      fault: null,
      from: null,
    });
    expect(await fieldsOf(personRow)).to.deep.equal({
      employeeNumber: '102598012',
      title: 'Mr.',
      lastName: 'Sname',
      firstName: 'Fname',
      middleNames: 'Mname',
      previousLastName: 'Sname-Before',
      gender: 'Female',
      nhsUniqueId: '289601',
      terminationDate: '2020-05-01',
      userPersonType: 'Employee',
      email: 'f.sname@example.org',
    });
  });

  it('keep the birth date where the tenant switched it on', async () => {
    const { rows } = await readAll(go2File([personRow]));
    const [staged] = normaliseRows(rows, columnsWithBirthDate).staged;
    expect(JSON.parse(staged?.fields ?? '{}')).to.include({ birthDate: '1986-08-01' });
  });

  it('know an assignment by field 3, split its flexfields and read numbers and flags', async () => {
    expect(await only(assignmentRow)).to.deep.include({
      rank: 6,
      key: { type: 'assignment', id: '936458' },
      start: '2013-01-01',
      end: null,
    });
    expect(await fieldsOf(assignmentRow)).to.deep.equal({
      personId: 'A48180',
      earliestStart: '2006-07-27',
      assignmentNumber: '10602402',
      systemStatus: 'ACTIVE_ASSIGN',
      userStatus: 'Active Assignment',
      locationId: '70001',
      employeeCategory: 'PT',
      assignmentCategory: 'Permanent',
      primary: true,
      normalHours: 18.75,
      hoursFrequency: 'Week',
      fte: 0.5,
      organisationId: '52001',
      positionId: 'ABC4401',
      positionNumber: '3559596',
      positionTitle: 'Bank Nurse Band 5',
      occupationCode: 'N7B',
      areaOfWork: 'Bank',
      gradePayscale: 'XR05',
      gradeDescription: 'Review Body Band 5',
      staffGroup: 'Nursing and Midwifery Registered',
      jobRole: 'Staff Nurse',
    });
  });

  it('read a sparse assignment as an old feed of 50 fields sends it', async () => {
    const sparse = go2Row('ASA', { 2: '1234567', 3: '936458', 4: '20110601', 5: '20121231', 23: ' ', 26: ' ', 49: '' });
    expect(await only(sparse.slice(0, -1))).to.include({ start: '2011-06-01', end: '2012-12-31', fault: null });
    expect(await fieldsOf(sparse)).to.deep.equal({ personId: '1234567' });
  });

  it('read a position by the layout table', async () => {
    const row = go2Row('POA', {
      2: 'ABC4401',
      3: '20190422',
      5: 'ABC5001',
      6: 'ABC5001|Core Trainee|001|',
      7: '3.53',
      8: 'ABC2101',
      9: 'Medical and Dental',
      10: 'Specialty Registrar',
      11: '001',
      12: 'MN31',
      13: 'MN31|0',
      14: 'Not Applicable',
      15: '52001',
      16: 'Active',
      17: 'NONE',
      22: 'RPG',
      23: '20191003 121701',
      24: 'RT Doctor',
    });
    expect(await fieldsOf(row)).to.deep.equal({
      positionNumber: 'ABC5001',
      positionTitle: 'Core Trainee',
      positionTitleOccupationCode: '001',
      budgetedFte: 3.53,
      staffGroup: 'Medical and Dental',
      jobRole: 'Specialty Registrar',
      occupationCode: '001',
      payscale: 'MN31',
      organisationId: '52001',
      hiringStatus: 'Active',
      workplaceOrgCode: 'RPG',
    });
  });

  it('read an organisation, whose dates stand in fields 5 and 6', async () => {
    const row =
      'ORA~1234567~070 6 Domestic (BRO)~NHS_TM~19510101~~~~~070E642~548444~RPG~96804~20061019 233601~070E642~';
    expect(await only(row)).to.deep.include({ rank: 2, start: '1951-01-01', end: null });
    expect(await fieldsOf(row)).to.deep.equal({
      name: '070 6 Domestic (BRO)',
      organisationType: 'NHS_TM',
      parentId: '548444',
      nacsCode: 'RPG',
      locationId: '96804',
    });
  });

  it('read a location, bare quotes and accents included', async () => {
    const row = go2Row('LCA', {
      2: '7',
      3: '070 z Maternity',
      4: 'Caf\u00e9 "Town" Hospital',
      5: '20110803',
      12: 'GB',
      16: 'RPG01',
    });
    expect(await only(row)).to.deep.include({ rank: 1, start: null, end: null });
    expect(await fieldsOf(row)).to.deep.equal({
      code: '070 z Maternity',
      description: 'Café "Town" Hospital',
      inactiveDate: '2011-08-03',
      country: 'GB',
      siteCode: 'RPG01',
    });
  });

  it('read a registration with its leading spaces and other date styles', async () => {
    expect(await only(registrationRow)).to.deep.include({
      rank: 5,
      key: { type: 'registration', id: '957384' },
      start: null,
    });
    expect(await fieldsOf(registrationRow)).to.deep.equal({
      personId: 'A48180',
      body: 'Nursing and Midwifery Council',
      number: '94I0864E',
      from: '2012-08-31',
      to: '2013-08-31',
      part: 'Sub-Part 1 RNLD (Learning Disabilities)',
    });
  });

  it('read a pair of VPD and NACS code', async () => {
    const row = 'LOV~LKUP~NHS_NACS_CODE~123-RCX~123-RCX OXLEAS NHS TRUST~~~~~Y~~~20201014 095943';
    expect(await only(row)).to.deep.include({ rank: 0, key: { type: 'nacs', id: 'RCX' } });
    expect(await fieldsOf(row)).to.deep.equal({ name: 'OXLEAS NHS TRUST' });
    expect(await faultsOf(row.replace('~123-RCX~', '~RCX~'))).to.deep.equal(['missing-key id']);
  });

  it('drop and count other extra information and other lookups', async () => {
    const other = withField(registrationRow, 4, 'NHS Statutory Declaration');
    const lookup = go2Row('LOV', { 2: 'LKUP', 3: 'NHS_TITLES', 4: 'MR' });
    const { rows } = await readAll(go2File([other, lookup, registrationRow, other]));
    const result = normaliseRows(rows, columns);
    expect(result.staged).to.have.length(1);
    expect(result.dropped).to.deep.equal({ ETA: 2, LOV: 1 });
  });

  it('tolerate missing, blank and further parts of a flexfield', async () => {
    const row = withField(withField(assignmentRow, 30, '12| |N7B'), 31, '||Local|more|and more');
    const fields = (await fieldsOf(row)) as Readonly<Record<string, unknown>>;
    expect(fields).to.include({ positionNumber: '12', occupationCode: 'N7B', gradeDescription: 'Local' });
    expect(fields).to.not.have.any.keys('positionTitle', 'areaOfWork', 'gradePayscale');
  });

  it('tolerate and count further fields at the end, and drop them', async () => {
    const { rows } = await readAll(go2File([`${personRow}~new~newer`, assignmentRow]));
    const result = normaliseRows(rows, columns);
    expect(result.wide).to.equal(1);
    expect(result.staged[0]?.hash).to.equal((await only(personRow)).hash);
  });
});

describe('deletes', () => {
  it('take the record’s own key from field 2, whatever field 2 of the upsert is', async () => {
    const rows = await stagedOf('PRD~A48180', 'ASD~936458', 'POD~1', 'ORD~2', 'LCD~3', 'ETD~957384 ~more');
    expect(
      rows.map(({ action, key, start, end, fields }) => [action, key.type, key.id, start, end, fields]),
    ).to.deep.equal([
      ['delete', 'person', 'A48180', null, null, '{}'],
      ['delete', 'assignment', '936458', null, null, '{}'],
      ['delete', 'position', '1', null, null, '{}'],
      ['delete', 'organisation', '2', null, null, '{}'],
      ['delete', 'location', '3', null, null, '{}'],
      ['delete', 'registration', '957384', null, null, '{}'],
    ]);
  });

  it('without a key are bad', async () => {
    expect(await faultsOf('PRD')).to.deep.equal(['missing-key id', 'row-too-short']);
    expect(await faultsOf('PRD~ ')).to.deep.equal(['missing-key id']);
  });
});

describe('hashes', () => {
  it('ignore the last update date and everything else that is dropped', async () => {
    const { hash } = await only(personRow);
    expect((await only(withField(withField(personRow, 39, '20210101'), 15, 'ZZ999999Z'))).hash).to.equal(hash);
  });

  it('ignore how a value is written', async () => {
    const { hash } = await only(assignmentRow);
    const same = withField(withField(withField(assignmentRow, 26, ' 0.50 '), 5, ''), 22, 'Y');
    expect((await only(same)).hash).to.equal(hash);
  });

  it('change with any kept value and with either date', async () => {
    const rows = [
      [7, 'Other'],
      [3, '20170503'],
      [4, '20210101'],
      [9, ''],
    ] as const;
    const hashes = await Promise.all(rows.map(async ([at, text]) => (await only(withField(personRow, at, text))).hash));
    expect(new Set([...hashes, (await only(personRow)).hash]).size).to.equal(5);
  });
});

describe('bad rows', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['fewer fields than the type has', personRow.slice(0, -1), ['row-too-short']],
    ['an assignment of 49 fields', assignmentRow.split('~').slice(0, 49).join('~'), ['row-too-short']],
    ['a registration cut before its kind', 'ETA~A48180~957384', ['row-too-short']],
    ['no key', withField(personRow, 2, ' '), ['missing-key id']],
    ['a key that is too long', withField(personRow, 2, 'x'.repeat(65)), ['bad-key id']],
    ['a key with a control character', withField(personRow, 2, '1\u00002'), ['bad-key id']],
    ['no last name', withField(personRow, 7, ''), ['missing-field lastName']],
    ['no person', withField(assignmentRow, 2, ''), ['missing-field personId']],
    ['a registration without a person', withField(registrationRow, 2, ''), ['missing-field personId']],
    ['no start', withField(personRow, 3, ''), ['missing-field start']],
    ['a start that means absent', withField(personRow, 3, '19000101'), ['missing-field start']],
    ['a start that is no date', withField(personRow, 3, '20210230'), ['bad-date start']],
    ['an end that is no date', withField(personRow, 4, 'soon'), ['bad-date end']],
    ['an end before the start', withField(personRow, 4, '20170501'), ['end-before-start end']],
    ['a leaving date outside the centuries', withField(personRow, 18, '10661014'), ['bad-date terminationDate']],
    ['a number with a comma', withField(assignmentRow, 23, '37,5'), ['bad-number normalHours']],
    ['a negative FTE', withField(assignmentRow, 26, '-1'), ['bad-number fte']],
    ['a flag that is none', withField(assignmentRow, 22, 'Maybe'), ['bad-flag primary']],
    ['a control character', withField(personRow, 8, 'F\u0000name'), ['control-character firstName']],
    [
      'several faults',
      withField(withField(personRow, 7, ''), 18, 'x'),
      ['missing-field lastName', 'bad-date terminationDate'],
    ],
  ];
  for (const [what, row, faults] of cases) {
    it(`${what}: ${faults.join(', ')}`, async () => {
      expect(await faultsOf(row)).to.deep.equal(faults);
    });
  }

  it('are not made by what stands in a dropped field', async () => {
    const row = withField(withField(personRow, 15, 'A\u0000B'), 22, '20211399');
    expect((await only(row)).hash).to.equal((await only(personRow)).hash);
  });

  it('keep their key, so that the rows of one record stay together', async () => {
    expect(await only(withField(assignmentRow, 26, 'x'))).to.deep.include({
      rank: 6,
      key: { type: 'assignment', id: '936458' },
    });
  });

  it('of a line that is too long have a key only where it was whole', async () => {
    const long = 'x'.repeat(limits.lineBytesMax);
    expect(await faultsOf(`PRA~A48180~${long}`)).to.deep.equal(['line-too-long']);
    expect((await only(`PRA~A48180~${long}`)).key.id).to.equal('A48180');
    expect(await faultsOf(`PRA~${long}`)).to.deep.equal(['missing-key id', 'line-too-long']);
  });

  it('name the ESR field and never its value', async () => {
    const staged = await only(withField(personRow, 18, 'Sname'));
    const [fault] = JSON.parse(staged.fault ?? '[]') as readonly Fault[];
    expect(fault?.message).to.match(/^Actual Termination Date \(PRA 18\): the field is not a date/);
    expect(JSON.stringify(staged)).to.not.contain('Sname');
  });
});
