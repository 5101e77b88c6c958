import { expect } from 'chai';
import type { Fields } from '../../../server/record/record.ts';
import { ofType, project, record } from '../../support/esr-records.ts';

type Slices = readonly (readonly [string, string | null, Fields])[];

const working: Fields = { personId: 'P', userStatus: 'Active Assignment' };

function role(slices: Slices, person: Fields = {}, today = '2026-04-01') {
  const projection = project(
    'person',
    'P',
    [record('person', 'P', ['2020-01-01', null, { lastName: 'Ash', ...person }]), record('assignment', 'A', ...slices)],
    { today },
  );
  const practitioner = ofType(projection, 'Practitioner')[0];
  const one = ofType(projection, 'PractitionerRole')[0];
  return {
    role: one && { active: one['active'], period: one['period'] },
    practitionerActive: practitioner?.['active'],
    rules: projection.warnings.map((warning) => warning.rule),
    due: projection.due,
  };
}

describe('PractitionerRole.period and active', () => {
  it('start with the earliest assignment start, else with the first slice', () => {
    const stated = role([['2026-01-01', null, { ...working, earliestStart: '2015-06-01' }]]);
    expect(stated.role).to.deep.equal({ active: true, period: { start: '2015-06-01' } });
    const slices = role([
      ['2025-01-01', '2025-12-31', working],
      ['2026-01-01', null, working],
    ]);
    expect(slices.role).to.deep.equal({ active: true, period: { start: '2025-01-01' } });
  });

  it('end with the assignment end date of the latest slice, inclusive', () => {
    const slices: Slices = [
      ['2025-01-01', '2025-12-31', { ...working, endDate: '2025-06-30' }],
      ['2026-01-01', null, { ...working, endDate: '2026-04-01' }],
    ];
    const period = { start: '2025-01-01', end: '2026-04-01' };
    expect(role(slices)).to.deep.include({
      role: { active: true, period },
      practitionerActive: true,
      due: '2026-04-02',
    });
    expect(role(slices, {}, '2026-04-02')).to.deep.include({
      role: { active: false, period },
      practitionerActive: false,
    });
  });

  it('end with the termination of the person, whichever is earlier', () => {
    const slices: Slices = [['2025-01-01', null, { ...working, endDate: '2026-06-30' }]];
    expect(role(slices, { terminationDate: '2026-05-31' }).role?.period).to.deep.equal({
      start: '2025-01-01',
      end: '2026-05-31',
    });
    expect(role(slices, { terminationDate: '2026-07-31' }).role?.period).to.deep.include({ end: '2026-06-30' });
  });

  it('do not end a rehire by an old termination, but one that begins on the day of it', () => {
    const terminated = { terminationDate: '2024-12-31' };
    expect(role([['2025-01-01', null, working]], terminated).role).to.deep.equal({
      active: true,
      period: { start: '2025-01-01' },
    });
    expect(role([['2024-12-31', null, working]], terminated).role?.period).to.deep.include({ end: '2024-12-31' });
  });

  it('take the termination from the latest slice of the person', () => {
    const projection = project('person', 'P', [
      record(
        'person',
        'P',
        ['2020-01-01', '2025-12-31', { lastName: 'Ash', terminationDate: '2025-12-31' }],
        ['2026-01-01', null, { lastName: 'Ash' }],
      ),
      record('assignment', 'A', ['2020-01-01', null, working]),
    ]);
    expect(ofType(projection, 'PractitionerRole')[0]?.['period']).to.deep.equal({ start: '2020-01-01' });
  });

  it('end the day before a latest slice that is Terminated', () => {
    const slices: Slices = [
      ['2025-01-01', '2026-03-31', working],
      ['2026-04-01', null, { ...working, userStatus: 'Terminated' }],
    ];
    expect(role(slices).role).to.deep.equal({ active: false, period: { start: '2025-01-01', end: '2026-03-31' } });
    expect(role(slices, {}, '2026-03-31').role?.active).to.equal(true);
  });

  it('end with the last slice only once all slices have ended', () => {
    const slices: Slices = [['2025-01-01', '2026-04-01', working]];
    expect(role(slices).role).to.deep.equal({ active: true, period: { start: '2025-01-01' } });
    expect(role(slices, {}, '2026-04-02').role).to.deep.equal({
      active: false,
      period: { start: '2025-01-01', end: '2026-04-01' },
    });
  });

  it('do not end with the contract end date', () => {
    const { role: one } = role([['2025-01-01', null, { ...working, contractEndDate: '2025-12-31' }]]);
    expect(one).to.deep.equal({ active: true, period: { start: '2025-01-01' } });
  });

  it('are no period and not active where the end precedes the start', () => {
    const projected = role([['2026-05-01', null, { ...working, endDate: '2026-04-15' }]]);
    expect(projected.role).to.deep.equal({ active: false, period: undefined });
    expect(projected.rules).to.include('period-reversed');
    expect(projected.practitionerActive).to.equal(false);
  });

  it('are not active in a gap between slices, though the role has not ended', () => {
    const slices: Slices = [
      ['2025-01-01', '2026-03-01', working],
      ['2026-06-01', null, working],
    ];
    expect(role(slices)).to.deep.include({
      role: { active: false, period: { start: '2025-01-01' } },
      practitionerActive: true,
      due: '2026-06-01',
    });
  });

  it('are not active before the start, while the practitioner is', () => {
    const slices: Slices = [['2026-04-02', null, working]];
    expect(role(slices)).to.deep.include({
      role: { active: false, period: { start: '2026-04-02' } },
      practitionerActive: true,
      due: '2026-04-02',
    });
    expect(role(slices, {}, '2026-04-02').role?.active).to.equal(true);
  });

  for (const status of ['Active Assignment', 'Acting Up', 'Internal Secondment', 'Maternity', 'ACTIVE ASSIGNMENT']) {
    it(`are active in the status ${status}`, () => {
      expect(role([['2025-01-01', null, { ...working, userStatus: status }]]).role?.active).to.equal(true);
    });
  }

  for (const status of [
    'Career Break',
    'Suspend Assignment',
    'Suspend With Pay',
    'Suspend No Pay',
    'Out on External Secondment - Paid',
    'Out on External Secondment - Unpaid',
    'Inactive Not Worked',
  ]) {
    it(`are not active in the status ${status}, nor warned about, while the practitioner is`, () => {
      const slices: Slices = [['2025-01-01', null, { ...working, systemStatus: 'ACTIVE_ASSIGN', userStatus: status }]];
      expect(role(slices)).to.deep.include({
        role: { active: false, period: { start: '2025-01-01' } },
        practitionerActive: true,
        rules: [],
      });
    });
  }

  it('are not active in an unknown status, with a warning', () => {
    const { role: one, rules } = role([['2025-01-01', null, { ...working, userStatus: 'On the moon' }]]);
    expect(one?.active).to.equal(false);
    expect(rules).to.deep.equal(['code-unknown']);
  });

  it('warn about overlapping slices and show the latest start', () => {
    const slices: Slices = [
      ['2025-01-01', null, working],
      ['2026-01-01', null, { ...working, userStatus: 'Career Break' }],
    ];
    expect(role(slices)).to.deep.include({ rules: ['slices-overlap'] });
    expect(role(slices).role?.active).to.equal(false);
  });
});

