import { expect } from 'chai';
import { parseGo2Name } from '../../../../../server/ingest/formats/go2/name.ts';

describe('GO2 file name', () => {
  it('says VPD, subtype, kind, date and sequence', () => {
    expect(parseGo2Name('GO_277_GDW_GOC_20210409_00001945.DAT')).to.deep.equal({
      vpd: '277',
      subtype: 'GDW',
      kind: 'changes',
      date: '2021-04-09',
      sequence: 1945,
    });
    expect(parseGo2Name('GO_277_EXP_GOF_20210131_00000001.DAT')).to.include({ subtype: 'EXP', kind: 'full' });
    expect(parseGo2Name('GO_123_GDW_GDR_20210326_00000001.DAT')).to.include({ kind: 'request' });
  });

  it('drops leading zeros of the VPD', () => {
    expect(parseGo2Name('GO_070_GDW_GOC_20210409_00001945.DAT')?.vpd).to.equal('70');
  });

  for (const name of [
    'GO_277_GDW_GOC_20210409_1945.DAT',
    'GO_277_GDW_GOC_20210230_00001945.DAT',
    'GO_277_ASG_GOC_20210409_00001945.DAT',
    'GO_277_GDW_GOX_20210409_00001945.DAT',
    'GO_27_GDW_GOC_20210409_00001945.DAT',
    'GO_277_GDW_GOC_20210409_00001945.DAT._TXFR',
    'staff.csv',
    '',
  ]) {
    it(`refuses ${name === '' ? 'an empty name' : name}`, () => {
      expect(parseGo2Name(name)).to.equal(undefined);
    });
  }
});
