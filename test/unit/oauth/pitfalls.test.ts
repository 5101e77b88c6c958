import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { newRegistrationToken } from '../../../server/auth/registration-token.ts';
import { rotateSigningKeys, signingKeyRing } from '../../../server/oauth/signing-keys.ts';
import { registrationTokens } from '../../../server/registry/registration-tokens.ts';
import { browser } from '../../support/browser.ts';
import { app, authorizationUrl, challenge, person, redirectUri, refresh, tokens } from './person-rig.ts';
import { assertionForm, basic, keyPair, keys, openRig, type Rig } from './rig.ts';

const grant = { grant_type: 'client_credentials' } as const;

/** What the library does of itself that a SMART server of many tenants must not: each stays handled. */
describe('pitfalls of the authorization server’s library', () => {
  let rig: Rig;
  let bearer: () => Promise<string>;
  before(async () => {
    rig = await openRig();
    await person(rig, 'vera', [{ tenant: 't1', role: 'viewer' }]);
    bearer = async () => {
      const now = new Date();
      const wish = { tenant: 't1', scope: 'system/*.rs', contracts: ['v1'], uses: 1 };
      const expiresAt = new Date(now.getTime() + 60_000).toISOString();
      const { token, text } = newRegistrationToken({ ...wish, expiresAt }, now.toISOString());
      await registrationTokens(rig.store.system.documents).add(token);
      return text;
    };
  });
  after(() => rig.close());

  const call = async (path: string, init: RequestInit) => {
    const answer = await fetch(`${rig.url}/oauth/${path}`, { redirect: 'manual', ...init });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json') === true;
    return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
  };
  const register = async (body: object, token?: string) =>
    call('reg', {
      method: 'POST',
      headers: { authorization: `Bearer ${token ?? (await bearer())}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    call(path, { method: 'POST', headers, body: new URLSearchParams(form) });

  it('P1: assertions are signed with RS384, ES384 or RS512', async () => {
    for (const alg of ['RS384', 'ES384', 'RS512'] as const) {
      const pair = keyPair(alg);
      const { client } = await rig.register({ jwks: pair.jwks });
      expect((await rig.post(await assertionForm(rig, client, pair))).status, alg).to.equal(200);
    }
  });

  it('P2: a registration takes SMART scopes and answers with them', async () => {
    expect((await register({ scope: 'system/Location.rs' })).body).to.include({ scope: 'system/Location.rs' });
  });

  it('P3: a scope that the ceiling covers without naming it is granted, an unknown one refuses all', async () => {
    const { client, secret } = await rig.register({ scope: 'system/*.rs' });
    const ask = (scope: string) => rig.post({ ...grant, scope }, basic(client, secret));
    expect((await ask('system/Location.r')).body['scope']).to.equal('system/Location.r');
    expect((await ask('system/Location.r what')).body['error']).to.equal('invalid_scope');
  });

  it('P4, P5, P16: scopes, openid and offline access survive code and refresh without a prompt', async () => {
    const client = await app(rig);
    const scope = 'openid offline_access user/Location.r';
    const first = await tokens(rig, client, 'vera', { scope });
    expect(first.body).to.include({ scope });
    expect(decodeJwt(String(first.body['access_token']))).to.include({ scope });
    expect((await refresh(rig, client, first.body['refresh_token'])).body).to.include({ scope });
  });

  it('P6: a request that names no resource keeps its scopes', async () => {
    const { client, secret } = await rig.register();
    const { body } = await rig.post({ ...grant, scope: 'system/Location.r' }, basic(client, secret));
    expect(decodeJwt(String(body['access_token']))).to.include({
      scope: 'system/Location.r',
      aud: `${rig.url}/t/t1/fhir/v1`,
    });
  });

  it('P7: access tokens that are JWTs are introspected and revoked', async () => {
    const { client, secret } = await rig.register();
    const own = basic(client, secret);
    const token = String((await rig.post(grant, own)).body['access_token']);
    expect((await post('introspect', { token }, own)).body).to.include({ active: true });
    expect((await post('revoke', { token }, own)).status).to.equal(200);
    expect((await post('introspect', { token }, own)).body).to.deep.equal({ active: false });
  });

  it('P8: a refresh token is looked into by its own client alone', async () => {
    const { client, secret } = await rig.register({ tenant: 't2' });
    const { body } = await tokens(rig, await app(rig), 'vera');
    const answer = await post('introspect', { token: String(body['refresh_token']) }, basic(client, secret));
    expect(answer.body).to.deep.equal({ active: false });
  });

  it('P9: of parallel replays one gets through', async () => {
    const pair = keyPair('ES384');
    const { client } = await rig.register({ jwks: pair.jwks });
    const form = await assertionForm(rig, client, pair);
    const answers = await Promise.all(Array.from({ length: 10 }, () => rig.post(form)));
    expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
  });

  it('P10, P11: an assertion lives five minutes and names the token endpoint, not what a Host header made up', async () => {
    const pair = keyPair('ES384');
    const { client } = await rig.register({ jwks: pair.jwks });
    const exp = Math.floor(Date.now() / 1000) + 320;
    for (const claims of [{ exp }, { aud: `${rig.url}/oauth` }, { aud: 'https://evil.example/oauth/token' }]) {
      expect((await rig.post(await assertionForm(rig, client, pair, claims))).status).to.equal(401);
    }
    const spoofed = await call('.well-known/openid-configuration', { headers: { 'x-forwarded-host': 'evil.example' } });
    expect(spoofed.body.token_endpoint).to.equal(`${rig.url}/oauth/token`);
  });

  it('P12: a registration with keys that says no method gets no secret', async () => {
    const { body } = await register({ jwks: keyPair('ES384').jwks });
    expect(body).to.not.have.property('client_secret');
    expect(body).to.include({ token_endpoint_auth_method: 'private_key_jwt' });
  });

  it('P13: a registration token is good as often as it says', async () => {
    const token = await bearer();
    expect((await register({}, token)).status).to.equal(201);
    expect((await register({}, token)).status).to.equal(401);
  });

  it('P14: a management token at another client’s address is refused, and keeps its own', async () => {
    const [a, b] = [(await register({})).body, (await register({})).body];
    const headers = { authorization: `Bearer ${a.registration_access_token}` };
    expect((await fetch(b.registration_client_uri, { headers })).status).to.equal(401);
    expect((await fetch(a.registration_client_uri, { headers })).status).to.equal(200);
  });

  it('P15: a login whose request was amended resumes below the mount path', async () => {
    const start = await call(authorizationUrl(rig, await app(rig), challenge()).split('/oauth/')[1] ?? '', {});
    expect(start.headers.get('location')).to.match(/^\/oauth\/interaction\//);
    expect(start.headers.getSetCookie().join()).to.contain('path=/oauth/auth/').and.contain('path=/oauth/interaction/');
  });

  it('P17: answers of the token endpoint and of revocation are kept nowhere, errors included', async () => {
    const { client, secret } = await rig.register();
    const own = basic(client, secret);
    const asked = [rig.post(grant, own), rig.post(grant, basic(client, 'wrong')), post('revoke', { token: 'x' }, own)];
    for (const { headers } of await Promise.all(asked)) {
      expect([headers.get('cache-control'), headers.get('pragma')]).to.deep.equal(['no-store', 'no-cache']);
    }
  });

  it('P18: aud is asked for and becomes the audience', async () => {
    const client = await app(rig, { contracts: ['v1', 'v2'] });
    const aud = `${rig.url}/t/t1/fhir/v2`;
    const { body } = await tokens(rig, client, 'vera', { aud });
    expect(decodeJwt(String(body['access_token'])).aud).to.equal(aud);
    const page = await browser(rig.url).open(authorizationUrl(rig, client, challenge(), { aud: undefined }));
    expect(page.away?.searchParams.get('error')).to.equal('invalid_request');
  });

  it('P19: launch contexts, which are not offered, are refused instead of ignored', async () => {
    const scope = 'openid launch/patient';
    const page = await browser(rig.url).open(authorizationUrl(rig, await app(rig), challenge(), { scope }));
    expect(page.away?.searchParams.get('error')).to.equal('invalid_scope');
  });

  it('P20: no key set is fetched from inside our network, by whatever name', async () => {
    let hits = 0;
    const inside = createServer((_request, response) => response.end('{"keys":[]}'));
    // A connection is a hit: what stands inside may not speak TLS.
    inside.on('connection', () => {
      hits += 1;
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    const { port } = inside.address() as AddressInfo;
    try {
      const pair = keyPair('ES384');
      for (const host of ['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]', '0.0.0.0', '169.254.169.254']) {
        const { client } = await rig.register({ jwksUri: `https://${host}:${port}/jwks` });
        expect((await rig.post(await assertionForm(rig, client, pair))).status, host).to.equal(401);
      }
      expect(hits).to.equal(0);
    } finally {
      inside.close();
    }
  });

  it('P21: signing keys change while it runs, and tokens of the old one stay good', async () => {
    const documents = rig.store.system.documents;
    let now = Date.now();
    const clock = { now: () => new Date(now) };
    const ring = await signingKeyRing(documents, keys, clock);
    const { client, secret } = await rig.register();
    const own = basic(client, secret);
    const issue = async () => String((await rig.post(grant, own)).body['access_token']);
    const old = await issue();
    await rotateSigningKeys(documents, keys, clock, false);
    now += 300_000;
    await ring.refresh();
    rig.signing = ring.current();
    const next = await issue();
    const kid = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
    expect(kid(next)).to.not.equal(kid(old));
    for (const token of [old, next])
      expect((await post('introspect', { token }, own)).body).to.include({ active: true });
  });

  it('P22: a browser app reads the token endpoint’s answers at its own origin, nobody else does', async () => {
    const { id } = await app(rig);
    const { client, secret } = await rig.register({ scope: 'user/*.rs', redirectUris: [redirectUri] });
    const own = new URL(redirectUri).origin;
    const form = { grant_type: 'refresh_token', refresh_token: 'x' };
    for (const [more, headers] of [[{ client_id: id }, {}] as const, [{}, basic(client, secret)] as const]) {
      const allowed = async (origin: string) =>
        (await post('token', { ...form, ...more }, { ...headers, origin })).headers.get('access-control-allow-origin');
      expect(await allowed(own)).to.equal(own);
      expect(await allowed('https://evil.example')).to.equal(null);
    }
  });

  it('P23: a refusal tells the client one thing and the audit which', async () => {
    const { client } = await rig.register();
    rig.audited.length = 0;
    const { body } = await rig.post(grant, basic(client, 'wrong'));
    expect(JSON.stringify(body)).to.not.contain('secret');
    expect(rig.audited.at(-1)?.reason).to.contain('invalid secret');
  });

  it('P24: the library reads bodies itself and warns of nothing', async () => {
    const { client, secret } = await rig.register();
    const said = await warnings(async () => {
      await post('introspect', { token: 'a.b.c' }, basic(client, secret));
      expect((await post('token', grant, basic(client, secret))).status).to.equal(200);
    });
    expect(said).to.not.contain('already parsed');
  });

  it('P25: there are no pages of the library’s own', async () => {
    const said = await warnings(async () => {
      // Other keys: the library is built anew, and says what it has of its own.
      rig.signing = { ...rig.signing };
      expect((await call('session/end', {})).status).to.equal(404);
    });
    expect(said).to.not.contain('oidc-provider WARNING');
    const error = await call('auth?client_id=nobody', {});
    expect(error.headers.get('content-type')).to.contain('json');
  });

  it('P26: more clients than the library remembers get their tokens all the same', async () => {
    const registered = await Promise.all(Array.from({ length: 120 }, () => rig.register()));
    const answers = await Promise.all(registered.map(({ client, secret }) => rig.post(grant, basic(client, secret))));
    expect(answers.every(({ status }) => status === 200)).to.equal(true);
  });
});

/** What is written on standard error meanwhile. */
async function warnings(work: () => Promise<void>): Promise<string> {
  const said: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = ((text: string) => said.push(text) > 0) as typeof write;
  try {
    await work();
  } finally {
    process.stderr.write = write;
  }
  return said.join('');
}
