import { expect } from 'chai';
import { employerId, organizationId } from '../../../server/mapping/ids.ts';
import type { Fields, SourceRecord } from '../../../server/record/record.ts';
import { ofType, project, record } from '../../support/esr-records.ts';

const location = (fields: Fields, today = '2026-04-01', ods: readonly string[] = ['RXX']) => {
  const projection = project('location', 'L', [record('location', 'L', [null, null, fields])], { today, ods });
  return { resource: ofType(projection, 'Location')[0], due: projection.due, warnings: projection.warnings };
};

describe('Location', () => {
  it('is named by its description, the raw code kept as alias', () => {
    expect(location({ code: '070 z Maternity LWH', description: 'Maternity Hospital' }).resource).to.deep.include({
      name: 'Maternity Hospital',
      alias: ['070 z Maternity LWH'],
      status: 'active',
    });
  });

  it('is named by its code without prefixes where it has no description', () => {
    expect(location({ code: '070 z Maternity LWH' }).resource?.['name']).to.equal('Maternity LWH');
  });

  it('is inactive once its Inactive Date has passed', () => {
    const closing = { code: 'A', inactiveDate: '2026-04-01' };
    expect(location(closing).resource?.['status']).to.equal('active');
    expect(location(closing).due).to.equal('2026-04-02');
    expect(location(closing, '2026-04-02').resource?.['status']).to.equal('inactive');
    expect(location(closing, '2026-04-02').due).to.equal(null);
  });

  it('has no address of a country alone', () => {
    expect(location({ code: 'A', country: 'GB' }).resource).to.not.have.property('address');
    expect(
      location({ code: 'A', country: 'GB', town: 'Leeds', address2: 'Mill Lane' }).resource?.['address'],
    ).to.deep.equal({ use: 'work', line: ['Mill Lane'], city: 'Leeds', country: 'GB' });
  });

  it('has its ODS site code, unless that is none', () => {
    const system = 'https://fhir.nhs.uk/Id/ods-site-code';
    expect(location({ code: 'A', siteCode: 'RXX01' }).resource?.['identifier']).to.deep.include({
      system,
      value: 'RXX01',
    });
    const { resource, warnings } = location({ code: 'A', siteCode: 'see desk' });
    expect(JSON.stringify(resource)).to.not.contain(system);
    expect(warnings.map(({ rule }) => rule)).to.deep.equal(['shape-wrong']);
  });

  it('is managed by the employer of a tenant with one ODS code, by nobody of one with several', () => {
    expect(location({ code: 'A' }).resource?.['managingOrganization']).to.deep.include({
      reference: `Organization/${employerId('rxx', 'RXX')}`,
    });
    expect(location({ code: 'A' }, '2026-04-01', ['RXX', 'RYY']).resource).to.not.have.property('managingOrganization');
  });
});

describe('A position', () => {
  const position = record('position', 'S', [
    '2000-01-01',
    null,
    {
      positionNumber: '100',
      positionTitle: 'Ward Sister',
      staffGroup: 'Nursing and Midwifery Registered',
      jobRole: 'Sister/Charge Nurse',
      occupationCode: 'N6A',
      budgetedFte: 3.53,
      payscale: 'XR06',
      organisationId: '1',
      hiringStatus: 'Active',
      workplaceOrgCode: 'RXX01',
    },
  ]);
  const organisation = record('organisation', '1', ['2000-01-01', null, { name: '277 6 Ward' }]);
  const person = record('person', 'P', ['2020-01-01', null, { lastName: 'Ash', terminationDate: '2026-06-30' }]);
  const assignment = (fields: Fields = {}) =>
    record('assignment', 'A', [
      '2020-01-01',
      null,
      { personId: 'P', positionId: 'S', userStatus: 'Active Assignment', ...fields },
    ]);

  const basic = (today: string, ...records: readonly SourceRecord[]) => {
    const projection = project('position', 'S', [position, organisation, ...records], { today });
    const resource = ofType(projection, 'Basic')[0];
    const extensions = (resource?.['extension'] ?? []) as readonly { url: string; valueBoolean?: boolean }[];
    const vacant = extensions.find(({ url }) => url.endsWith('/position-vacant'))?.valueBoolean;
    return { resource, vacant, due: projection.due, warnings: projection.warnings };
  };

  it('is a Basic of the profile ESRPosition with its identifiers and department', () => {
    const { resource, warnings } = basic('2026-04-01');
    expect(resource?.meta?.profile).to.deep.equal(['https://esr-fhir.example/StructureDefinition/ESRPosition']);
    expect(resource?.['identifier']).to.deep.equal([
      { system: 'https://esr-fhir.example/Id/rxx/esr-position-id', value: 'S' },
      { system: 'https://esr-fhir.example/Id/rxx/esr-position-number', value: '100' },
    ]);
    expect(resource?.['extension']).to.deep.include({
      url: 'https://esr-fhir.example/StructureDefinition/department',
      valueReference: { reference: `Organization/${organizationId('rxx', '1')}`, display: 'Ward' },
    });
    expect(warnings).to.deep.equal([]);
  });

  it('is vacant unless an assignment to it is in force today', () => {
    expect(basic('2026-04-01').vacant).to.equal(true);
    expect(basic('2026-04-01', person, assignment()).vacant).to.equal(false);
    expect(basic('2019-12-31', person, assignment()).vacant).to.equal(true);
    expect(basic('2026-04-01', assignment()).vacant).to.equal(true);
    expect(basic('2026-04-01', person, assignment({ positionId: 'T' })).vacant).to.equal(true);
    expect(basic('2026-04-01', person, assignment({ userStatus: 'Offer Accepted' })).vacant).to.equal(true);
  });

  it('is held by somebody who is suspended or on leave', () => {
    expect(basic('2026-04-01', person, assignment({ userStatus: 'Suspend With Pay' })).vacant).to.equal(false);
  });

  it('falls vacant the day after its holder leaves', () => {
    expect(basic('2026-06-30', person, assignment())).to.deep.include({ vacant: false, due: '2026-07-01' });
    expect(basic('2026-07-01', person, assignment()).vacant).to.equal(true);
  });
});
