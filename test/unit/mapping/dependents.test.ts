import { expect } from 'chai';
import { type Changed, dependents } from '../../../server/mapping/dependents.ts';
import { loadRecords, recordCache } from '../../../server/mapping/load-records.ts';
import { referencesOf } from '../../../server/mapping/references.ts';
import type { Fields, SourceRecord } from '../../../server/record/record.ts';
import { type Unit, unitText } from '../../../server/record/unit.ts';
import { record } from '../../support/esr-records.ts';
import { recordMap } from '../../support/record-map.ts';

const organisation = (id: string, fields: Fields) => record('organisation', id, ['2000-01-01', null, fields]);
const person = (id: string) => record('person', id, ['2000-01-01', null, { lastName: 'Ash' }]);
const assignment = (id: string, fields: Fields) => record('assignment', id, ['2000-01-01', null, fields]);

const records: readonly SourceRecord[] = [
  record('location', 'L', [null, null, { code: 'Site' }]),
  organisation('1', { name: 'Trust', nacsCode: 'RXX' }),
  organisation('2', { name: 'Surgery', parentId: '1', locationId: 'L' }),
  organisation('3', { name: 'Theatre', parentId: '2' }),
  record('position', 'S', ['2000-01-01', null, { positionNumber: '1', organisationId: '3' }]),
  person('P'),
  person('Q'),
  assignment('A', { personId: 'P', organisationId: '3', positionId: 'S', locationId: 'L' }),
  assignment('B', { personId: 'Q' }),
  record('registration', 'R', [null, null, { personId: 'Q' }]),
];

function change(type: SourceRecord['type'], id: string, after?: SourceRecord): Changed {
  const before = records.find((one) => one.type === type && one.id === id);
  return {
    key: { type, id },
    before: before === undefined ? [] : referencesOf(before),
    after: after === undefined ? [] : referencesOf(after),
  };
}

async function units(...changed: readonly Changed[]): Promise<string[]> {
  return (await dependents(changed, recordMap(records))).map(unitText).sort();
}

describe('Dependents', () => {
  it('of an assignment are its persons and positions, old and new', async () => {
    const moved = assignment('A', { personId: 'Q', positionId: 'T' });
    expect(await units(change('assignment', 'A', moved))).to.deep.equal([
      'person/P',
      'person/Q',
      'position/S',
      'position/T',
    ]);
  });

  it('of a registration are its person', async () => {
    expect(await units(change('registration', 'R'))).to.deep.equal(['person/Q']);
  });

  it('of a person are the person and the positions that a termination would vacate', async () => {
    expect(await units(change('person', 'P', person('P')))).to.deep.equal(['person/P', 'position/S']);
  });

  it('of a position are itself and those who hold it', async () => {
    expect(await units(change('position', 'S'))).to.deep.equal(['person/P', 'position/S']);
  });

  it('of a location are itself and the organisations and persons that show it', async () => {
    expect(await units(change('location', 'L'))).to.deep.equal(['location/L', 'organisation/2', 'person/P']);
  });

  it('of an organisation are itself and everything below it', async () => {
    const renamed = organisation('2', { name: 'Chirurgy', parentId: '1' });
    expect(await units(change('organisation', '2', renamed))).to.deep.equal([
      'organisation/2',
      'organisation/3',
      'person/P',
      'position/S',
    ]);
  });

  it('of a NACS code that comes or goes are all locations, organisations and persons, and the employer', async () => {
    const coded = organisation('2', { name: 'Surgery', parentId: '1', nacsCode: 'RYY' });
    for (const changed of [change('organisation', '2', coded), change('organisation', '1'), change('nacs', 'RYY')]) {
      const found = await units(changed);
      expect(found).to.include.members([
        'location/L',
        'organisation/1',
        'organisation/2',
        'organisation/3',
        'person/P',
        'person/Q',
      ]);
      expect(found.some((unit) => unit.startsWith('employer/'))).to.equal(true);
    }
  });

  it('of what no other unit shows are the units that it belongs to', async () => {
    const unseen = (one: Changed) => ({ ...one, unseen: true });
    expect(await units(unseen(change('person', 'P', person('P'))))).to.deep.equal(['person/P']);
    expect(await units(unseen(change('position', 'S')))).to.deep.equal(['position/S']);
    const paid = assignment('A', { personId: 'P', positionId: 'S' });
    expect(await units(unseen(change('assignment', 'A', paid)))).to.deep.equal(['person/P']);
  });

  it('of nothing are nothing', async () => {
    expect(await units()).to.deep.equal([]);
  });
});

describe('References', () => {
  it('are those of every slice, once each, and the root of what shows the employer', () => {
    const moved = record(
      'assignment',
      'A',
      ['2000-01-01', '2000-12-31', { personId: 'P', organisationId: '1' }],
      ['2001-01-01', null, { personId: 'P', organisationId: '2', positionId: 'S', locationId: 'L' }],
    );
    expect(referencesOf(moved)).to.deep.equal([
      { type: 'person', id: 'P' },
      { type: 'organisation', id: '1' },
      { type: 'organisation', id: '2' },
      { type: 'position', id: 'S' },
      { type: 'location', id: 'L' },
    ]);
    expect(referencesOf(person('P'))).to.deep.equal([{ type: 'root', id: 'person' }]);
    expect(referencesOf(organisation('1', { nacsCode: 'RXX', parentId: '0', locationId: 'L' }))).to.deep.equal([
      { type: 'organisation', id: '0' },
      { type: 'location', id: 'L' },
      { type: 'nacs', id: 'RXX' },
      { type: 'root', id: 'organisation' },
    ]);
  });
});

describe('Loading records for a projection', () => {
  const many = Array.from({ length: 200 }, (_, at) => [
    person(`P${at}`),
    assignment(`A${at}`, { personId: `P${at}`, organisationId: '3', positionId: 'S', locationId: 'L' }),
  ]).flat();
  const batch: readonly Unit[] = Array.from({ length: 200 }, (_, at) => ({ kind: 'person', id: `P${at}` }));

  it('takes a constant number of calls for 200 units', async () => {
    const reader = recordMap([...records, ...many]);
    const set = await loadRecords(batch, reader, ['RXX']);
    expect(reader.calls()).to.be.at.most(8);
    expect(set.get({ type: 'organisation', id: '1' })?.id).to.equal('1');
    expect(set.organisationByNacs('RXX')?.id).to.equal('1');
    expect(set.referring({ type: 'person', id: 'P7' }, 'assignment').map(({ id }) => id)).to.deep.equal(['A7']);
  });

  it('takes four calls once the cache is warm', async () => {
    const reader = recordMap([...records, ...many]);
    const cache = recordCache();
    await loadRecords(batch, reader, ['RXX'], cache);
    const before = reader.calls();
    await loadRecords(batch, reader, ['RXX'], cache);
    expect(reader.calls() - before).to.equal(4);
  });
});
