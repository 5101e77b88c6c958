import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { app, challenge, codeOf, person, redeem, tokens } from './person-rig.ts';
import { basic, openRig, type Rig } from './rig.ts';

describe('What an access token itself may ask', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
    await person(rig, 'vera', [{ tenant: 't1', role: 'viewer' }]);
  });
  after(() => rig.close());

  /** A key pair of a client, and the proofs that it makes. */
  async function prover() {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    return (method: string, path: string, token?: string) => {
      const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
      const jti = randomBytes(8).toString('hex');
      return new SignJWT({ htm: method, htu: `${rig.url}/oauth${path}`, jti, ...ath })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey);
    };
  }

  const userinfo = (headers: Record<string, string>) => fetch(`${rig.url}/oauth/userinfo`, { headers });

  it('tells people with a bound token who they are, once per proof', async () => {
    const [client, prove, pkce] = [await app(rig), await prover(), challenge()];
    const code = await codeOf(rig, client, 'vera', pkce);
    const { body } = await redeem(rig, client, code, pkce, { dpop: await prove('POST', '/token') });
    expect(body).to.include({ token_type: 'DPoP' });
    const token = String(body['access_token']);
    const proof = await prove('GET', '/userinfo', token);
    const ask = () => userinfo({ authorization: `DPoP ${token}`, dpop: proof });
    const answer = await ask();
    expect(answer.status).to.equal(200);
    expect(await answer.json()).to.include({ fhirUser: `${rig.url}/t/t1/fhir/v1/Practitioner/p-1` });
    const again = await ask();
    expect(again.status).to.equal(401);
    expect(again.headers.get('www-authenticate')).to.match(/^DPoP algs="ES256 ES384", error="invalid_token"$/);
  });

  it('takes a bound token neither without its proof, nor as Bearer, nor by another key', async () => {
    const [client, prove, pkce] = [await app(rig), await prover(), challenge()];
    const code = await codeOf(rig, client, 'vera', pkce);
    const { body } = await redeem(rig, client, code, pkce, { dpop: await prove('POST', '/token') });
    const token = String(body['access_token']);
    const proofs = {
      none: { authorization: `DPoP ${token}` },
      bearer: { authorization: `Bearer ${token}`, dpop: await prove('GET', '/userinfo', token) },
      'another key': { authorization: `DPoP ${token}`, dpop: await (await prover())('GET', '/userinfo', token) },
      'another path': { authorization: `DPoP ${token}`, dpop: await prove('GET', '/introspect', token) },
      'no token': { authorization: `DPoP ${token}`, dpop: await prove('GET', '/userinfo') },
    };
    for (const [what, headers] of Object.entries(proofs)) {
      expect((await userinfo(headers)).status, what).to.equal(401);
    }
    const plain = String((await tokens(rig, client, 'vera')).body['access_token']);
    const dressed = { authorization: `DPoP ${plain}`, dpop: await prove('GET', '/userinfo', plain) };
    expect((await userinfo(dressed)).status, 'an unbound token').to.equal(401);
  });

  it('is on record: who asked, with which token, and refusals too', async () => {
    const token = String((await tokens(rig, await app(rig), 'vera')).body['access_token']);
    const { client, secret } = await rig.register();
    const own = String(
      (await rig.post({ grant_type: 'client_credentials' }, basic(client, secret))).body['access_token'],
    );
    rig.audited.length = 0;
    await userinfo({ authorization: `Bearer ${token}` });
    await userinfo({ authorization: 'Bearer x' });
    await fetch(`${rig.url}/oauth/introspect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${own}` },
      body: new URLSearchParams({ token }),
    });
    const rows = rig.audited.map((one) => [
      one.interaction,
      one.tenant,
      one.status,
      one.reason,
      one.user !== undefined,
    ]);
    expect(rows).to.deep.equal([
      ['userinfo', 't1', 200, null, true],
      ['userinfo', null, 401, 'invalid_token', false],
      ['introspection', 't1', 200, null, false],
    ]);
    expect(rig.audited[2]).to.include({ client: client.id });
    expect(JSON.stringify(rig.audited)).to.not.contain(token).and.not.contain(own);
  });

  it('is not answered where it cannot be recorded', async () => {
    const token = String((await tokens(rig, await app(rig), 'vera')).body['access_token']);
    rig.auditFails = true;
    const answer = await userinfo({ authorization: `Bearer ${token}` });
    rig.auditFails = false;
    expect(answer.status).to.equal(500);
    expect(await answer.text()).to.not.contain('sub');
  });
});
