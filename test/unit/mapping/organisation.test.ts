import { expect } from 'chai';
import { limits } from '../../../server/core/limits.ts';
import { locationName, nacsName, organisationName } from '../../../server/mapping/esr-name.ts';
import { employerId, organizationId } from '../../../server/mapping/ids.ts';
import type { Fields, SourceRecord } from '../../../server/record/record.ts';
import { ofType, project, record } from '../../support/esr-records.ts';

const organisation = (id: string, fields: Fields) => record('organisation', id, ['2000-01-01', null, fields]);
const trust = organisation('1', { name: '277 Example Trust', nacsCode: 'RXX' });

function projected(id: string, ...records: readonly SourceRecord[]) {
  const projection = project('organisation', id, records);
  return {
    resource: ofType(projection, 'Organization')[0],
    rules: projection.warnings.map(({ rule }) => rule),
    waits: projection.warnings.map(({ waitsFor }) => waitsFor),
    due: projection.due,
  };
}

describe('ESR names', () => {
  it('lose the VPD prefix and the level digit of an organisation', () => {
    expect(organisationName('070 6 Domestic (BRO)')).to.equal('Domestic (BRO)');
    expect(organisationName('277 Example Trust')).to.equal('Example Trust');
    expect(organisationName('277 L5 Surgery')).to.equal('Surgery');
    expect(organisationName('277 5 111 Service')).to.equal('111 Service');
    expect(organisationName('Ward 12')).to.equal('Ward 12');
    expect(organisationName('277')).to.equal('277');
  });

  it('lose the prefixes of a location code and of a NACS list row', () => {
    expect(locationName('070 z Maternity LWH')).to.equal('Maternity LWH');
    expect(locationName('277 Main Site')).to.equal('Main Site');
    expect(nacsName('123-RCX OXLEAS NHS TRUST')).to.equal('OXLEAS NHS TRUST');
    expect(nacsName('OXLEAS NHS TRUST')).to.equal('OXLEAS NHS TRUST');
  });
});

describe('Organization', () => {
  it('of a department hangs below its parent, the raw name kept as alias', () => {
    const { resource, rules } = projected(
      '2',
      trust,
      organisation('2', { name: '277 6 Domestic (BRO)', parentId: '1' }),
    );
    expect(resource).to.deep.include({
      active: true,
      name: 'Domestic (BRO)',
      alias: ['277 6 Domestic (BRO)'],
      partOf: { reference: `Organization/${organizationId('rxx', '1')}`, display: 'Example Trust' },
    });
    expect(resource?.['type']).to.have.nested.property('[0].coding[0].code', 'dept');
    expect(rules).to.deep.equal([]);
  });

  it('of the row with the NACS code is the employer', () => {
    const { resource } = projected('1', trust);
    expect(resource?.['identifier']).to.deep.include({
      system: 'https://fhir.nhs.uk/Id/ods-organization-code',
      value: 'RXX',
    });
    expect(resource?.['type']).to.have.nested.property('[0].coding[0].code', 'prov');
    expect(resource).to.not.have.property('partOf');
    expect(project('employer', 'RXX', [trust]).resources).to.deep.equal([]);
  });

  it('of the employer is made where no row carries its code, for the first ODS code alone', () => {
    const nacs = record('nacs', 'RXX', [null, null, { name: 'EXAMPLE TRUST' }]);
    const [resource] = ofType(project('employer', 'RXX', [nacs]), 'Organization');
    expect(resource).to.deep.include({ id: employerId('rxx', 'RXX'), active: true, name: 'EXAMPLE TRUST' });
    expect(project('employer', 'RYY', [nacs]).resources).to.deep.equal([]);
    expect(project('employer', 'RXX', []).resources).to.have.length(1);
  });

  it('of a top row without a code hangs below the employer', () => {
    const top = organisation('2', { name: 'Top' });
    expect(projected('2', top).resource?.['partOf']).to.deep.include({
      reference: `Organization/${employerId('rxx', 'RXX')}`,
    });
    expect(projected('2', top, trust).resource?.['partOf']).to.deep.include({
      reference: `Organization/${organizationId('rxx', '1')}`,
    });
  });

  it('of a top row above the employer hangs below nothing', () => {
    const top = organisation('2', { name: 'Top' });
    const below = organisation('1', { name: 'Trust', nacsCode: 'RXX', parentId: '2' });
    expect(projected('2', top, below).resource).to.not.have.property('partOf');
    expect(projected('1', top, below).resource?.['partOf']).to.deep.include({
      reference: `Organization/${organizationId('rxx', '2')}`,
    });
  });

  it('waits for a parent that has not come', () => {
    const { resource, rules, waits } = projected('2', organisation('2', { name: 'A', parentId: '9' }));
    expect(resource).to.not.have.property('partOf');
    expect(rules).to.deep.equal(['parent-missing']);
    expect(waits).to.deep.equal([{ type: 'organisation', id: '9' }]);
  });

  it('whose parents form a loop has no parent, with a warning; one that hangs below the loop keeps it', () => {
    const loop = [organisation('2', { name: 'A', parentId: '3' }), organisation('3', { name: 'B', parentId: '2' })];
    const below = organisation('4', { name: 'C', parentId: '2' });
    for (const id of ['2', '3']) {
      const { resource, rules } = projected(id, ...loop);
      expect(resource).to.not.have.property('partOf');
      expect(rules).to.deep.equal(['organisation-loop']);
    }
    expect(projected('4', ...loop, below).resource).to.have.property('partOf');
    expect(projected('2', organisation('2', { name: 'A', parentId: '2' })).resource).to.not.have.property('partOf');
  });

  it('with too many parents is warned about', () => {
    const depth = limits.organisationDepthMax + 1;
    const line = Array.from({ length: depth }, (_, at) => organisation(`${at}`, { name: 'A', parentId: `${at + 1}` }));
    const { resource, rules } = projected('0', ...line);
    expect(resource).to.have.property('partOf');
    expect(rules).to.deep.equal(['organisation-depth']);
  });

  it('with the code of another row is a department, with a warning', () => {
    const { resource, rules } = projected('4', trust, organisation('4', { name: 'A', nacsCode: 'RXX', parentId: '1' }));
    expect(JSON.stringify(resource)).to.not.contain('ods-organization-code');
    expect(rules).to.deep.equal(['nacs-code-shared']);
  });

  it('is inactive once its slices have ended, and shows the last', () => {
    const ended = record('organisation', '1', ['2000-01-01', '2026-03-31', { name: 'Old' }]);
    expect(projected('1', ended).resource).to.deep.include({ active: false, name: 'Old' });
    const later = record('organisation', '1', ['2000-01-01', '2026-04-01', { name: 'Old' }]);
    expect(projected('1', later)).to.deep.include({ due: '2026-04-02' });
  });

  it('is not there once its record is deleted', () => {
    expect(project('organisation', '1', []).resources).to.deep.equal([]);
  });
});
