import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Source } from '../../../../server/ingest/parts.ts';
import { unpack } from '../../../../server/ingest/sources/unpack.ts';
import { smallFile } from '../../../support/small-files.ts';
import { zipBytes } from '../../../support/zip-bytes.ts';

const text = (some: string) => Buffer.from(some, 'latin1');
const source = (name: string, bytes: Buffer, id?: string): Source => ({
  ...(id === undefined ? {} : { id }),
  name,
  source: 'test',
  async *open() {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  },
});

async function bytesOf(one: Source | undefined): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of one?.open() ?? []) parts.push(part);
  return Buffer.concat(parts).toString('latin1');
}

describe('Unpacking', () => {
  it('leaves a file that is no archive as it is', async () => {
    const plain = source('a.dat', text('HDR~x'));
    expect(await unpack(plain)).to.deep.equal({ sources: [plain], fault: null });
  });

  it('gives gzip data as one file without the ending of its name, readable again and again', async () => {
    const { sources } = await unpack(source('a.DAT.gz', gzipSync(text('HDR~x'))));
    expect(sources.map(({ name }) => name)).to.deep.equal(['a.DAT']);
    expect(await bytesOf(sources[0])).to.equal('HDR~x');
    expect(await bytesOf(sources[0])).to.equal('HDR~x');
  });

  it('gives the files of a zip in the sequence of their headers, whatever their names and order', async () => {
    const parts = [3, 1, 2].map((sequence) => ({
      name: `folder/${9 - sequence}.dat`,
      bytes: text(smallFile('277', sequence).text),
    }));
    const noise = [
      { name: 'folder/', bytes: text('') },
      { name: '__MACOSX/folder/._1.dat', bytes: text('x') },
    ];
    const { sources } = await unpack(source('a.zip', zipBytes([...noise, ...parts]), 'id-1'));
    expect(sources.map(({ name }) => name)).to.deep.equal(['8.dat', '7.dat', '6.dat']);
    expect(new Set(sources.map(({ id }) => id)).size).to.equal(3);
    expect(await bytesOf(sources[0])).to.equal(smallFile('277', 1).text);
  });

  const refused: readonly (readonly [string, string, Buffer, RegExp])[] = [
    ['gzip data that are cut off', 'a.gz', gzipSync(text('x'.repeat(5000))).subarray(0, 20), /damaged or cut off/],
    ['gzip data in gzip data', 'a.gz', gzipSync(gzipSync(text('x'))), /another archive/],
    ['a gzip bomb', 'a.gz', gzipSync(Buffer.alloc(4 << 20)), /more than 200 times/],
    [
      'a zip that is cut off',
      'a.zip',
      zipBytes([{ name: 'a', bytes: text('x') }]).subarray(0, 40),
      /damaged or cut off/,
    ],
    ['an empty zip', 'a.zip', zipBytes([]), /no file/],
    ['an encrypted member', 'a.zip', zipBytes([{ name: 'a', bytes: text('x'), flags: 1 }]), /encrypted/],
    ['a zip in a zip', 'a.zip', zipBytes([{ name: 'a', bytes: zipBytes([]) }]), /another archive/],
    ['a zip bomb', 'a.zip', zipBytes([{ name: 'a', bytes: Buffer.alloc(4 << 20) }]), /more than 200 times/],
    ['a zip that lies about a size', 'a.zip', zipBytes([{ name: 'a', bytes: text('xyz'), size: 2 }]), /damaged/],
    ['a wrong checksum', 'a.zip', zipBytes([{ name: 'a', bytes: text('xyz'), crc: 1 }]), /checksum/],
    [
      'too many members',
      'a.zip',
      zipBytes(Array.from({ length: 201 }, (_, n) => ({ name: `${n}`, bytes: text('x') }))),
      /more than 200 files/,
    ],
  ];
  for (const [what, name, bytes, why] of refused) {
    it(`refuses ${what} whole`, async () => {
      const { sources, fault } = await unpack(source(name, bytes));
      expect(sources).to.deep.equal([]);
      expect(fault).to.match(why);
    });
  }
});
