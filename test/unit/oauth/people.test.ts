import { expect } from 'chai';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { endTokens } from '../../../server/registry/not-before.ts';
import { browser, logIn } from '../../support/browser.ts';
import {
  app,
  authorizationUrl,
  challenge,
  codeOf,
  password,
  person,
  redeem,
  redirectUri,
  refresh,
  tokens,
} from './person-rig.ts';
import { openRig, type Rig } from './rig.ts';

describe('a person who logs in through an app', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
    await person(rig, 'vera', [{ tenant: 't1', role: 'viewer' }]);
    await person(rig, 'ada', [{ tenant: 't1', role: 'auditor' }]);
    await person(rig, 'zoe', [{ tenant: 't2', role: 'tenant-admin' }]);
    await person(rig, 'pat', [{ tenant: null, role: 'platform-admin' }]);
  });
  after(() => rig.close());

  it('gets a token for the base, an id token and a refresh token', async () => {
    const client = await app(rig);
    const { status, headers, body } = await tokens(rig, client, 'vera');
    expect(status).to.equal(200);
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(headers.get('pragma')).to.equal('no-cache');
    expect(body).to.include({
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'openid fhirUser offline_access user/*.rs',
    });
    const base = `${rig.url}/t/t1/fhir/v1`;
    const claims = decodeJwt(String(body['access_token']));
    expect(claims).to.include({ aud: base, tenant: 't1', client_id: client.id, iss: `${rig.url}/oauth` });
    expect(claims.sub).to.match(/^u_/);
    const keys = createRemoteJWKSet(new URL(`${rig.url}/oauth/jwks`));
    const verified = await jwtVerify(String(body['id_token']), keys, { algorithms: ['RS256'], audience: client.id });
    expect(verified.payload).to.include({ nonce: 'n-1', sub: claims.sub, fhirUser: `${base}/Practitioner/p-1` });
    expect(body['refresh_token']).to.be.a('string');
  });

  it('gives an app what their role allows, and the app hears which', async () => {
    const client = await app(rig);
    const scope = 'openid user/*.rs user/AuditEvent.rs';
    expect((await tokens(rig, client, 'vera', { scope })).body['scope']).to.equal('openid user/*.rs');
    expect((await tokens(rig, client, 'ada', { scope })).body['scope']).to.equal(scope);
  });

  it('gives nothing beyond what the app is registered for', async () => {
    const client = await app(rig, { scope: 'openid user/Practitioner.rs' });
    for (const scope of [
      'user/*.rs',
      'user/Practitioner.cruds',
      'system/Practitioner.rs',
      'openid offline_access',
      'x',
    ]) {
      const page = await browser(rig.url).open(authorizationUrl(rig, client, challenge(), { scope, nonce: undefined }));
      expect(page.away?.searchParams.get('error'), scope).to.equal('invalid_scope');
    }
  });

  it('is refused where they have no role, whatever they are elsewhere', async () => {
    const client = await app(rig);
    for (const name of ['zoe', 'pat', 'nobody']) {
      const at = browser(rig.url);
      const page = await at.open(authorizationUrl(rig, client, challenge()));
      const again = await at.submit(page, { username: name, password, action: 'login' });
      expect(again.status, name).to.equal(401);
      expect(again.html).to.contain('no access');
    }
  });

  it('is asked by pages that run no scripts, stand in no frame and are kept nowhere', async () => {
    const client = await app(rig, { name: '<script>alert(1)</script>' });
    const page = await browser(rig.url).open(authorizationUrl(rig, client, challenge()));
    expect(page.html).to.contain('&lt;script&gt;').and.not.contain('<script>');
    expect(page.headers.get('cache-control')).to.equal('no-store');
    expect(page.headers.get('content-security-policy'))
      .to.contain("frame-ancestors 'none'")
      .and.contain("form-action 'self' https://app.example");
  });

  it('may refuse, in the login and in the consent', async () => {
    const client = await app(rig);
    const at = browser(rig.url);
    const page = await at.open(authorizationUrl(rig, client, challenge()));
    expect((await at.submit(page, { action: 'cancel' })).away?.searchParams.get('error')).to.equal('access_denied');
    const second = await at.open(authorizationUrl(rig, client, challenge()));
    const asked = await at.submit(second, { username: ' Vera', password, action: 'login' });
    expect(asked.html).to.contain('Allow');
    const { away } = await at.submit(asked, { action: 'cancel' });
    expect(away?.searchParams.get('error')).to.equal('access_denied');
    expect(away?.searchParams.get('state')).to.equal('s-1');
  });

  it('has no password guessed: after ten failures the right one waits as well', async () => {
    await person(rig, 'gus', [{ tenant: 't1', role: 'viewer' }]);
    const client = await app(rig);
    const at = browser(rig.url);
    let page = await at.open(authorizationUrl(rig, client, challenge()));
    for (let n = 0; n < 10; n += 1) page = await at.submit(page, { username: 'gus', password: 'x', action: 'login' });
    page = await at.submit(page, { username: 'gus', password, action: 'login' });
    expect(page.status).to.equal(401);
    expect(rig.audited.at(-1)).to.include({ interaction: 'login', reason: 'too-many-failures' });
  });

  it('cannot be led through a login that another browser began, nor by a form of another site', async () => {
    const client = await app(rig);
    const at = browser(rig.url);
    const page = await at.open(authorizationUrl(rig, client, challenge()));
    const form = { username: 'vera', password, action: 'login' };
    expect((await browser(rig.url).submit(page, form)).status).to.equal(400);
    expect((await at.submit(page, form, { origin: 'https://evil.example' })).status).to.equal(400);
  });

  for (const [what, change] of Object.entries({
    'without PKCE': { code_challenge: undefined, code_challenge_method: undefined },
    'with a plain challenge': { code_challenge_method: 'plain' },
    'without aud': { aud: undefined },
    'with the aud of another tenant': { aud: 'https://fhir.example/t/t2/fhir/v1' },
    'with an aud and another resource': { resource: 'https://fhir.example/t/t2/fhir/v1' },
    'for an implicit token': { response_type: 'token' },
  })) {
    it(`is not even asked by a request ${what}`, async () => {
      const client = await app(rig);
      const { away, html } = await browser(rig.url).open(authorizationUrl(rig, client, challenge(), change));
      expect(away?.searchParams.get('error') ?? away?.hash, html).to.match(/invalid_|unsupported|unauthorized/);
      expect(away?.searchParams.get('code') ?? null).to.equal(null);
    });
  }

  it('is never sent to an address that the app did not register', async () => {
    const client = await app(rig);
    for (const uri of ['https://evil.example/', `${redirectUri}/`, `${redirectUri}?x=1`]) {
      const page = await browser(rig.url).open(authorizationUrl(rig, client, challenge(), { redirect_uri: uri }));
      expect(page.away, uri).to.equal(undefined);
      expect(page.status).to.equal(400);
    }
  });

  it('may come by POST, as SMART apps may', async () => {
    const client = await app(rig);
    const url = new URL(authorizationUrl(rig, client, challenge()));
    const at = browser(rig.url);
    const start = { url: `${rig.url}/oauth/auth`, status: 0, html: '', headers: new Headers(), away: undefined };
    const page = await at.submit(start, Object.fromEntries(url.searchParams));
    expect(page.html).to.contain('name="password"');
  });

  it('gives a code that is good once, for its verifier, redirect URI and client', async () => {
    const client = await app(rig);
    const other = await app(rig);
    const pkce = challenge();
    const code = await codeOf(rig, client, 'vera', pkce);
    expect((await redeem(rig, client, code, challenge())).body['error']).to.equal('invalid_grant');
    expect((await redeem(rig, other, code, pkce)).body['error']).to.equal('invalid_grant');
    const first = await redeem(rig, client, code, pkce);
    expect(first.status).to.equal(200);
    expect((await redeem(rig, client, code, pkce)).body['error']).to.equal('invalid_grant');
    // Whoever came second may have stolen it, or the first one did: everything of that login ends.
    expect((await refresh(rig, client, first.body['refresh_token'])).body['error']).to.equal('invalid_grant');
    const { grant_id: grant } = decodeJwt(String(first.body['access_token']));
    expect(rig.snapshot.revoked(`grant/${grant}`)).to.equal(true);
  });

  it('stays logged in by refresh tokens that change each time', async () => {
    const client = await app(rig);
    const first = await tokens(rig, client, 'vera');
    const second = await refresh(rig, client, first.body['refresh_token']);
    expect(second.status).to.equal(200);
    expect(second.body['scope']).to.equal(first.body['scope']);
    expect(second.body['refresh_token']).to.not.equal(first.body['refresh_token']);
    const less = await refresh(rig, client, second.body['refresh_token'], { scope: 'openid user/*.rs' });
    expect(less.body['scope']).to.equal('openid user/*.rs');
    expect((await refresh(rig, client, second.body['refresh_token'])).body['error']).to.equal('invalid_grant');
    expect((await refresh(rig, client, less.body['refresh_token'])).body['error']).to.equal('invalid_grant');
    const { grant_id: grant } = decodeJwt(String(less.body['access_token']));
    expect(rig.snapshot.revoked(`grant/${grant}`)).to.equal(true);
  });

  it('gets nothing more by a refresh token once they are disabled or have lost the role', async () => {
    const user = await person(rig, 'tim', [{ tenant: 't1', role: 'auditor' }]);
    const client = await app(rig);
    const scope = 'openid offline_access user/Practitioner.r user/AuditEvent.r';
    const first = await tokens(rig, client, 'tim', { scope });
    expect(first.body['scope']).to.equal(scope);
    await rig.users.put({ ...user, memberships: [{ tenant: 't1', role: 'viewer' }] });
    const second = await refresh(rig, client, first.body['refresh_token']);
    expect(second.body['scope']).to.equal('openid offline_access user/Practitioner.r');
    await rig.users.put({ ...user, memberships: [] });
    expect((await refresh(rig, client, second.body['refresh_token'])).status).to.equal(400);
    await rig.users.put({ ...user, status: 'disabled' });
    const at = logIn(browser(rig.url), authorizationUrl(rig, client, challenge()), 'tim', password);
    expect(await at.then(String, String)).to.contain('401');
  });

  it('is asked who they are again, and gets nothing by a refresh token, from before an epoch of theirs', async () => {
    const user = await person(rig, 'eve', [{ tenant: 't1', role: 'viewer' }]);
    const client = await app(rig);
    const at = browser(rig.url);
    const pkce = challenge();
    const back = await logIn(at, authorizationUrl(rig, client, pkce), 'eve', password);
    const { body } = await redeem(rig, client, back.searchParams.get('code') ?? '', pkce);
    expect((await at.open(authorizationUrl(rig, client, challenge()))).html).to.contain('Allow');
    await endTokens(rig.store.system.documents, 'user', user.id, new Date());
    await rig.snapshot.refresh();
    expect((await refresh(rig, client, body['refresh_token'])).body['error']).to.equal('invalid_grant');
    expect((await at.open(authorizationUrl(rig, client, challenge()))).html).to.contain('name="password"');
  });

  it('stands in the audit by id, with login, consent and tokens, and without name or password', async () => {
    rig.audited.length = 0;
    const { body } = await tokens(rig, await app(rig), 'vera');
    const { sub, jti } = decodeJwt(String(body['access_token']));
    const rows = rig.audited.map(({ interaction, user, status }) => [interaction, user, status]);
    expect(rows).to.deep.equal([
      ['login', sub, 200],
      ['consent', sub, 200],
      ['token', sub, 200],
    ]);
    expect(rig.audited.at(-1)).to.include({ jti });
    expect(JSON.stringify(rig.audited)).to.not.contain('vera').and.not.contain(password);
  });

  it('is told who they are at userinfo', async () => {
    const { body } = await tokens(rig, await app(rig), 'vera');
    const ask = (token: unknown) =>
      fetch(`${rig.url}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    const answer = await ask(body['access_token']);
    expect(await answer.json()).to.deep.equal({
      sub: decodeJwt(String(body['access_token'])).sub,
      fhirUser: `${rig.url}/t/t1/fhir/v1/Practitioner/p-1`,
    });
    expect((await ask('x')).status).to.equal(401);
  });
});
