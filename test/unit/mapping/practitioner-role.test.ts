import { expect } from 'chai';
import { employerId, organizationId } from '../../../server/mapping/ids.ts';
import type { Fields, SourceRecord } from '../../../server/record/record.ts';
import { ofType, project, record } from '../../support/esr-records.ts';

const person = record('person', 'P', ['2020-01-01', null, { lastName: 'Ash' }]);
const base = 'https://esr-fhir.example';

function role(fields: Fields, ...others: readonly SourceRecord[]) {
  const assignment = record('assignment', 'A', [
    '2020-01-01',
    null,
    { personId: 'P', userStatus: 'Active Assignment', ...fields },
  ]);
  const projection = project('person', 'P', [person, assignment, ...others]);
  const resource = ofType(projection, 'PractitionerRole')[0];
  const extensions = (resource?.['extension'] ?? []) as readonly Record<string, unknown>[];
  return {
    resource,
    sources: projection.resources[1]?.sources,
    warnings: projection.warnings,
    extension: (name: string) => extensions.find(({ url }) => url === `${base}/StructureDefinition/${name}`),
  };
}

const organisation = (id: string, fields: Fields) => record('organisation', id, ['2000-01-01', null, fields]);

describe('PractitionerRole.code', () => {
  const codings = (fields: Fields, ...others: readonly SourceRecord[]) => role(fields, ...others).resource?.['code'];
  const staffNurse = {
    system: 'https://fhir.nhs.uk/England/CodeSystem/England-JobRoleCode',
    code: '03007',
    display: 'Staff Nurse',
  };

  it('resolves the job role by staff group and role', () => {
    expect(
      codings({ staffGroup: 'Nursing & Midwifery Registered', jobRole: 'STAFF NURSE', occupationCode: 'N6A' }),
    ).to.deep.equal([
      { coding: [staffNurse, { system: `${base}/CodeSystem/nhs-occupation-code`, code: 'N6A' }], text: 'STAFF NURSE' },
    ]);
    for (const [staffGroup, code] of [
      ['Add Prof Scientific and Technic', '05021'],
      ['Healthcare Scientists', '06006'],
      ['Administrative and Clerical', '08007'],
    ]) {
      expect(codings({ staffGroup: staffGroup ?? '', jobRole: 'Manager' })).to.have.nested.property(
        '[0].coding[0].code',
        code,
      );
    }
  });

  it('does not guess: unknown role, wrong group or none leave the text, with a warning', () => {
    for (const group of [{ staffGroup: 'Medical and Dental' }, { staffGroup: 'Wizards' }, {}]) {
      const { resource, warnings } = role({ ...group, jobRole: 'Staff Nurse' });
      expect(resource?.['code']).to.deep.equal([{ text: 'Staff Nurse' }]);
      expect(warnings.map(({ rule, field }) => [rule, field])).to.deep.include(['code-unknown', 'jobRole']);
    }
  });

  it('comes from the position where the assignment has none', () => {
    const position = record('position', 'S', [
      '2000-01-01',
      null,
      { staffGroup: 'Nursing and Midwifery Registered', jobRole: 'Staff Nurse' },
    ]);
    expect(codings({ positionId: 'S' }, position)).to.deep.equal([{ coding: [staffNurse], text: 'Staff Nurse' }]);
  });

  it('takes the occupation code from the name of the position where nothing else states one', () => {
    const named = (fields: Fields) =>
      record('position', 'S', ['2000-01-01', null, { positionTitleOccupationCode: 'N6A', ...fields }]);
    const codes = (...given: Parameters<typeof codings>) =>
      (codings(...given) as readonly { coding: readonly { code: string }[] }[])[0]?.coding.map(({ code }) => code);
    expect(codes({ positionId: 'S' }, named({}))).to.deep.equal(['N6A']);
    expect(codes({ positionId: 'S' }, named({ occupationCode: 'N7A' }))).to.deep.equal(['N7A']);
    expect(codes({ positionId: 'S', occupationCode: 'N8A' }, named({}))).to.deep.equal(['N8A']);
  });
});

