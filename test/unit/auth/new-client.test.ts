import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { expect } from 'chai';
import {
  type ClientWish,
  newClient,
  plainSecret,
  previousSecret,
  withNewSecret,
} from '../../../server/auth/new-client.ts';
import { AppError } from '../../../server/core/error.ts';
import { keyRing } from '../../../server/keys/key-ring.ts';

const keys = keyRing(Buffer.alloc(32, 7));
const at = '2026-11-23T10:00:00.000Z';
const wish: ClientWish = { name: 'Rota', tenant: 't1', scope: 'system/*.rs', contracts: ['v1'] };

const ec = (namedCurve: string): JsonWebKey =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });
const rsa = (modulusLength: number): JsonWebKey =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });

function refusal(change: Partial<ClientWish>): string {
  try {
    newClient({ ...wish, ...change }, keys, at);
  } catch (error) {
    expect(error).to.be.instanceOf(AppError);
    return (error as AppError).message;
  }
  throw new Error('was not refused');
}

describe('a new client', () => {
  it('with a secret keeps it wrapped and shows it once', () => {
    const { client, secret } = newClient(wish, keys, at);
    expect(client.id).to.match(/^c_[0-9a-f-]{36}$/);
    expect(client).to.include({ tenant: 't1', authentication: 'client_secret_basic', status: 'active', createdAt: at });
    expect(Buffer.from(String(secret), 'base64url')).to.have.length(32);
    expect(JSON.stringify(client)).not.to.contain(String(secret));
    expect(plainSecret(client, keys)).to.equal(secret);
  });

  it('has a secret of its own: another client cannot unwrap it', () => {
    const { client } = newClient(wish, keys, at);
    expect(() => plainSecret({ ...client, id: 'c_other' }, keys)).to.throw();
  });

  it('gets another secret when it is rotated', () => {
    const first = newClient(wish, keys, at);
    const second = withNewSecret(first.client, keys);
    expect(second.secret).not.to.equal(first.secret);
    expect(plainSecret(second.client, keys)).to.equal(second.secret);
  });

  it('with a key set keeps the public members alone', () => {
    const jwks = {
      keys: [
        { ...ec('P-384'), kid: 'a', alg: 'ES384', use: 'sig', note: 'x' },
        { ...rsa(2048), kid: 'b' },
      ],
    };
    const { client, secret } = newClient({ ...wish, jwks }, keys, at);
    expect(secret).to.equal(undefined);
    expect(client.authentication).to.equal('private_key_jwt');
    expect(client.jwks?.keys.map((key) => Object.keys(key).sort())).to.deep.equal([
      ['alg', 'crv', 'kid', 'kty', 'x', 'y'],
      ['e', 'kid', 'kty', 'n'],
    ]);
    expect(() => withNewSecret(client, keys)).to.throw(AppError);
  });

  it('is refused with keys that are weak, private, unnamed or not keys', () => {
    const good = ec('P-384');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    expect(refusal({ jwks: { keys: [] } })).to.contain('between 1 and');
    expect(refusal({ jwks: [] })).to.contain('between 1 and');
    expect(refusal({ jwks: { keys: [good] } })).to.contain('has no kid');
    expect(refusal({ jwks: { keys: [{ ...ec('P-256'), kid: 'a' }] } })).to.contain('P-384');
    expect(refusal({ jwks: { keys: [{ ...rsa(1024), kid: 'a' }] } })).to.contain('fewer than 2048 bits');
    expect(refusal({ jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'a' }] } })).to.contain('private');
    expect(refusal({ jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'a' }] } })).to.contain('private');
    expect(refusal({ jwks: { keys: [{ ...good, kid: 'a', use: 'enc' }] } })).to.contain('signatures');
    expect(refusal({ jwks: { keys: [{ ...good, kid: 'a', alg: 'ES256' }] } })).to.contain('ES384');
    expect(refusal({ jwks: { keys: [{ ...good, x: good.y, kid: 'a' }] } })).to.contain('not a valid public key');
    expect(
      refusal({
        jwks: {
          keys: [
            { ...good, kid: 'a' },
            { ...good, kid: 'a' },
          ],
        },
      }),
    ).to.contain('same kid');
  });

  it('is refused with a scope, name, contract or key address that cannot be', () => {
    expect(refusal({ scope: 'system/Staff.rs' })).to.contain('scope');
    expect(refusal({ scope: '' })).to.contain('scope');
    expect(refusal({ scope: 'user/Practitioner.rs' })).to.contain('scope');
    expect(refusal({ name: ' ' })).to.contain('name');
    expect(refusal({ contracts: [] })).to.contain('contract');
    expect(refusal({ jwksUri: 'http://vendor.example/jwks' })).to.contain('https');
    expect(refusal({ jwksUri: 'https://user:pass@vendor.example/jwks' })).to.contain('https');
    expect(refusal({ jwksUri: 'https://vendor.example/jwks', jwks: { keys: [] } })).to.contain('not both');
  });

  it('that logs people in has redirect URIs, and its scopes fit', () => {
    const redirectUris = ['https://app.example/back', 'http://localhost:3000/', 'https://app.example/back'];
    const scope = 'openid fhirUser offline_access user/*.rs';
    const { client, secret } = newClient({ ...wish, scope, redirectUris }, keys, at);
    expect(client).to.deep.include({ scope, redirectUris: redirectUris.slice(0, 2) });
    expect(secret).to.be.a('string');
    const open = newClient({ ...wish, scope, redirectUris, public: true }, keys, at);
    expect(open).to.not.have.property('secret');
    expect(open.client).to.include({ authentication: 'none' });
    expect(refusal({ scope: 'openid' })).to.contain('redirect URI');
    expect(refusal({ scope, public: true })).to.contain('redirect URI');
    expect(refusal({ scope, public: true, redirectUris, jwks: { keys: [] } })).to.contain('no keys');
    expect(refusal({ scope: 'system/*.rs', redirectUris, public: true })).to.contain('system');
    for (const uri of ['http://app.example/', 'https://a:b@app.example/', 'https://app.example/#', 'x', 'app:/back']) {
      expect(refusal({ scope, redirectUris: [uri] }), uri).to.contain('redirect URI');
    }
  });

  it('may change its secret or its keys with an overlap', () => {
    const { client, secret } = newClient(wish, keys, at);
    const until = '2026-11-24T00:00:00.000Z';
    const next = withNewSecret(client, keys, until);
    const was = (now: string) => previousSecret(next.client, keys, new Date(now));
    expect(was('2026-11-23T23:59:59Z')).to.equal(secret);
    expect(was(until)).to.equal(undefined);
    expect(withNewSecret(next.client, keys).client).to.not.have.property('previousSecret');
  });

  it('has its scopes written one space apart, each once', () => {
    const { client } = newClient({ ...wish, scope: ' system/Basic.r\n system/*.s  system/Basic.r ' }, keys, at);
    expect(client.scope).to.equal('system/Basic.r system/*.s');
  });
});
