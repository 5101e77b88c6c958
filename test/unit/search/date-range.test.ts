import { expect } from 'chai';
import fc from 'fast-check';
import { londonDate } from '../../../server/core/clock.ts';
import { dateRange, periodRange } from '../../../server/search/date-range.ts';
import { beginningOfTime, endOfTime } from '../../../server/search/query.ts';

const at = (iso: string) => Date.parse(iso);

describe('search/date-range', () => {
  const ranges: readonly (readonly [string, string, string])[] = [
    ['2026', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['2026-12', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['2024-02-29', '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['2026-07-01', '2026-06-30T23:00:00Z', '2026-07-01T23:00:00Z'],
    ['2026-07', '2026-06-30T23:00:00Z', '2026-07-31T23:00:00Z'],
    ['2026-10', '2026-09-30T23:00:00Z', '2026-11-01T00:00:00Z'],
    ['2026-03-29', '2026-03-29T00:00:00Z', '2026-03-29T23:00:00Z'],
    ['2026-10-25', '2026-10-24T23:00:00Z', '2026-10-26T00:00:00Z'],
    ['1970-06-01', '1970-05-31T23:00:00Z', '1970-06-01T23:00:00Z'],
    ['2026-07-01T10:30Z', '2026-07-01T10:30:00Z', '2026-07-01T10:31:00Z'],
    ['2026-07-01T10:30:15+02:00', '2026-07-01T08:30:15Z', '2026-07-01T08:30:16Z'],
    ['2026-07-01T10:30:15.250Z', '2026-07-01T10:30:15.250Z', '2026-07-01T10:30:15.251Z'],
    ['2026-07-01T10:30:00', '2026-07-01T09:30:00Z', '2026-07-01T09:30:01Z'],
    ['2026-01-01T10:30:00', '2026-01-01T10:30:00Z', '2026-01-01T10:30:01Z'],
    ['2026-10-25T00:30:00', '2026-10-24T23:30:00Z', '2026-10-24T23:30:01Z'],
    ['2026-10-25T01:30:00', '2026-10-25T01:30:00Z', '2026-10-25T01:30:01Z'],
  ];
  for (const [text, low, high] of ranges) {
    it(`reads ${text}`, () => expect(dateRange(text)).to.deep.equal({ low: at(low), high: at(high) }));
  }

  for (const text of [
    '',
    '26',
    '2026-13',
    '2026-02-30',
    '2023-02-29',
    '2026-1-1',
    '2026-07-01T10',
    '2026-07-01T24:00Z',
    'now',
  ]) {
    it(`refuses "${text}"`, () => expect(dateRange(text)).to.equal(undefined));
  }

  it('holds in a day exactly the instants whose local date in Europe/London it is', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('2199-12-31'), noInvalidDate: true }),
        (date) => {
          const range = dateRange(londonDate(date));
          expect(range?.low).to.be.at.most(date.getTime());
          expect(range?.high).to.be.above(date.getTime());
        },
      ),
    );
  });

  it('contains every instant in exactly the second that its text names', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('2199-12-31'), noInvalidDate: true }),
        (date) => {
          const range = dateRange(`${date.toISOString().slice(0, 19)}Z`);
          expect(range?.low).to.be.at.most(date.getTime());
          expect(range?.high).to.be.above(date.getTime());
        },
      ),
    );
  });

  it('leaves an absent end of a period open', () => {
    expect(periodRange('2026-01-01', undefined)).to.deep.equal({ low: at('2026-01-01'), high: endOfTime });
    expect(periodRange(undefined, '2026-01-01')).to.deep.equal({ low: beginningOfTime, high: at('2026-01-02') });
    expect(periodRange('2026-99', undefined)).to.equal(undefined);
  });
});
