import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { app, challenge, codeOf, person, redeem, refresh, tokens } from './person-rig.ts';
import { type Answer, assertionForm, basic, keyPair, openRig, type Rig } from './rig.ts';

const parallel = 50;

/** Also run on MongoDB, where each consumption is an insert. */
describe('of fifty at the same time', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
    await person(rig, 'vera', [{ tenant: 't1', role: 'viewer' }]);
  });
  after(() => rig.close());

  const winners = async (ask: () => Promise<Answer>) => {
    const answers = await Promise.all(Array.from({ length: parallel }, ask));
    const losers = answers.filter(({ status }) => status !== 200);
    return {
      won: answers.filter(({ status }) => status === 200),
      errors: new Set(losers.map(({ body }) => body['error'])),
    };
  };

  it('one replay of an assertion gets a token', async () => {
    const pair = keyPair('ES384');
    const { client } = await rig.register({ jwks: pair.jwks });
    const form = await assertionForm(rig, client, pair);
    const { won, errors } = await winners(() => rig.post(form));
    expect(won).to.have.length(1);
    expect([...errors]).to.deep.equal(['invalid_client']);
  });

  it('one redemption of a code gets tokens, and they end with the grant', async () => {
    const client = await app(rig);
    const pkce = challenge();
    const code = await codeOf(rig, client, 'vera', pkce);
    const { won, errors } = await winners(() => redeem(rig, client, code, pkce));
    expect(won).to.have.length(1);
    expect([...errors]).to.deep.equal(['invalid_grant']);
    const { access_token: token, refresh_token: next } = won[0]?.body ?? {};
    expect(rig.snapshot.revoked(`grant/${decodeJwt(String(token))['grant_id']}`)).to.equal(true);
    expect((await refresh(rig, client, next)).status).to.equal(400);
  });

  it('one use of a refresh token gets tokens, and they end with the grant', async () => {
    const client = await app(rig);
    const { body } = await tokens(rig, client, 'vera');
    const { won, errors } = await winners(() => refresh(rig, client, body['refresh_token']));
    expect(won).to.have.length(1);
    expect([...errors]).to.deep.equal(['invalid_grant']);
    expect((await refresh(rig, client, won[0]?.body['refresh_token'])).status).to.equal(400);
  });

  it('one use of a DPoP proof at the token endpoint gets a token', async () => {
    const { client, secret } = await rig.register();
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const proof = await new SignJWT({ htm: 'POST', htu: `${rig.url}/oauth/token`, jti: randomBytes(8).toString('hex') })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
      .setIssuedAt()
      .sign(privateKey);
    const ask = () => rig.post({ grant_type: 'client_credentials' }, { ...basic(client, secret), dpop: proof });
    const { won, errors } = await winners(ask);
    expect(won).to.have.length(1);
    expect(won[0]?.body).to.include({ token_type: 'DPoP' });
    expect([...errors].every((error) => error === 'invalid_dpop_proof' || error === 'invalid_grant')).to.equal(true);
  });
});
