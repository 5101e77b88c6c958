import { expect } from 'chai';
import { fault } from '../../../server/ingest/fault.ts';
import { judge } from '../../../server/ingest/judge.ts';
import type { StagedGroup, StagedRow } from '../../../server/store/port.ts';

const key = { type: 'person', id: '1' } as const;

function row(start: string | null, hash: string, more: Partial<StagedRow> = {}): StagedRow {
  const rest = { end: null, fields: '{"lastName":"A"}', fault: null, from: null };
  return { rank: 4, key, action: 'upsert', line: 2, start, hash, ...rest, ...more };
}

function group(...rows: StagedRow[]): StagedGroup {
  return { key, rank: 4, rows };
}

describe('judging the rows of one record', () => {
  it('orders good slices by start and counts equal rows once', () => {
    const judged = judge(group(row('2020-01-01', 'b'), row('2019-01-01', 'a'), row('2020-01-01', 'b', { line: 9 })));
    expect(judged.is).to.equal('slices');
    expect(judged).to.have.property('slices').with.length(2);
    expect(judged).to.have.nested.property('slices[0].start', '2019-01-01');
  });

  it('gives the same hash for the same slices in any order', () => {
    const one = judge(group(row('2019-01-01', 'a'), row('2020-01-01', 'b')));
    const other = judge(group(row('2020-01-01', 'b'), row('2019-01-01', 'a')));
    expect(one).to.have.property('hash', other.is === 'slices' ? other.hash : '');
  });

  it('quarantines every row of a record of which one is bad', () => {
    const broken = row(null, 'x', { action: 'bad', fault: JSON.stringify([fault('bad-date', 'start')]) });
    const judged = judge(group(row('2019-01-01', 'a'), broken));
    expect(judged.is === 'bad' && judged.faults.map((one) => one.fault.rule)).to.deep.equal([
      'sibling-bad',
      'bad-date',
    ]);
  });

  it('quarantines two contents of one slice', () => {
    expect(judge(group(row('2019-01-01', 'a'), row('2019-01-01', 'b'))).is).to.equal('bad');
  });

  it('quarantines a record that is both stated and deleted', () => {
    expect(judge(group(row('2019-01-01', 'a'), row(null, 'd', { action: 'delete' }))).is).to.equal('bad');
  });

  it('sees a delete', () => {
    expect(judge(group(row(null, 'd', { action: 'delete' })))).to.deep.equal({ is: 'delete' });
  });
});
