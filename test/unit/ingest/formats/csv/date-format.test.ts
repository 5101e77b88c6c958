import { expect } from 'chai';
import { commonFormats, dateReader, formatsOf } from '../../../../../server/ingest/formats/csv/date-format.ts';

describe('CSV dates', () => {
  const common = dateReader(commonFormats);

  for (const [text, date] of [
    ['02-Dec-2025', '2025-12-02'],
    ['2-dec-2025', '2025-12-02'],
    ['2025/12/02 00:00:00', '2025-12-02'],
    ['02/12/2025', '2025-12-02'],
    ['2/12/2025', '2025-12-02'],
    ['20251202', '2025-12-02'],
    ['20251202 235959', '2025-12-02'],
    ['2025-12-02', '2025-12-02'],
    ['2025-12-02T08:30:00', '2025-12-02'],
    ['2 December 2025', '2025-12-02'],
    ['2 Sept 2025', '2025-09-02'],
    ['02/12/49', '2049-12-02'],
    ['02/12/50', '1950-12-02'],
    ['29-Feb-2024', '2024-02-29'],
  ] as const) {
    it(`reads ${text}`, () => expect(common(text)).to.equal(date));
  }

  for (const text of ['No expiry', 'NO EXPIRY', 'n/a', '', '47121231', '31-Dec-4712', '01/01/1900']) {
    it(`takes "${text}" as absent`, () => expect(common(text)).to.equal(''));
  }

  for (const text of ['31/02/2025', '2025-13-01', '12/31/2025', '2025120', 'tomorrow', '31/12/1899', '1/2']) {
    it(`refuses ${text}`, () => expect(common(text)).to.equal(undefined));
  }

  it('reads the month first only where it is asked to', () => {
    expect(dateReader(['MM/dd/yyyy'])('12/31/2025')).to.equal('2025-12-31');
    expect(dateReader(['MM/dd/yyyy'])('02/12/2025')).to.equal('2025-02-12');
    expect(dateReader(['MM/dd/yyyy'])('31/12/2025')).to.equal(undefined);
  });

  it('takes the pivot of two-digit years and further texts for absent from the profile', () => {
    const read = dateReader(['dd/MM/yy'], 70, ['Ongoing']);
    expect(read('01/02/69')).to.equal('2069-02-01');
    expect(read('01/02/70')).to.equal('1970-02-01');
    expect(read('ongoing')).to.equal('');
  });

  it('says which formats read a text', () => {
    expect(formatsOf('03/04/2025', ['dd/MM/yyyy', 'MM/dd/yyyy', 'yyyy-MM-dd'])).to.deep.equal([
      'dd/MM/yyyy',
      'MM/dd/yyyy',
    ]);
  });
});
