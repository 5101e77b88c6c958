import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import * as oidc from 'openid-client';
import { newClient } from '../../server/auth/new-client.ts';
import { hashPassword } from '../../server/auth/password.ts';
import type { User } from '../../server/auth/user.ts';
import { present } from '../../server/core/assert.ts';
import { randomId } from '../../server/core/id.ts';
import { userRegistry } from '../../server/registry/users.ts';
import { browser, logIn } from '../support/browser.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { serveTestHouse, type TestServer } from '../support/house-server.ts';
import { fileOf } from '../support/journey-vector.ts';
import { keyPair } from '../unit/oauth/rig.ts';

const password = 'correct horse battery';

interface Bundle {
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry: readonly { readonly resource: { readonly id: string; readonly resourceType: string } }[];
}

/** The libraries that vendors use, each through its own flow against a running server. */
describe('client libraries', () => {
  let house: TestHouse;
  let server: TestServer;
  let base = '';

  before(async function setUp() {
    this.timeout(60_000);
    house = await testHouse([trustX]);
    const people = Array.from({ length: 5 }, (_, n) => [
      { PRA: { 2: `${n + 1}`, 3: '20200101', 5: `E${n + 1}`, 7: `Name${n}`, 8: 'Ann' } },
      { ASA: { 2: `${n + 1}`, 3: `${n + 11}`, 4: '20200101', 6: '20200101', 8: `N${n}`, 10: 'Active Assignment' } },
    ]).flat();
    const { name, text } = fileOf({ kind: 'full', sequence: 1, to: '20260401 000000', vpd: '277', rows: people });
    const [report] = await house.ingest(name, text, 'rxx');
    expect(report).to.include({ state: 'applied', quarantined: 0 });
    server = await serveTestHouse(house);
    base = `${server.url}/t/rxx/fhir/v1`;
    const user: User = {
      ...{ id: `u_${randomId()}`, name: 'vera', password: await hashPassword(password), status: 'active' },
      ...{ memberships: [{ tenant: 'rxx', role: 'viewer' }], createdAt: new Date().toISOString() },
      practitioners: { rxx: await somePractitioner() },
    };
    await userRegistry(house.house.store).add(user);
  });
  after(async () => {
    await server.stop();
    await house.close();
  });

  const somePractitioner = async () => {
    const token = await server.token(await server.client('rxx', 'system/*.rs'));
    const { entry } = JSON.parse((await server.ask('/t/rxx/fhir/v1/Practitioner', { token })).body) as Bundle;
    return present(entry[0], 'a practitioner').resource.id;
  };

  const registered = async (wish: object) => {
    const common = { name: 'App', tenant: 'rxx', contracts: ['v1'], scope: 'openid fhirUser offline_access user/*.rs' };
    const made = newClient({ ...common, ...wish }, house.house.keys, new Date().toISOString());
    await house.house.clients.add(made.client);
    return made;
  };

  const ids = async (first: string, token: string) => {
    const found: string[] = [];
    for (let url: string | undefined = first; url !== undefined; ) {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      expect(answer.status).to.equal(200);
      const bundle = (await answer.json()) as Bundle;
      found.push(...bundle.entry.map(({ resource }) => resource.id));
      url = bundle.link.find(({ relation }) => relation === 'next')?.url;
    }
    return found;
  };

  it('openid-client: discovery, login with PKCE, id token, userinfo, refresh, introspection, revocation', async () => {
    const redirectUri = 'https://app.example/back';
    const { client, secret } = await registered({
      redirectUris: [redirectUri],
      scope: 'openid fhirUser offline_access user/*.rs system/*.rs',
    });
    const config = await oidc.discovery(
      new URL(`${server.url}/oauth`),
      client.id,
      undefined,
      oidc.ClientSecretBasic(present(secret, 'secret')),
      {
        execute: [oidc.allowInsecureRequests],
      },
    );
    const verifier = oidc.randomPKCECodeVerifier();
    const state = oidc.randomState();
    const nonce = oidc.randomNonce();
    const url = oidc.buildAuthorizationUrl(config, {
      ...{ redirect_uri: redirectUri, scope: 'openid fhirUser offline_access user/*.rs', aud: base, state, nonce },
      ...{ code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    });
    const back = await logIn(browser(server.url), url.href, 'vera', password);
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
    const tokens = await oidc.authorizationCodeGrant(config, back, checks);
    const claims = present(tokens.claims(), 'claims');
    expect(claims['fhirUser']).to.match(/\/t\/rxx\/fhir\/v1\/Practitioner\//);
    expect(await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)).to.include({ sub: claims.sub });
    expect(await ids(`${base}/Practitioner?_count=2`, tokens.access_token)).to.have.length(5);
    const later = await oidc.refreshTokenGrant(config, present(tokens.refresh_token, 'refresh token'));
    expect((await oidc.tokenIntrospection(config, later.access_token)).active).to.equal(true);
    await oidc.tokenRevocation(config, present(later.refresh_token, 'refresh token'));
    expect((await oidc.tokenIntrospection(config, later.access_token)).active).to.equal(false);
    const refused = await fetch(`${base}/Practitioner`, { headers: { authorization: `Bearer ${later.access_token}` } });
    expect(refused.status).to.equal(401);
  });

  it('openid-client: a backend service by private_key_jwt, and a DPoP-bound token', async () => {
    const pair = keyPair('ES384');
    const { client } = await registered({ jwks: pair.jwks, scope: 'system/*.rs' });
    const key = await crypto.subtle.importKey(
      ...([
        'jwk',
        pair.privateKey.export({ format: 'jwk' }),
        { name: 'ECDSA', namedCurve: 'P-384' },
        false,
        ['sign'],
      ] as const),
    );
    const proof = oidc.PrivateKeyJwt(
      { key, kid: pair.kid },
      {
        [oidc.modifyAssertion]: (_header, payload) => {
          payload['aud'] = `${server.url}/oauth/token`;
        },
      },
    );
    const config = await oidc.discovery(new URL(`${server.url}/oauth`), client.id, undefined, proof, {
      execute: [oidc.allowInsecureRequests],
    });
    const plain = await oidc.clientCredentialsGrant(config, { scope: 'system/Practitioner.rs' });
    expect(await ids(`${base}/Practitioner?_count=2`, plain.access_token)).to.have.length(5);
    const dpop = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
    const bound = await oidc.clientCredentialsGrant(config, { scope: 'system/Practitioner.rs' }, { DPoP: dpop });
    expect(bound.token_type).to.equal('dpop');
    const ask = (options?: oidc.DPoPOptions) =>
      oidc
        .fetchProtectedResource(
          config,
          bound.access_token,
          new URL(`${base}/Practitioner?_count=1`),
          'GET',
          null,
          undefined,
          options,
        )
        .then(({ status }) => status);
    expect(await ask({ DPoP: dpop })).to.equal(200);
    const stolen = await fetch(`${base}/Practitioner`, { headers: { authorization: `Bearer ${bound.access_token}` } });
    expect(stolen.status).to.equal(401);
    const unproved = await fetch(`${base}/Practitioner`, { headers: { authorization: `DPoP ${bound.access_token}` } });
    expect(unproved.status).to.equal(401);
    expect(unproved.headers.get('www-authenticate')).to.contain('DPoP realm=');
  });

  it('fhir-kit-client: SMART discovery, a bearer token, search and paging', async () => {
    const { Client } = await import('fhir-kit-client');
    const token = await server.token(await server.client('rxx', 'system/*.rs'));
    const fhir = new Client({ baseUrl: base, bearerToken: token });
    const smart = await fhir.smartAuthMetadata();
    expect(smart.tokenUrl?.href).to.equal(`${server.url}/oauth/token`);
    expect(smart.authorizeUrl?.href).to.equal(`${server.url}/oauth/auth`);
    const found: string[] = [];
    let page = (await fhir.search({ resourceType: 'Practitioner', searchParams: { _count: 2 } })) as unknown as Bundle;
    for (;;) {
      found.push(...page.entry.map(({ resource }) => resource.id));
      if (!page.link.some(({ relation }) => relation === 'next')) break;
      page = (await fhir.nextPage({ bundle: page as never })) as unknown as Bundle;
    }
    expect(new Set(found).size).to.equal(5);
    const read = await fhir.read({ resourceType: 'Practitioner', id: present(found[0], 'an id') });
    expect(read).to.include({ resourceType: 'Practitioner', id: found[0] });
  });

  it('fhirclient: standalone launch of a public app, its user, search and paging', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: its types name a browser
    const smart: any = createRequire(import.meta.url)('fhirclient');
    const stored = new Map<string, unknown>();
    const storage = {
      get: async (key: string) => stored.get(key),
      set: async (key: string, value: unknown) => void stored.set(key, value),
      unset: async (key: string) => stored.delete(key),
    };
    let redirectUri = '';
    let clientId = '';
    let seen: unknown;
    const app = createServer((request: IncomingMessage, response: ServerResponse) => {
      const at = smart(request, response, () => storage);
      const scope = 'openid fhirUser offline_access user/*.rs';
      if (request.url === '/launch') {
        void at.authorize({ clientId, scope, redirectUri, iss: base, pkceMode: 'required' });
        return;
      }
      void at.ready().then(
        async (fhir: { request: (what: string, how: object) => Promise<unknown>; user: { fhirUser: string } }) => {
          const pages = await fhir.request('Practitioner?_count=2', { pageLimit: 0, flat: true });
          seen = { user: fhir.user.fhirUser, pages, me: await fhir.request(fhir.user.fhirUser, {}) };
          response.end('done');
        },
        (error: Error) => response.writeHead(500).end(error.message),
      );
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    try {
      const origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
      redirectUri = `${origin}/back`;
      clientId = (await registered({ redirectUris: [redirectUri], public: true })).client.id;
      const launch = await fetch(`${origin}/launch`, { redirect: 'manual' });
      const toServer = present(launch.headers.get('location'), 'authorization request');
      const back = await logIn(browser(server.url), toServer, 'vera', password);
      const first = await fetch(back, { redirect: 'manual' });
      const done =
        first.headers.get('location') === null
          ? first
          : await fetch(new URL(present(first.headers.get('location'), 'back'), origin));
      expect(await done.text()).to.equal('done');
      const { user, pages, me } = seen as { user: string; pages: { id: string }[]; me: { id: string } };
      expect(pages).to.have.length(5);
      expect(user).to.contain(me.id);
    } finally {
      app.close();
    }
  });
});
