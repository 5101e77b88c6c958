import { expect } from 'chai';
import fc from 'fast-check';
import { normaliseDate } from '../../../server/ingest/normalise-date.ts';
import { normaliseFlag } from '../../../server/ingest/normalise-flag.ts';
import { normaliseNumber } from '../../../server/ingest/normalise-number.ts';

describe('ESR dates', () => {
  const good: readonly (readonly [string, string])[] = [
    ['20121231', '2012-12-31'],
    ['20201014 095943', '2020-10-14'],
    ['31/08/2012 00:00:00', '2012-08-31'],
    ['22/04/2009 00:00', '2009-04-22'],
    ['22/04/2009', '2009-04-22'],
    ['20240229', '2024-02-29'],
    ['20000229', '2000-02-29'],
    ['19000102', '1900-01-02'],
    ['21991231', '2199-12-31'],
    ['47121231', ''],
    ['47121231 000000', ''],
    ['31/12/4712 00:00:00', ''],
    ['19000101', ''],
    ['01/01/1900 00:00', ''],
    ['', ''],
  ];
  for (const [text, date] of good) {
    it(`reads "${text}" as ${date === '' ? 'absent' : date}`, () => {
      expect(normaliseDate(text)).to.equal(date);
      expect(normaliseDate(text), 'again, remembered').to.equal(date);
    });
  }

  const bad = [
    '20210230',
    '20230229',
    '19000229',
    '20211301',
    '20210001',
    '20210100',
    '18991231',
    '22000101',
    '47121230',
    '00000000',
    '2021-01-01',
    '210101',
    '20210101 240000',
    '20210101 006000',
    '31/02/2012 00:00:00',
    '08/31/2012',
    '1/2/2012',
    '31-Aug-2012',
    '20210101x',
    'No expiry',
    '２０２１０１０１',
  ];
  for (const text of bad) {
    it(`finds no date in "${text}"`, () => {
      expect(normaliseDate(text)).to.equal(undefined);
    });
  }

  it('agree in all styles for every day of the calendar', () => {
    const days = fc.date({ min: new Date('1900-01-02'), max: new Date('2199-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(days, (day) => {
        const iso = day.toISOString().slice(0, 10);
        const [year, month, date] = iso.split('-');
        expect(normaliseDate(`${year}${month}${date}`)).to.equal(iso);
        expect(normaliseDate(`${year}${month}${date} 235959`)).to.equal(iso);
        expect(normaliseDate(`${date}/${month}/${year} 23:59`)).to.equal(iso);
      }),
    );
  });
});

describe('ESR numbers', () => {
  const good: readonly (readonly [string, number])[] = [
    ['.5', 0.5],
    ['0.5', 0.5],
    ['1', 1],
    ['1.', 1],
    ['1.00000', 1],
    ['37.5', 37.5],
    ['0', 0],
  ];
  for (const [text, number] of good) {
    it(`reads "${text}"`, () => {
      expect(normaliseNumber(text)).to.equal(number);
    });
  }
  for (const text of ['-1', '-.5', '+1', '1,5', '1,000', '.', '1e3', '0x1', 'NaN', 'Infinity', '1 2', '9'.repeat(16)]) {
    it(`finds no number in "${text}"`, () => {
      expect(normaliseNumber(text)).to.equal(undefined);
    });
  }
});

describe('ESR flags', () => {
  it('are Yes and No or Y and N, in any case', () => {
    expect(['Yes', 'Y', 'YES', 'y'].map(normaliseFlag)).to.deep.equal([true, true, true, true]);
    expect(['No', 'N', 'NO', 'n'].map(normaliseFlag)).to.deep.equal([false, false, false, false]);
  });

  it('are nothing else', () => {
    const others = ['X', '1', 'true', 'Ye', 'constructor', '__proto__', 'toString'];
    expect(others.map(normaliseFlag)).to.deep.equal(others.map(() => undefined));
  });
});