describe('Applicants', () => {
  for (const application of [
    { systemStatus: 'ACTIVE_APL' },
    { userStatus: 'Offer Accepted' },
    { userStatus: 'Applicant' },
  ]) {
    it(`publish nothing while ${JSON.stringify(application)}`, () => {
      const slices: Slices = [
        ['2026-03-01', '2026-04-30', { ...working, ...application }],
        ['2026-05-01', null, working],
      ];
      expect(role(slices)).to.deep.include({ role: undefined, practitionerActive: undefined, due: '2026-05-01' });
      expect(role(slices, {}, '2026-05-01').role).to.deep.equal({ active: true, period: { start: '2026-05-01' } });
    });
  }

  it('publish nothing by their person type either, registration or not', () => {
    const records = [
      record('person', 'P', ['2020-01-01', null, { lastName: 'Ash', userPersonType: 'Applicant' }]),
      record('assignment', 'A', ['2026-01-01', null, working]),
      record('registration', 'R', [null, null, { personId: 'P', body: 'General Medical Council', number: '1234567' }]),
    ];
    expect(project('person', 'P', records).resources).to.deep.equal([]);
  });

  it('are not ex-applicants', () => {
    const { role: one } = role([['2025-01-01', null, working]], { userPersonType: 'Employee.Ex-Applicant' });
    expect(one?.active).to.equal(true);
  });
});
