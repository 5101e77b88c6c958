import { expect } from 'chai';
import fc from 'fast-check';
import { fold } from '../../../server/search/fold.ts';

describe('search/fold', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['Siân', 'sian'],
    ['ÓDonnell', 'odonnell'],
    ['Łukasz Øster', 'lukasz oster'],
    ['Straße', 'strasse'],
    ['Ærø', 'aero'],
    ['Þórður', 'thordur'],
    ['O’Brien', "o'brien"],
    ['Tŷ  Mawr ', 'ty mawr'],
    ['ﬁona', 'fiona'],
    ['İpek', 'ipek'],
    ['Anne–Marie', 'anne-marie'],
  ];
  for (const [text, folded] of cases) {
    it(`makes "${folded}" of "${text}"`, () => expect(fold(text)).to.equal(folded));
  }

  it('changes nothing when it folds again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        expect(fold(fold(text))).to.equal(fold(text));
      }),
    );
  });

  it('does not tell composed from decomposed letters, nor small from capital ones', () => {
    fc.assert(
      fc.property(fc.constantFrom(...'âéîôûŵŷñçåÄÖÜ'), (letter) => {
        expect(fold(letter.normalize('NFD'))).to.equal(fold(letter));
        expect(fold(letter.toUpperCase())).to.equal(fold(letter.toLowerCase()));
      }),
    );
  });
});
