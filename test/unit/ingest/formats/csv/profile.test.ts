import { expect } from 'chai';
import { compileProfiles } from '../../../../../server/ingest/formats/csv/profile.ts';
import { ours, profilesWith, schema } from './profiles.ts';

const whole = {
  id: 'mine',
  title: 'Mine',
  population: 'partial' as const,
  columns: [
    { to: 'person.employeeNumber', headers: ['No'] },
    { to: 'person.lastName', headers: ['Name'] },
  ],
};

describe('CSV profiles', () => {
  it('of ours are sound, and each says whether its report is complete', () => {
    expect(profilesWith().map(({ id, population }) => `${id} ${population}`)).to.deep.equal([
      'positions partial',
      'staff-in-post partial',
      'starters-leavers partial',
    ]);
  });

  it('of a tenant are laid over ours of the same id, their headings first', () => {
    const profile = profilesWith({
      id: 'staff-in-post',
      population: 'complete',
      columns: [{ to: 'person.lastName', headers: ['Nachname'] }],
    }).find(({ id }) => id === 'staff-in-post');
    expect(profile?.population).to.equal('complete');
    const column = profile?.columns.find(({ targets }) => targets[0]?.field === 'lastName');
    expect(column?.headers.slice(0, 2)).to.deep.equal(['nachname', 'last name']);
    expect(column?.required).to.equal(true);
  });

  for (const [why, document, says] of [
    ['without population', { ...whole, population: undefined }, /csvProfiles\/0: \/ must have .*population/],
    [
      'with an unknown field',
      { ...whole, columns: [...whole.columns, { to: 'person.salary', headers: ['Pay'] }] },
      /csvProfiles\/0: \/columns\/2\/to names person\.salary/,
    ],
    [
      'with a column without headings',
      { ...whole, columns: [{ to: 'person.lastName', headers: [] }] },
      /\/columns\/0\/headers/,
    ],
    ['with a word nobody knows', { ...whole, colums: [] }, /\(colums\)/],
    [
      'without anything that tells people apart',
      { ...whole, columns: whole.columns.slice(1) },
      /nothing that tells one person from another/,
    ],
    ['with a drift answer nobody knows', { ...whole, drift: { new: 'ignore' } }, /\/drift\/new/],
  ] as const) {
    it(`are refused ${why}, naming file and path`, () => {
      expect(() => profilesWith(JSON.parse(JSON.stringify(document)))).to.throw(says);
    });
  }

  it('name their file where two of ours share an id', () => {
    expect(() => compileProfiles([...ours, ...ours], [], schema, { publishBirthDate: false })).to.throw(
      /csv\/positions\.json: \/id/,
    );
  });

  it('leave the date of birth out unless the tenant publishes it', () => {
    const fields = (publishBirthDate: boolean) =>
      compileProfiles(ours, [], schema, { publishBirthDate }).flatMap(({ columns }) =>
        columns.flatMap(({ targets }) => targets.map((target) => target?.field)),
      );
    expect(fields(false)).not.to.include('birthDate');
    expect(fields(true)).to.include('birthDate');
  });
});
