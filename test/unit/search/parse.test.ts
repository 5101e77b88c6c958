import { expect } from 'chai';
import fc from 'fast-check';
import { parseSearch, splitUnescaped, unescapeValue } from '../../../server/search/parse.ts';

function parsed(raw: string) {
  const result = parseSearch(raw);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join());
  return result.value;
}

describe('search/parse', () => {
  it('takes parameters in their order, decoded, empty pairs left out', () => {
    expect(parsed('name=Si%C3%A2n+Jones&&active=true')).to.deep.equal([
      { name: 'name', key: { is: 'plain', param: 'name', modifier: undefined }, values: ['Siân Jones'] },
      { name: 'active', key: { is: 'plain', param: 'active', modifier: undefined }, values: ['true'] },
    ]);
  });

  it('splits values at commas that are not escaped and keeps the escapes', () => {
    expect(parsed('identifier=a\\,b,c%5C%7Cd')[0]?.values).to.deep.equal(['a\\,b', 'c\\|d']);
  });

  it('reads modifiers, chains and reverse chains', () => {
    expect(parsed('organization:Organization.partof.name:exact=x')[0]?.key).to.deep.equal({
      is: 'chain',
      param: 'organization',
      type: 'Organization',
      next: {
        is: 'chain',
        param: 'partof',
        type: undefined,
        next: { is: 'plain', param: 'name', modifier: 'exact' },
      },
    });
    expect(parsed('_has:PractitionerRole:practitioner:role=x')[0]?.key).to.deep.equal({
      is: 'has',
      type: 'PractitionerRole',
      param: 'practitioner',
      next: { is: 'plain', param: 'role', modifier: undefined },
    });
  });

  for (const raw of [
    'name=a%00b',
    'name=%zz',
    '%ff=x',
    'a b=c',
    '=x',
    'name:=x',
    'name:a:b=x',
    'a..b=x',
    'name=a,,b',
    'name=',
    'name',
    '_has:X=y',
  ]) {
    it(`refuses ${raw} as invalid`, () => {
      const result = parseSearch(raw);
      expect(result.ok ? [] : result.problems.map(({ is }) => is)).to.deep.equal(['invalid']);
    });
  }

  it('limits the number of parameters and of values', () => {
    expect(parseSearch('active=true&'.repeat(51)).ok).to.equal(false);
    expect(parseSearch(`_id=${'a,'.repeat(200)}a`).ok).to.equal(false);
    expect(parseSearch(`_id=${'a,'.repeat(199)}a`).ok).to.equal(true);
  });

  it('never throws, and names the parameter but never the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (raw) => {
        parseSearch(raw);
      }),
    );
    const result = parseSearch('family=Secretname,');
    expect(JSON.stringify(result)).to.contain('family').and.not.contain('Secretname');
  });

  it('undoes what a client escaped, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 4 }), (texts) => {
        const escaped = texts.map((text) => text.replace(/[,|$\\]/g, '\\$&'));
        expect(splitUnescaped(escaped.join(','), ',').map(unescapeValue)).to.deep.equal(texts);
      }),
    );
  });
});
