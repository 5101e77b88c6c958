import { expect } from 'chai';
import fc from 'fast-check';
import { limits } from '../../../../../server/core/limits.ts';
import { normaliseRows } from '../../../../../server/ingest/normalise.ts';
import { columns } from '../../esr-columns.ts';
import { assignmentRow, go2File, header, personRow, registrationRow } from '../../go2-text.ts';
import { readAll } from '../../read-all.ts';

const long = `PRA~A1~${'x'.repeat(limits.lineBytesMax + 5)}`;
const line = fc.oneof(
  fc.constantFrom(
    personRow,
    assignmentRow,
    registrationRow,
    'PRD~1',
    'ABA~1~2',
    '',
    ' ',
    long,
    'LOV~LKUP\u0000~\u0092',
  ),
  fc.string({ maxLength: 30, unit: 'binary-ascii' }).map((text) => text.replaceAll('\n', '~')),
);
const cell = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '47121231',
    '19000101',
    '20210230',
    '.5',
    '-1',
    'Yes',
    'n',
    'a|b|',
    '|||',
    '31/08/2012 00:00',
  ),
  fc.string({ maxLength: 12, unit: 'binary-ascii' }).map((text) => text.replace(/[\n~]/g, '')),
);
const row = fc
  .tuple(fc.constantFrom(...columns.byCode.keys()), fc.array(cell, { maxLength: 60 }))
  .map(([type, cells]) => [type, ...cells].join('~'));

describe('GO2 reader, for all inputs', () => {
  it('gives the same whatever the boundaries of the chunks', async () => {
    const file = fc.tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'));
    await fc.assert(
      fc.asyncProperty(file, fc.array(fc.nat(), { maxLength: 20 }), async ([lines, lineEnd], cuts) => {
        const text = go2File(lines, lineEnd);
        const whole = await readAll(text);
        const cut = await readAll(text, cuts);
        expect(cut.fault).to.equal(whole.fault);
        expect(cut.message).to.equal(whole.message);
        expect(cut.counts).to.deep.equal(whole.counts);
        if (whole.fault === undefined) expect(cut.rows).to.deep.equal(whole.rows);
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same when every byte comes alone', async () => {
    const text = go2File([personRow, registrationRow, 'PRD~\u00e9\u0092'], '\r\n');
    const all = Array.from({ length: text.length }, (_, at) => at);
    expect(await readAll(text, all)).to.deep.equal(await readAll(text));
  });

  it('never throws, whatever the bytes, and always ends with the counts or one fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (bytes, headed) => {
        const read = await readAll(headed ? Buffer.concat([Buffer.from(`${header}\n`), bytes]) : bytes);
        expect(read.kinds.at(-1)).to.be.oneOf(['end', 'fault']);
        expect(read.kinds.filter((kind) => kind === 'end' || kind === 'fault')).to.have.length(1);
      }),
      { numRuns: 200 },
    );
  });

  it('stages or drops every row, and the counts balance', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        const read = await readAll(go2File(rows));
        expect(read.fault).to.equal(undefined);
        const { staged, dropped } = normaliseRows(read.rows, columns);
        const sum = Object.values(dropped).reduce((one, other) => one + other, 0);
        expect(staged.length + sum).to.equal(rows.length);
        for (const each of staged) {
          expect(each.action === 'bad').to.equal(each.fault !== null);
          expect(() => JSON.parse(each.fields) as unknown).to.not.throw();
          expect(each.key.id === '').to.be.oneOf([false, each.action === 'bad']);
        }
      }),
      { numRuns: 150 },
    );
  });
});
