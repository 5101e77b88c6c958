import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { tokenEndpoint } from '../../../server/auth/base.ts';
import { app, person, tokens } from './person-rig.ts';
import { assertionForm, basic, keyPair, openRig, type Rig } from './rig.ts';

const grant = { grant_type: 'client_credentials' } as const;

describe('introspection and revocation of access tokens', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
    await person(rig, 'vera', [{ tenant: 't1', role: 'viewer' }]);
  });
  after(() => rig.close());

  const send = async (path: string, form: Record<string, string>, headers: Record<string, string>) => {
    const answer = await fetch(`${rig.url}/oauth/${path}`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(form),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
  };

  const fresh = async (tenant = 't1', scope = 'system/*.rs') => {
    const { client, secret } = await rig.register({ tenant, scope });
    const { body } = await rig.post(grant, basic(client, secret));
    return { client, secret, own: basic(client, secret), token: String(body['access_token']) };
  };

  it('tell another client of the same tenant what the token is', async () => {
    const { token, client } = await fresh();
    const { own } = await fresh();
    const { status, headers, body } = await send('introspect', { token }, own);
    expect(status).to.equal(200);
    expect(headers.get('cache-control')).to.equal('no-store');
    const { jti, exp, iat } = decodeJwt(token);
    expect(body).to.deep.equal({
      ...{
        active: true,
        scope: 'system/*.rs',
        client_id: client.id,
        sub: client.id,
        tenant: 't1',
        token_type: 'Bearer',
      },
      ...{ jti, exp, iat, aud: `${rig.url}/t/t1/fhir/v1`, iss: `${rig.url}/oauth` },
    });
  });

  it('say of a token of another tenant, of nobody or of the past the one thing', async () => {
    const { own } = await fresh();
    const foreign = await fresh('t2');
    const gone = await fresh();
    await rig.clients.put({ ...gone.client, status: 'disabled' });
    await rig.snapshot.refresh();
    const [head, body] = foreign.token.split('.');
    for (const token of [foreign.token, gone.token, `${head}.${body}.AAAA`, 'x.y.z', 'opaque', '']) {
      const answer = await send('introspect', { token }, own);
      if (token === '') expect(answer.status).to.equal(400);
      else expect(answer, token).to.deep.include({ status: 200, body: { active: false } });
    }
  });

  it('are for those who authenticate: by secret, by assertion, by an access token of their own', async () => {
    const { token, client } = await fresh();
    expect((await send('introspect', { token }, {})).status).to.equal(400);
    expect((await send('introspect', { token }, basic(client, 'wrong'))).status).to.equal(401);
    expect((await send('introspect', { token, client_id: (await app(rig)).id }, {})).body).to.deep.equal({
      active: false,
    });
    const asked = await send('introspect', { token }, { authorization: `Bearer ${token}` });
    expect(asked.body).to.include({ active: true, client_id: client.id });
    const foreign = await fresh('t2');
    const other = await send('introspect', { token }, { authorization: `Bearer ${foreign.token}` });
    expect(other.body).to.deep.equal({ active: false });
    expect((await send('introspect', { token }, { authorization: 'Bearer x' })).status).to.equal(401);
    const pair = keyPair('ES384');
    const registered = await rig.register({ jwks: pair.jwks });
    const {
      grant_type: _,
      scope: __,
      ...proof
    } = await assertionForm(rig, registered.client, pair, {
      aud: tokenEndpoint(rig.url),
    });
    expect((await send('introspect', { ...proof, token }, {})).body).to.include({ active: true });
  });

  it('end a token everywhere, for its own client alone', async () => {
    const { token, own, client } = await fresh();
    const { own: other } = await fresh();
    const active = async () => (await send('introspect', { token }, other)).body.active;
    expect((await send('revoke', { token }, other)).status).to.equal(200);
    expect((await send('revoke', { token }, (await fresh('t2')).own)).status).to.equal(200);
    expect((await send('revoke', { token }, basic(client, 'wrong'))).status).to.equal(401);
    expect(await active()).to.equal(true);
    const answer = await send('revoke', { token, token_type_hint: 'access_token' }, own);
    expect(answer).to.deep.include({ status: 200, body: undefined });
    expect(await active()).to.equal(false);
    expect(rig.snapshot.revoked(String(decodeJwt(token).jti))).to.equal(true);
    expect((await send('revoke', { token }, own)).status).to.equal(200);
  });

  it('end everything of a login with its refresh token', async () => {
    const client = await app(rig);
    const { body } = await tokens(rig, client, 'vera');
    const { own } = await fresh();
    const token = String(body['access_token']);
    const seen = (await send('introspect', { token }, own)).body;
    expect(seen).to.include({ active: true, fhirUser: `${rig.url}/t/t1/fhir/v1/Practitioner/p-1` });
    const refreshToken = String(body['refresh_token']);
    expect((await send('introspect', { token: refreshToken }, own)).body).to.deep.equal({ active: false });
    expect((await send('revoke', { token: refreshToken, client_id: client.id }, {})).status).to.equal(200);
    expect((await send('introspect', { token }, own)).body).to.deep.equal({ active: false });
  });

  it('end what was issued before an epoch of its client or tenant', async () => {
    const { token, client, own } = await fresh('t2');
    const { endTokens } = await import('../../../server/registry/not-before.ts');
    await endTokens(rig.store.system.documents, 'client', client.id, new Date(Date.now() + 1000));
    await rig.snapshot.refresh();
    expect((await send('introspect', { token }, own)).body).to.deep.equal({ active: false });
  });

  it('are in the audit, without the token', async () => {
    const { token, own, client } = await fresh();
    rig.audited.length = 0;
    await send('introspect', { token }, own);
    await send('revoke', { token }, own);
    expect(rig.audited.map(({ interaction }) => interaction)).to.deep.equal(['introspection', 'revocation']);
    expect(rig.audited[0]).to.include({ client: client.id, tenant: 't1', status: 200 });
    expect(JSON.stringify(rig.audited)).to.not.contain(token);
  });
});
