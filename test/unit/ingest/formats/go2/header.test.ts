import { expect } from 'chai';
import { parseGo2Header } from '../../../../../server/ingest/formats/go2/header.ts';
import { peekGo2Header } from '../../../../../server/ingest/formats/go2/read.ts';
import { header, personRow } from '../../go2-text.ts';

const peek = (text: string, delimiter?: string) => peekGo2Header(Buffer.from(text, 'latin1'), delimiter);

function faultOf(text: string): { readonly code: string; readonly message: string } {
  const result = parseGo2Header(text, 1, '~');
  return result.ok ? { code: 'none', message: '' } : result.fault;
}

function withField(number: number, text: string): string {
  return header
    .split('~')
    .map((cell, at) => (at === number - 1 ? text : cell))
    .join('~');
}

describe('GO2 header', () => {
  it('gives the seven fields of the line that an NHS trust published', () => {
    expect(parseGo2Header(header, 1, '~')).to.deep.equal({
      ok: true,
      header: {
        fileName: 'GO_277_GDW_GOC_20210409_00001945.DAT',
        subtype: 'GDW',
        kind: 'changes',
        date: '2021-04-09',
        sequence: 1945,
        vpd: '277',
        createdAt: '2021-04-09T07:20:50',
        windowFrom: '2021-04-08T00:00:00',
        windowTo: '2021-04-09T00:00:00',
        version: '01',
      },
    });
  });

  it('knows the first full file by its previous run of zeros', () => {
    const result = parseGo2Header(withField(5, '00000000 000000'), 1, '~');
    expect(result.ok && result.header.windowFrom).to.equal(null);
  });

  it('takes VPDs with and without leading zeros as one', () => {
    expect(parseGo2Header(withField(4, '0277'), 1, '~').ok).to.equal(true);
  });

  const wrong: readonly (readonly [number, string, string])[] = [
    [2, 'staff.dat', 'file name'],
    [2, 'GO_123_GDW_GOC_20210409_00001945.DAT', 'VPD'],
    [3, '20210431 072050', 'creation time'],
    [3, '00000000 000000', 'creation time'],
    [4, '123', 'VPD'],
    [4, 'RPG', 'VPD'],
    [5, '', 'previous run'],
    [5, '20210408 240000', 'previous run'],
    [6, '20210409', 'this run'],
    [6, '20210407 000000', 'this run'],
    [7, '', 'interface version'],
  ];
  for (const [number, text, named] of wrong) {
    it(`refuses field ${number} = "${text}" and names the ${named}`, () => {
      const fault = faultOf(withField(number, text));
      expect(fault.code).to.equal('bad-header-field');
      expect(fault.message).to.contain(named);
    });
  }

  it('refuses a header with fewer than seven fields', () => {
    expect(faultOf('HDR~NOTE: This file is encoded as ISO-8859-1').code).to.equal('bad-header-field');
  });

  it('tells a snapshot request from data', () => {
    expect(faultOf('HDR~GO_123_GDW_GDR_20210326_00000001.DAT~20210326 000000').code).to.equal('snapshot-request');
  });
});

describe('GO2 peek', () => {
  it('finds the header at the beginning of a file, blank lines and CRLF notwithstanding', () => {
    const result = peek(`\r\n${header}\r\n${personRow}\r\n`);
    expect(result.ok && result.header.sequence).to.equal(1945);
  });

  it('reads another delimiter', () => {
    expect(peek(header.replaceAll('~', '^'), '^').ok).to.equal(true);
  });

  const others: readonly (readonly [string, string])[] = [
    ['', 'empty'],
    [' \r\n\n', 'empty'],
    ['Employee Number,Last Name\n1,A', 'wrong-format'],
    ['HDR,GO_277_ASG_20090101_Full_1.DAT\n', 'wrong-format'],
    [`\u00ef\u00bb\u00bf${header}`, 'wrong-format'],
    ['PK\u0003\u0004', 'wrong-format'],
    [personRow, 'no-header'],
    ['TRL~1', 'no-header'],
  ];
  for (const [text, code] of others) {
    it(`says ${code} of a file that begins with ${JSON.stringify(text.slice(0, 20))}`, () => {
      const result = peek(text);
      expect(result.ok ? 'none' : result.fault.code).to.equal(code);
    });
  }
});
