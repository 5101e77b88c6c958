import { expect } from 'chai';
import type { TokenClaims } from '../../../server/auth/access-token.ts';
import { verifiedTokens } from '../../../server/auth/verified-tokens.ts';

const claims = (jti: string): TokenClaims => ({
  kid: 'k',
  audience: 'a',
  tenant: 't',
  clientId: 'c',
  userId: null,
  grantId: null,
  jkt: null,
  scope: '',
  jti,
  issuedAt: 0,
  expiresAt: 1,
  scopes: [],
  adminScopes: [],
});

describe('the memory of verified tokens', () => {
  it('gives back what was put, and forgets what it is told to', () => {
    const tokens = verifiedTokens(2);
    tokens.put('one', claims('1'));
    expect(tokens.get('one')?.jti).to.equal('1');
    expect(tokens.get('two')).to.equal(undefined);
    tokens.forget('one');
    expect(tokens.get('one')).to.equal(undefined);
  });

  it('never holds more than its bound, and drops the least recently used', () => {
    const tokens = verifiedTokens(3);
    for (const name of ['a', 'b', 'c']) tokens.put(name, claims(name));
    tokens.get('a');
    tokens.put('d', claims('d'));
    expect(tokens.size).to.equal(3);
    expect(tokens.get('b')).to.equal(undefined);
    expect(tokens.get('a')?.jti).to.equal('a');
  });
});
