import { expect } from 'chai';
import { lineHash } from '../../../server/ingest/line-hash.ts';

const line = 'PRA~10000001~20200101~47121231~~Mrs.~O\u2019Neill~Ann';

describe('The hash of a raw line', () => {
  const hash = lineHash('a reading');
  const of = (text: string, before = 0, by = hash) => {
    const bytes = Buffer.concat([Buffer.alloc(before, 'x'), Buffer.from(text, 'latin1'), Buffer.from('~more')]);
    return by.text(bytes, before, before + text.length);
  };

  it('has 96 bits, the same wherever the line lies in its buffer', () => {
    expect(of(line)).to.match(/^[0-9a-f]{24}$/);
    for (let before = 0; before < 9; before += 1) expect(of(line, before)).to.equal(of(line));
  });

  it('differs in every length and after every changed byte', () => {
    const seen = new Set<string>();
    for (let length = 0; length <= line.length; length += 1) seen.add(of(line.slice(0, length)));
    for (let at = 0; at < line.length; at += 1) seen.add(of(`${line.slice(0, at)}#${line.slice(at + 1)}`));
    expect(seen.size).to.equal(2 * line.length + 1);
  });

  it('differs for another reading of the same line', () => {
    expect(of(line, 0, lineHash('another reading'))).to.not.equal(of(line));
  });

  it('spreads lines that hardly differ over all its values', () => {
    const spread = new Set(Array.from({ length: 4096 }, (_, at) => of(`PRA~${at}`).slice(0, 3)));
    expect(spread.size).to.be.within(2450, 2730);
  });
});
