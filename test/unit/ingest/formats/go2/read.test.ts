import { expect } from 'chai';
import { limits } from '../../../../../server/core/limits.ts';
import { assignmentRow, go2File, go2Row, header, personRow, registrationRow } from '../../go2-text.ts';
import { readAll } from '../../read-all.ts';

const full = header.replace('_GOC_', '_GOF_');

describe('GO2 reader', () => {
  it('gives the header, the rows with their lines, and the counts', async () => {
    const read = await readAll(go2File([personRow, assignmentRow]));
    expect(read.kinds).to.deep.equal(['header', 'rows', 'end']);
    expect(read.rows).to.deep.equal([
      { line: 2, type: 'PRA', text: personRow, delimiter: '~', flaw: 'none' },
      { line: 3, type: 'ASA', text: assignmentRow, delimiter: '~', flaw: 'none' },
    ]);
    expect(read.counts).to.deep.equal({ rows: 2, dropped: {}, unknown: {} });
  });

  it('reads CRLF like LF, and does without a last line end', async () => {
    const lf = await readAll(go2File([personRow, 'PRD~A48180']));
    expect(await readAll(go2File([personRow, 'PRD~A48180'], '\r\n'))).to.deep.equal(lf);
    expect(await readAll(go2File([personRow, 'PRD~A48180']).trimEnd())).to.deep.equal(lf);
  });

  it('passes over blank lines, which no count includes and every line number does', async () => {
    const read = await readAll(`\n${header}\n  \n${personRow}\n\r\nTRL~3\n\n \r\n`);
    expect(read.fault).to.equal(undefined);
    expect(read.rows.map((row) => row.line)).to.deep.equal([4]);
    expect(read.counts?.rows).to.equal(1);
  });

  it('takes bare quotes as text', async () => {
    const row = go2Row('LCA', { 2: '1', 4: 'Maternity "Town" Hospital' });
    expect((await readAll(go2File([row, personRow]))).rows.map((each) => each.text)).to.deep.equal([row, personRow]);
  });

  it('reads ISO-8859-1, and 0x80–0x9F as Windows-1252', async () => {
    const { rows } = await readAll(go2File(['PRA~\u00e9\u00ff\u0092\u0080']));
    expect(rows.map((row) => [row.text, row.flaw])).to.deep.equal([['PRA~éÿ’€', 'none']]);
  });

  it('reads a CR or TAB inside a line as a space', async () => {
    const { rows } = await readAll(go2File(['PRA~one\rtwo\tthree']));
    expect(rows.map((row) => [row.text, row.flaw])).to.deep.equal([['PRA~one two three', 'none']]);
  });

  it('marks other control characters, also those that Windows-1252 leaves undefined', async () => {
    const { rows } = await readAll(go2File(['PRA~a\u0000b', 'PRA~a\u0081b', 'PRA~a\u007fb', 'PRA~ab']));
    const control = 'control-character';
    expect(rows.map((row) => row.flaw)).to.deep.equal([control, control, control, 'none']);
  });

  it('splits on the delimiter that is configured', async () => {
    const text = go2File([personRow]).replaceAll('~', '^');
    expect((await readAll(text, [], '^')).rows.map((row) => row.type)).to.deep.equal(['PRA']);
  });

  it('counts a row that is to be skipped, and does not give it out', async () => {
    const read = await readAll(go2File([personRow, assignmentRow, personRow]), [], '~', (line) => line === 3);
    expect(read.rows.map(({ line }) => line)).to.deep.equal([2, 4]);
    expect(read.counts).to.deep.equal({ rows: 3, dropped: {}, unknown: {} });
    expect((await readAll(go2File([personRow]), [], '~', () => true)).kinds).to.deep.equal(['header', 'end']);
  });

  it('counts recognised and unknown types that it drops, and never shows contents as a type', async () => {
    const read = await readAll(go2File(['ABA~1~2', 'ABA~1', 'COD~7', 'ZZA~1', 'Smith~1', 'hello', personRow]));
    expect(read.rows.map((row) => row.type)).to.deep.equal(['PRA']);
    expect(read.counts).to.deep.equal({ rows: 7, dropped: { ABA: 2, COD: 1 }, unknown: { ZZA: 1, other: 2 } });
  });

  it('bounds the number of unknown types that it lists', async () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const read = await readAll(go2File(letters.flatMap((one) => letters.slice(0, 4).map((two) => `Z${one}${two}~1`))));
    const unknown = read.counts?.unknown ?? {};
    expect(Object.keys(unknown)).to.have.length(limits.unknownTypesListedMax + 1);
    expect(unknown['other']).to.equal(26 * 4 - limits.unknownTypesListedMax);
  });

  it('keeps the beginning of a line that is too long and reads on after it', async () => {
    const long = `PRA~A1~${'x'.repeat(3 * limits.lineBytesMax)}`;
    const { rows, counts } = await readAll(go2File([long, registrationRow]));
    expect(rows.map((row) => [row.line, row.type, row.flaw])).to.deep.equal([
      [2, 'PRA', 'line-too-long'],
      [3, 'ETA', 'none'],
    ]);
    expect(rows[0]?.text).to.have.length(limits.lineBytesMax);
    expect(counts?.rows).to.equal(2);
  });

  it('gives rows in batches of limited size', async () => {
    const rows = Array.from({ length: limits.stageRowsPerBatchMax * 2 + 1 }, (_, at) => `PRD~${at}`);
    const read = await readAll(go2File(rows));
    expect(read.kinds).to.deep.equal(['header', 'rows', 'rows', 'rows', 'end']);
    expect(read.rows).to.have.length(rows.length);
  });

  it('accepts a day without changes, but no full file without rows', async () => {
    expect((await readAll(go2File([]))).counts).to.deep.equal({ rows: 0, dropped: {}, unknown: {} });
    expect((await readAll(`${full}\nTRL~2\n`)).fault).to.equal('too-short');
  });

  const broken: readonly (readonly [string, string, string])[] = [
    ['nothing', '', 'empty'],
    ['blank lines', '\n \r\n', 'empty'],
    ['a CSV', 'Last Name,First Name\nA,B\n', 'wrong-format'],
    ['rows without an envelope', `${personRow}\n${personRow}\n`, 'no-header'],
    ['a delete alone', 'ASD~936458', 'no-header'],
    ['a snapshot request', 'HDR~GO_123_GDW_GDR_20210326_00000001.DAT~20210326 000000\n', 'snapshot-request'],
    ['a header that is a note', `HDR~NOTE: this file is a note\r\n${personRow}\r\n`, 'bad-header-field'],
    ['a header alone', header, 'no-trailer'],
    ['a file cut within a row', go2File([personRow, assignmentRow]).slice(0, -40), 'no-trailer'],
    ['a file that lost a row', `${header}\n${personRow}\nTRL~4\n`, 'record-count'],
    ['a trailer that leaves itself out', `${header}\n${personRow}\nTRL~2\n`, 'record-count'],
    ['a trailer without a number', `${header}\n${personRow}\nTRL\n`, 'record-count'],
    ['a trailer cut within its number', go2File(new Array(8).fill('PRD~1')).trimEnd().slice(0, -1), 'record-count'],
    ['a row after the trailer', `${go2File([personRow])}${personRow}\n`, 'data-after-trailer'],
    ['two files joined', `${go2File([personRow])}${go2File([personRow])}`, 'data-after-trailer'],
    ['a second header', `${header}\n${personRow}\n${header}\nTRL~4\n`, 'second-header'],
  ];
  for (const [what, text, code] of broken) {
    it(`refuses ${what}: ${code}`, async () => {
      const read = await readAll(text);
      expect(read.fault).to.equal(code);
      expect(read.kinds.at(-1)).to.equal('fault');
      expect(read.message).to.match(/^The .*\.$/);
      expect(read.message).to.not.contain('Sname');
    });
  }
});
