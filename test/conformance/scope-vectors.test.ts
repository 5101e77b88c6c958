import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { covers, parseScopes } from '../../server/auth/scope.ts';
import { present } from '../../server/core/assert.ts';

function cases<T>(name: string): readonly T[] {
  const file = new URL(`../../conformance/vectors/scopes/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly T[] }).cases;
}

interface Grammar {
  readonly scope: string;
  readonly permissions?: string;
  readonly params?: readonly string[];
}

interface Ceiling {
  readonly ceiling: string;
  readonly asked: string;
  readonly covered: boolean;
}

describe('scope vectors', () => {
  for (const { scope: text, permissions, params } of cases<Grammar>('grammar')) {
    it(`${text} is ${permissions === undefined ? 'refused' : `read as ${permissions}`}`, () => {
      const [scope] = parseScopes(text) ?? [];
      expect(scope?.permissions.join('')).to.equal(permissions);
      expect(scope?.params?.map(({ name, values }) => `${name}=${values.join(',')}`)).to.deep.equal(params);
    });
  }

  for (const { ceiling, asked, covered } of cases<Ceiling>('ceilings')) {
    it(`${ceiling} covers ${covered ? '' : 'nothing like '}${asked}`, () => {
      const [scope] = present(parseScopes(asked), asked);
      expect(covers(present(parseScopes(ceiling), ceiling), present(scope, asked))).to.equal(covered);
    });
  }
});
