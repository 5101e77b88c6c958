import { expect } from 'chai';
import { chooseSlice, overlaps } from '../../../server/mapping/in-force.ts';
import type { Slice } from '../../../server/record/record.ts';

const slices = (...bounds: readonly (readonly [string | null, string | null])[]): Slice[] =>
  bounds.map(([start, end], index) => ({ start, end, line: index, fields: {} }));
const chosen = (list: readonly Slice[], today: string) => {
  const { slice, inForce } = chooseSlice(list, today);
  return [slice.line, inForce];
};

describe('The slice in force', () => {
  const gap = slices(['2026-01-01', '2026-01-31'], ['2026-03-01', '2026-03-31']);

  it('is the one whose inclusive bounds hold today', () => {
    expect(chosen(gap, '2026-01-01')).to.deep.equal([0, true]);
    expect(chosen(gap, '2026-01-31')).to.deep.equal([0, true]);
    expect(chosen(gap, '2026-03-01')).to.deep.equal([1, true]);
  });

  it('is in a gap the last that has ended, not in force', () => {
    expect(chosen(gap, '2026-02-01')).to.deep.equal([0, false]);
  });

  it('is after all ends the last that has ended, not in force', () => {
    expect(chosen(gap, '2026-04-01')).to.deep.equal([1, false]);
    const within = slices(['2026-01-01', '2026-12-31'], ['2026-02-01', '2026-02-28']);
    expect(chosen(within, '2027-01-01')).to.deep.equal([0, false]);
  });

  it('is before all starts the first, not in force', () => {
    expect(chosen(gap, '2025-12-31')).to.deep.equal([0, false]);
  });

  it('is of overlapping ones that with the latest start', () => {
    const overlapping = slices(['2026-01-01', null], ['2026-02-01', '2026-02-28']);
    expect(chosen(overlapping, '2026-02-28')).to.deep.equal([1, true]);
    expect(chosen(overlapping, '2026-03-01')).to.deep.equal([0, true]);
  });

  it('is for ever the only one of a record that is not date-tracked', () => {
    expect(chosen(slices([null, null]), '2026-03-01')).to.deep.equal([0, true]);
  });
});

describe('Overlap', () => {
  it('is a day that two slices share', () => {
    expect(overlaps(slices(['2026-01-01', '2026-01-31'], ['2026-01-31', null]))).to.equal(true);
    expect(overlaps(slices(['2026-01-01', null], ['2026-03-01', null]))).to.equal(true);
  });

  it('is not there between slices that meet or leave a gap', () => {
    expect(overlaps(slices(['2026-01-01', '2026-01-31'], ['2026-02-01', null]))).to.equal(false);
    expect(overlaps(slices([null, null]))).to.equal(false);
  });
});