describe('PractitionerRole.organization', () => {
  const trust = organisation('1', { name: '277 Example Trust', nacsCode: 'RXX' });
  const surgery = organisation('2', { name: '277 5 Surgery', parentId: '1' });
  const theatre = organisation('3', { name: '277 6 Theatre (BRO)', parentId: '2' });
  const ods = (value: string) => ({ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value });

  it('is the nearest ancestor with a NACS code, the department an extension', () => {
    const { resource, extension, sources } = role({ organisationId: '3' }, trust, surgery, theatre);
    expect(resource?.['organization']).to.deep.equal({
      reference: `Organization/${organizationId('rxx', '1')}`,
      identifier: ods('RXX'),
      display: 'Example Trust',
    });
    expect(extension('department')?.['valueReference']).to.deep.equal({
      reference: `Organization/${organizationId('rxx', '3')}`,
      display: 'Theatre (BRO)',
    });
    expect(sources?.map(({ type, id }) => `${type}/${id}`)).to.deep.equal([
      'assignment/A',
      'person/P',
      'organisation/3',
      'organisation/1',
    ]);
  });

  it('is the hosted body where its code is nearer', () => {
    const hosted = organisation('2', { name: '277 5 Hosted', parentId: '1', nacsCode: 'RYY' });
    expect(role({ organisationId: '3' }, trust, hosted, theatre).resource?.['organization']).to.deep.include({
      identifier: ods('RYY'),
    });
  });

  it('is the employer of the first ODS code without a code above, its name from the NACS list', () => {
    const made = {
      reference: `Organization/${employerId('rxx', 'RXX')}`,
      identifier: ods('RXX'),
      display: 'Example NHS Trust',
    };
    expect(role({}).resource?.['organization']).to.deep.equal(made);
    expect(role({ organisationId: '3' }, theatre).resource?.['organization']).to.deep.equal(made);
    const nacs = record('nacs', 'RXX', [null, null, { name: 'EXAMPLE TRUST' }]);
    expect(role({}, nacs).resource?.['organization']).to.deep.equal({ ...made, display: 'EXAMPLE TRUST' });
  });

  it('is the row that carries the first ODS code, where the department does not lead to it', () => {
    expect(role({}, trust).resource?.['organization']).to.deep.include({
      reference: `Organization/${organizationId('rxx', '1')}`,
    });
  });

  it('is of several rows with one code the one with the smallest id', () => {
    const second = organisation('4', { name: 'Again', nacsCode: 'RXX' });
    expect(role({ organisationId: '4' }, trust, second).resource?.['organization']).to.deep.include({
      reference: `Organization/${organizationId('rxx', '1')}`,
    });
  });

  it('is found although parents form a loop', () => {
    const loop = [organisation('2', { name: 'A', parentId: '3' }), organisation('3', { name: 'B', parentId: '2' })];
    expect(role({ organisationId: '3' }, ...loop).resource?.['organization']).to.deep.include({
      identifier: ods('RXX'),
    });
  });
});

describe('PractitionerRole', () => {
  it('leaves out parents that have not come, and waits for them', () => {
    const { resource, extension, warnings } = role({ organisationId: '3', locationId: 'L', positionId: 'S' });
    expect(resource).to.not.have.property('location');
    expect(extension('department')).to.equal(undefined);
    expect(extension('position')).to.equal(undefined);
    expect(warnings.map(({ rule, field, waitsFor }) => [rule, field, waitsFor])).to.deep.equal([
      ['parent-missing', 'organisationId', { type: 'organisation', id: '3' }],
      ['parent-missing', 'locationId', { type: 'location', id: 'L' }],
      ['parent-missing', 'positionId', { type: 'position', id: 'S' }],
    ]);
  });

  it('shows an unknown text as text, with a warning', () => {
    const { extension, warnings } = role({ assignmentCategory: 'Pirate', occupationCode: 'N6AX' });
    expect(extension('assignment-category')?.['valueCodeableConcept']).to.deep.equal({ text: 'Pirate' });
    expect(warnings.map(({ rule, field }) => [rule, field])).to.deep.equal([
      ['code-unknown', 'assignmentCategory'],
      ['shape-wrong', 'occupationCode'],
    ]);
  });

  it('keeps its category, so that bank, honorary, locum and seconded staff can be told', () => {
    for (const [text, code] of [
      ['Bank', '01'],
      ['Fixed Term Temp', '02'],
      ['Honorary', '03'],
      ['Locum', '04'],
    ]) {
      expect(role({ assignmentCategory: text ?? '' }).extension('assignment-category')).to.have.nested.property(
        'valueCodeableConcept.coding[0].code',
        code,
      );
    }
  });

  it('says that it is not primary, and nothing where ESR says nothing', () => {
    expect(role({ primary: false }).extension('primary')).to.have.property('valueBoolean', false);
    expect(role({}).extension('primary')).to.equal(undefined);
  });

  it('has hours with a UCUM unit where ESR says of what', () => {
    expect(
      role({ normalHours: 37.5, hoursFrequency: 'Week' }).extension('normal-hours')?.['valueQuantity'],
    ).to.deep.equal({
      value: 37.5,
      unit: 'hours per Week',
      system: 'http://unitsofmeasure.org',
      code: 'h/wk',
    });
    expect(role({ normalHours: 10 }).extension('normal-hours')?.['valueQuantity']).to.deep.equal({ value: 10 });
    expect(role({ hoursFrequency: 'Week' }).extension('normal-hours')).to.equal(undefined);
  });
});
