import { expect } from 'chai';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvOptions } from '../../server/ingest/formats/csv/csv-options.ts';
import { detectEncoding } from '../../server/ingest/formats/csv/encoding.ts';
import { findLayout } from '../../server/ingest/formats/csv/layout.ts';
import { type CsvBatch, readCsv } from '../../server/ingest/formats/csv/read.ts';
import { splitRows } from '../../server/ingest/formats/csv/split-rows.ts';
import { profilesWith } from '../unit/ingest/formats/csv/profiles.ts';

const runs = process.env['VERIFY'] === '1' ? 3_000 : 250;
const profiles = profilesWith();

async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let turn = 0;
  for (let at = 0; at < bytes.length; ) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
    turn += 1;
  }
}

async function read(bytes: Uint8Array, sizes: readonly number[], delimiter = ','): Promise<readonly CsvBatch[]> {
  const encoding = await detectEncoding(pieces(bytes, sizes));
  const batches: CsvBatch[] = [];
  for await (const batch of readCsv(pieces(bytes, sizes), { encoding, delimiter, skip: 0 })) batches.push(batch);
  return batches;
}

/** Rows, and how it ended: where batches begin is of no matter. */
function seen(batches: readonly CsvBatch[]) {
  const rows = batches.flatMap((batch) => (batch.kind === 'rows' ? batch.rows : []));
  return { rows, end: batches.at(-1) };
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
const fragment = fc.constantFrom(
  '"',
  '""',
  ',',
  ';',
  '\n',
  '\r\n',
  '\r',
  'a',
  'é',
  '"a,b"',
  '\u0000',
  '\ufeff',
  ' ',
  '1',
);
const texts = fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(''));

/** The first rows that csv-parse gives before it finds a quote that does not end. */
function parsedRows(text: string, delimiter: string, to: number): readonly string[][] {
  const rows: string[][] = [];
  const taken = (row: string[]) => {
    rows.push(row);
    return null;
  };
  try {
    parse(text, { ...csvOptions(delimiter), to, on_record: taken });
  } catch {
    return rows;
  }
  return rows;
}

describe('Reading CSV', () => {
  it('never throws, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), sizes, async (bytes, chunks) => {
        findLayout(bytes, profiles);
        const last = (await read(bytes, chunks)).at(-1);
        expect(last?.kind).to.be.oneOf(['end', 'fault']);
      }),
      { numRuns: runs },
    );
  });

  it('does not depend on where the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        texts,
        sizes,
        fc.constantFrom('utf8', 'utf16le', 'latin1' as const),
        async (text, chunks, encoding) => {
          const bytes = Buffer.from(encoding === 'utf16le' ? `\ufeff${text}` : text, encoding);
          expect(seen(await read(bytes, chunks))).to.deep.equal(seen(await read(bytes, [1 << 20])));
        },
      ),
      { numRuns: runs },
    );
  });

  it('splits first rows as csv-parse does, or leaves them to it', () => {
    let split = 0;
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.integer({ min: 1, max: 30 }),
        (text, delimiter, max) => {
          const rows = splitRows(text, delimiter, max);
          if (rows === undefined) return;
          split += 1;
          expect(rows).to.deep.equal(parsedRows(text, delimiter, max));
        },
      ),
      { numRuns: 4 * runs },
    );
    expect(split).to.be.greaterThan(runs / 10);
  });

  it('gives back the cells and the lines that were written', async () => {
    const cell = fc
      .array(fc.constantFrom('a', 'B', ' ', '"', ',', '\n', 'é', ';'), { maxLength: 8 })
      .map((all) => all.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { maxLength: 12 }), sizes, async (rows, chunks) => {
        const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
        const text = rows.map((cells) => `${cells.map(quote).join(',')}\n`).join('');
        const expected: { line: number; cells: readonly string[] }[] = [];
        let line = 1;
        for (const cells of rows) {
          if (cells.some((value) => value.trim() !== '')) expected.push({ line, cells });
          line += 1 + cells.join('').split('\n').length - 1;
        }
        expect(seen(await read(Buffer.from(text), chunks)).rows).to.deep.equal(expected);
      }),
      { numRuns: runs },
    );
  });
});
