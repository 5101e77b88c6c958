import { expect } from 'chai';
import type { JWTPayload } from 'jose';
import type { Client } from '../../../server/auth/client.ts';
import { randomId } from '../../../server/core/id.ts';
import { assertionForm, type KeyPair, keyPair, openRig, type Rig } from './rig.ts';

describe('the token endpoint, asked with a private_key_jwt assertion', () => {
  let rig: Rig;
  let client: Client;
  const pair: KeyPair = keyPair('ES384');
  before(async () => {
    rig = await openRig();
    ({ client } = await rig.register({ jwks: pair.jwks }));
  });
  after(() => rig.close());

  const soon = () => Math.floor(Date.now() / 1000);
  const refused = '[401,{"error":"invalid_client","error_description":"client authentication failed"}]';
  const ask = async (claims: JWTPayload = {}, header: object = {}, key: KeyPair = pair) => {
    const { status, body } = await rig.post(await assertionForm(rig, client, key, claims, header));
    return status === 200 ? '200' : JSON.stringify([status, body]);
  };

  for (const alg of ['ES384', 'RS384', 'RS512'] as const) {
    it(`issues a token for ${alg}`, async () => {
      const own = keyPair(alg);
      const registered = await rig.register({ jwks: own.jwks });
      const { status, body } = await rig.post(await assertionForm(rig, registered.client, own));
      expect([status, body['scope']]).to.deep.equal([200, 'system/Practitioner.rs']);
    });
  }

  it('takes an assertion without typ, as many clients send it', async () => {
    expect(await ask({}, { typ: undefined })).to.equal('200');
  });

  const faults: readonly [string, () => JWTPayload, object][] = [
    ['for the issuer instead of the token endpoint', () => ({ aud: `${rig.url}/oauth` }), {}],
    ['for another server', () => ({ aud: 'https://evil.example/oauth/token' }), {}],
    ['for a list of audiences', () => ({ aud: [`${rig.url}/oauth/token`, 'https://evil.example'] }), {}],
    ['without an audience', () => ({ aud: undefined as never }), {}],
    ['that has expired', () => ({ exp: soon() - 10 }), {}],
    ['that lives for more than five minutes', () => ({ exp: soon() + 320 }), {}],
    ['without an expiry', () => ({ exp: undefined as never }), {}],
    ['that is not valid yet', () => ({ nbf: soon() + 60 }), {}],
    ['without a jti', () => ({ jti: undefined as never }), {}],
    ['of another issuer', () => ({ iss: 'c_other' }), {}],
    ['about an unknown client', () => ({ iss: 'c_other', sub: 'c_other' }), {}],
    ['without a kid', () => ({}), { kid: undefined }],
    ['with an unknown kid', () => ({}), { kid: 'key-2' }],
    ['that names a key set of its own', () => ({}), { jku: 'https://evil.example/jwks' }],
    ['that is an access token', () => ({}), { typ: 'at+jwt' }],
  ];
  for (const [name, claims, header] of faults) {
    it(`answers invalid_client to an assertion ${name}`, async () => {
      expect(await ask(claims(), header)).to.equal(refused);
    });
  }

  it('answers invalid_client to a signature of another key', async () => {
    expect(await ask({}, {}, keyPair('ES384'))).to.equal(refused);
    expect(await ask({}, {}, keyPair('RS384'))).to.equal(refused);
  });

  it('answers invalid_client to an assertion whose aud is the address that the Host header made up', async () => {
    const form = await assertionForm(rig, client, pair, { aud: 'http://evil.example/oauth/token' });
    const { status } = await rig.post(form, { 'x-forwarded-host': 'evil.example' });
    expect(status).to.equal(401);
  });

  it('takes each assertion once', async () => {
    const jti = randomId();
    expect(await ask({ jti })).to.equal('200');
    expect(await ask({ jti })).to.equal(refused);
  });

  it('lets one of twenty parallel requests with the same assertion through', async () => {
    const form = await assertionForm(rig, client, pair);
    const answers = await Promise.all(Array.from({ length: 20 }, () => rig.post(form)));
    const counts = { issued: 0, refused: 0 };
    for (const { status, body } of answers) {
      if (status === 200) counts.issued += 1;
      else if (JSON.stringify([status, body]) === refused) counts.refused += 1;
    }
    expect(counts).to.deep.equal({ issued: 1, refused: 19 });
  });

  it('keeps the jtis of two clients apart', async () => {
    const other = await rig.register({ jwks: pair.jwks });
    const jti = randomId();
    expect(await ask({ jti })).to.equal('200');
    expect((await rig.post(await assertionForm(rig, other.client, pair, { jti }))).status).to.equal(200);
  });

  it('does not fetch a key set from its own machine', async () => {
    const jwksUri = `https://localhost:${new URL(rig.url).port}/oauth/jwks`;
    const registered = await rig.register({ jwksUri });
    const { status } = await rig.post(await assertionForm(rig, registered.client, pair));
    expect(status).to.equal(401);
  });
});
