import { expect } from 'chai';
import { practitionerId, practitionerRoleId } from '../../../server/mapping/ids.ts';
import type { ProjectionContext } from '../../../server/mapping/projection.ts';
import type { Fields } from '../../../server/record/record.ts';
import { ofType, project, record } from '../../support/esr-records.ts';

const assignment = record('assignment', 'A', ['2020-01-01', null, { personId: 'P', userStatus: 'Active Assignment' }]);

function practitioner(fields: Fields, change: Partial<ProjectionContext> = {}) {
  const person = record('person', 'P', ['2020-01-01', null, { lastName: 'Ash', ...fields }]);
  const projection = project('person', 'P', [person, assignment], change);
  return { resource: ofType(projection, 'Practitioner')[0], warnings: projection.warnings };
}

function registered(...registrations: readonly Fields[]) {
  const records = registrations.map((fields, index) =>
    record('registration', `R${index}`, [null, null, { personId: 'P', ...fields }]),
  );
  const projection = project('person', 'P', [
    record('person', 'P', ['2020-01-01', null, { lastName: 'Ash' }]),
    ...records,
  ]);
  return { resource: ofType(projection, 'Practitioner')[0], warnings: projection.warnings };
}

describe('Practitioner', () => {
  it('is not there for a person without published assignment or registration', () => {
    const person = record('person', 'P', ['2020-01-01', null, { lastName: 'Ash' }]);
    expect(project('person', 'P', [person]).resources).to.deep.equal([]);
    expect(project('person', 'P', [assignment]).resources).to.deep.equal([]);
  });

  it('is one per person with one role per assignment id, whatever the assignment number', () => {
    const again = record('assignment', 'B', [
      '2021-01-01',
      null,
      { personId: 'P', userStatus: 'Active Assignment', assignmentNumber: '1' },
    ]);
    const person = record('person', 'P', ['2020-01-01', null, { lastName: 'Ash' }]);
    const { resources } = project('person', 'P', [person, again, assignment]);
    expect(resources.map(({ type, id }) => `${type}/${id}`)).to.deep.equal([
      `Practitioner/${practitionerId('rxx', 'P')}`,
      `PractitionerRole/${practitionerRoleId('rxx', 'A')}`,
      `PractitionerRole/${practitionerRoleId('rxx', 'B')}`,
    ]);
  });

  it('has another id in another tenant', () => {
    expect(practitionerId('rxx', 'P')).to.not.equal(practitionerId('ryy', 'P'));
  });

  it('does not show an assignment that has gone to another person', () => {
    const moved = record(
      'assignment',
      'A',
      ['2020-01-01', '2025-12-31', { personId: 'P', userStatus: 'Active Assignment' }],
      ['2026-01-01', null, { personId: 'Q', userStatus: 'Active Assignment' }],
    );
    const person = record('person', 'P', ['2020-01-01', null, { lastName: 'Ash' }]);
    expect(project('person', 'P', [person, moved]).resources).to.deep.equal([]);
  });

  it('has official, usual, maiden and old names', () => {
    const { resource } = practitioner({
      title: 'Dr.',
      firstName: 'Zoë',
      middleNames: 'Mary  Jo',
      preferredName: 'Zo',
      maidenName: 'Birch',
      previousLastName: 'Cedar',
    });
    expect(resource?.['name']).to.deep.equal([
      { use: 'official', family: 'Ash', given: ['Zoë', 'Mary', 'Jo'], prefix: ['Dr.'] },
      { use: 'usual', family: 'Ash', given: ['Zo'] },
      { use: 'maiden', family: 'Birch' },
      { use: 'old', family: 'Cedar' },
    ]);
  });

  for (const [word, code] of [
    ['Male', 'male'],
    ['FEMALE', 'female'],
    ['Indeterminate', 'other'],
    ['Not Known', 'unknown'],
  ]) {
    it(`has the gender ${code} for ${word}`, () => {
      expect(practitioner({ gender: word ?? '' }).resource?.['gender']).to.equal(code);
    });
  }

  it('has no gender for an unknown word, with a warning that does not repeat it', () => {
    const { resource, warnings } = practitioner({ gender: 'Zyx' });
    expect(resource).to.not.have.property('gender');
    expect(warnings).to.deep.equal([
      {
        rule: 'code-unknown',
        record: { type: 'person', id: 'P' },
        field: 'gender',
        message: 'gender is not in gender',
        waitsFor: null,
      },
    ]);
  });

  it('has a birth date only where the tenant publishes it', () => {
    const born = { birthDate: '1980-02-03' };
    expect(practitioner(born).resource).to.not.have.property('birthDate');
    expect(practitioner(born, { publishBirthDate: true }).resource?.['birthDate']).to.equal('1980-02-03');
  });

  it('has the CRS UUID as SDS user id, unless it is none', () => {
    const system = 'https://fhir.nhs.uk/Id/sds-user-id';
    expect(practitioner({ crsUuid: '555254242106' }).resource?.['identifier']).to.deep.include({
      system,
      value: '555254242106',
    });
    const { resource, warnings } = practitioner({ crsUuid: 'none' });
    expect(JSON.stringify(resource)).to.not.contain(system);
    expect(warnings.map(({ rule }) => rule)).to.deep.equal(['shape-wrong']);
  });

  it('has identifiers of its tenant', () => {
    const { resource } = practitioner({ employeeNumber: '123', nhsUniqueId: '9' });
    expect(resource?.['identifier']).to.deep.equal([
      { system: 'https://esr-fhir.example/Id/rxx/esr-person-id', value: 'P' },
      { system: 'https://esr-fhir.example/Id/rxx/esr-employee-number', value: '123' },
      { system: 'https://esr-fhir.example/Id/rxx/nhs-unique-id', value: '9' },
    ]);
  });
});

