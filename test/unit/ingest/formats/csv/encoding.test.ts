import { expect } from 'chai';
import { detectEncoding, guessEncoding, toUtf8 } from '../../../../../server/ingest/formats/csv/encoding.ts';

const text = 'Name,Town\nZoë Brânwen,Tŷ Gwyn\n';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, size: number): Promise<string> {
  const encoding = await detectEncoding(pieces(bytes, size));
  const parts: Uint8Array[] = [];
  for await (const part of toUtf8(pieces(bytes, size), encoding)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

const marked = `\ufeff${text}`;
const cases: readonly (readonly [string, Buffer, string])[] = [
  ['utf-8', Buffer.from(text, 'utf8'), text],
  ['utf-8', Buffer.from(marked, 'utf8'), text],
  ['utf-16le', Buffer.from(marked, 'utf16le'), text],
  ['utf-16le', Buffer.from(text, 'utf16le'), text],
  ['utf-16be', Buffer.from(marked, 'utf16le').swap16(), text],
  ['utf-16be', Buffer.from(text, 'utf16le').swap16(), text],
  ['windows-1252', Buffer.from('Zoë\u0080\n'.replaceAll('\u0080', '\x80'), 'latin1'), 'Zoë€\n'],
];

describe('CSV encodings', () => {
  for (const [encoding, bytes, expected] of cases) {
    it(`are told apart and read: ${encoding}, beginning ${bytes.subarray(0, 3).toString('hex')}`, async () => {
      for (const size of [1, 2, 3, 7, 4096]) {
        expect(await detectEncoding(pieces(bytes, size))).to.equal(encoding);
        expect(await read(bytes, size)).to.equal(expected);
      }
      expect(guessEncoding(bytes)).to.equal(encoding);
    });
  }

  it('are decided by the whole file: one Windows-1252 byte at its end counts', async () => {
    const bytes = Buffer.concat([Buffer.from('a,b\n'.repeat(50_000)), Buffer.from([0xeb, 0x0a])]);
    expect(await detectEncoding(pieces(bytes, 65_536))).to.equal('windows-1252');
  });

  it('never make a guess about a character cut at the end of the first bytes', () => {
    expect(guessEncoding(Buffer.from('Zoë', 'utf8').subarray(0, 3))).to.equal('utf-8');
  });
});
