import { expect } from 'chai';
import fc from 'fast-check';
import { ReportSums, type Said, sumsOf } from '../../server/ingest/csv-said.ts';
import { readCsv } from '../../server/ingest/formats/csv/read.ts';

const runs = process.env['VERIFY'] === '1' ? 3_000 : 300;
const header = 'a,b,c\n';
const fragment = fc.constantFrom(
  '"',
  '""',
  ',',
  '\n',
  '\n',
  '\r\n',
  '\r',
  'é',
  '"a,b"',
  '"a""b"',
  '"a\nb"',
  ' ',
  '1',
  '2',
);
const texts = fc.array(fragment, { maxLength: 50 }).map((parts) => parts.join(''));

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(header + text);
  for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.subarray(at, at + size));
}

async function saidOf(text: string, rows: number, size = 1 << 20): Promise<Said | undefined> {
  return (await sumsOf(pieces(text, size), new ReportSums({ skip: 1 }, 'a reading'))).said(rows);
}

/** The rows as csv-parse reads them, in the order of their texts; and whether every row is a line. */
async function readOf(text: string): Promise<{ readonly rows: readonly string[]; readonly plain: boolean }> {
  const rows: string[] = [];
  let plain = false;
  for await (const batch of readCsv(pieces(text, 1 << 20), { encoding: 'utf-8', delimiter: ',', skip: 1 })) {
    if (batch.kind === 'rows') rows.push(...batch.rows.map(({ cells }) => JSON.stringify(cells)));
    if (batch.kind === 'end') plain = batch.plain;
  }
  return { rows: rows.sort(), plain };
}

/** The lines in another order, each with an end. */
function reordered(text: string, order: readonly number[]): string {
  const lines = (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => (line.endsWith('\n') ? line : `${line}\n`));
  return lines
    .map((line, at) => ({ line, key: order[at % order.length] ?? 0 }))
    .sort((one, other) => one.key - other.key)
    .map(({ line }) => line)
    .join('');
}

describe('What a report said by its lines', () => {
  it('is the same wherever its bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const whole = await saidOf(text, 1);
        for (const size of [1, 3, 7, 16, 64]) expect(await saidOf(text, 1, size)).to.deep.equal(whole);
      }),
      { numRuns: runs },
    );
  });

  it('is said by other orders of the same lines, and they are read as the same rows', async () => {
    let told = 0;
    await fc.assert(
      fc.asyncProperty(texts, fc.array(fc.nat(), { minLength: 1, maxLength: 60 }), async (text, order) => {
        const first = await readOf(text);
        const said = await saidOf(text, first.rows.length);
        if (!first.plain || said === undefined) return;
        told += 1;
        const other = reordered(text, order);
        expect(await saidOf(other, first.rows.length)).to.deep.equal(said);
        expect(await readOf(other)).to.deep.equal(first);
      }),
      { numRuns: runs },
    );
    expect(told).to.be.greaterThan(runs / 50);
  });

  it('differs where a line differs, is missing or comes twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[a-z0-9,"]{1,40}$/), { minLength: 1, maxLength: 20 }),
        async (lines) => {
          const of = async (some: readonly string[]) => (await saidOf(some.join('\n'), 1))?.words.join();
          const [first = '', ...others] = lines;
          const words = [lines, [`${first}x`, ...others], others, [first, ...lines]];
          expect(new Set(await Promise.all(words.map(of))).size).to.equal(4);
        },
      ),
      { numRuns: runs },
    );
  });
});