describe('A registration', () => {
  it('makes a practitioner who is not active without a role', () => {
    expect(registered({ body: 'General Medical Council', number: '1234567' }).resource?.['active']).to.equal(false);
  });

  for (const number of ['1234567', 'C1234567', 'c123 4567']) {
    it(`of the GMC as ${number} is published as 7 digits`, () => {
      const { resource, warnings } = registered({ body: 'General Medical Council', number });
      expect(resource?.['identifier']).to.deep.include.members([
        { system: 'https://fhir.hl7.org.uk/Id/gmc-number', value: '1234567' },
        { system: 'https://fhir.nhs.uk/Id/gmc-reference-number', value: '1234567' },
      ]);
      expect(warnings).to.deep.equal([]);
    });
  }

  for (const [body, number, system] of [
    ['Nursing & Midwifery Council', '94I0864E', 'nmc-number'],
    ['HEALTH AND CARE PROFESSIONS COUNCIL', 'PH123456', 'hcpc-number'],
    ['General Pharmaceutical Council', '2012345', 'gphc-number'],
    ['General Dental Council', '123456', 'gdc-number'],
    ['General Optical Council', '01-12345', 'goc-number'],
  ]) {
    it(`of the ${body} is published as ${system}`, () => {
      const { resource } = registered({ body: body ?? '', number: number ?? '' });
      const identifier = { system: `https://fhir.hl7.org.uk/Id/${system}`, value: number };
      expect(resource?.['identifier']).to.deep.include(identifier);
      expect(resource?.['qualification']).to.have.nested.property('[0].identifier').deep.equal([identifier]);
    });
  }

  it('of the wrong shape is text in the qualification and no identifier, with a warning', () => {
    const { resource, warnings } = registered({ body: 'Nursing and Midwifery Council', number: 'PENDING' });
    expect(resource?.['identifier']).to.have.length(1);
    expect(resource?.['qualification']).to.deep.equal([
      {
        code: { text: 'Nursing and Midwifery Council (number as recorded in ESR: PENDING)' },
        issuer: { display: 'Nursing and Midwifery Council' },
      },
    ]);
    expect(warnings.map(({ rule, field }) => [rule, field])).to.deep.equal([['registration-number-shape', 'number']]);
    expect(warnings[0]?.message).to.not.contain('PENDING');
  });

  it('with a body that nobody knows keeps both texts, with a warning', () => {
    const { resource, warnings } = registered({ body: 'Guild of Bakers', number: '7' });
    expect(resource?.['qualification']).to.deep.equal([
      { code: { text: 'Guild of Bakers (number as recorded in ESR: 7)' }, issuer: { display: 'Guild of Bakers' } },
    ]);
    expect(warnings.map(({ rule }) => rule)).to.deep.equal(['code-unknown']);
  });

  it('that is renewed is one identifier and two qualifications with their periods', () => {
    const body = 'General Medical Council';
    const { resource } = registered(
      { body, number: '1234567', from: '2024-01-01', to: '2024-12-31', part: 'Full' },
      { body, number: 'C1234567', from: '2025-01-01' },
    );
    expect(resource?.['identifier']).to.have.length(3);
    expect(resource?.['qualification']).to.have.nested.property('[0].period').deep.equal({
      start: '2024-01-01',
      end: '2024-12-31',
    });
    expect(resource?.['qualification']).to.have.nested.property('[0].code.text', 'Full');
    expect(resource?.['qualification']).to.have.nested.property('[1].period').deep.equal({ start: '2025-01-01' });
  });
});
