import { expect } from 'chai';
import fc from 'fast-check';
import { openPage, positionOf, sealPage, sortKeyOf } from '../../../server/search/page-token.ts';

const key = Buffer.alloc(32, 7);
const binding = { tenant: 'rxx', client: 'c1', contract: 'v1', type: 'Practitioner', query: 'active=true' };

describe('search/page-token', () => {
  it('gives back the position that it sealed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.stringMatching(/^[A-Za-z0-9.-]{1,64}$/), (sequence, id) => {
        const token = sealPage(key, binding, positionOf({ sequence, id }));
        expect(token).to.match(/^[A-Za-z0-9_-]+$/);
        expect(sortKeyOf(openPage(key, binding, token) ?? '')).to.deep.equal({ sequence, id });
      }),
    );
  });

  it('gives back sort values, and shows none of them', () => {
    const sortKey = { sequence: 5, id: 'a.b', values: ['o’brien', null, -62_135_596_800_000] };
    const token = sealPage(key, binding, positionOf(sortKey));
    expect(sortKeyOf(openPage(key, binding, token) ?? '')).to.deep.equal(sortKey);
    expect(Buffer.from(token, 'base64url').toString()).to.not.include('brien');
    expect(sealPage(key, { ...binding, client: 'c2' }, positionOf(sortKey))).to.not.include(token.slice(43));
  });

  for (const part of Object.keys(binding)) {
    it(`is worth nothing for another ${part}`, () => {
      const token = sealPage(key, binding, '5.a');
      expect(openPage(key, { ...binding, [part]: 'other' }, token)).to.equal(undefined);
    });
  }

  it('is worth nothing under another key or with any character changed', () => {
    const token = sealPage(key, binding, '5.abc');
    expect(openPage(Buffer.alloc(32, 8), binding, token)).to.equal(undefined);
    for (let at = 0; at < token.length; at++) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect(openPage(key, binding, changed), String(at)).to.equal(undefined);
    }
  });

  it('takes no other spelling of a token, and no rubbish', () => {
    const token = sealPage(key, binding, '5.abc');
    for (const other of [`${token}=`, `${token} `, `.${token}`, '', 'x', '%00', 'é']) {
      expect(openPage(key, binding, other)).to.equal(undefined);
    }
  });
});
