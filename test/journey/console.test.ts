import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { newClient, plainSecret } from '../../server/auth/new-client.ts';
import { hashPassword } from '../../server/auth/password.ts';
import type { Membership } from '../../server/auth/user.ts';
import { userRegistry } from '../../server/registry/users.ts';
import { type AdminRig, adminRig } from '../support/admin-rig.ts';
import { type Browser, browser, logIn, type Page } from '../support/browser.ts';
import { trustX, trustY } from '../support/house-open.ts';
import { smallFile } from '../support/small-files.ts';

const password = 'correct horse battery';

describe('The console', () => {
  let rig: AdminRig;

  before(async function () {
    this.timeout(60_000);
    rig = await adminRig([trustX, { ...trustY, name: 'Other & <Trust>' }]);
    await rig.ingest('first.dat', smallFile('277', 1).text, 'rxx');
    await rig.ingest('second.dat', smallFile('277', 2).text.replace('ASA~1001', 'ASA~9999'), 'rxx');
    await person('ada', [{ tenant: 'rxx', role: 'tenant-admin' }]);
    await person('vera', [
      { tenant: 'rxx', role: 'viewer' },
      { tenant: 'ryy', role: 'tenant-admin' },
    ]);
    await person('nobody', []);
  });
  after(() => rig.close());

  let hashed: string | undefined;
  async function person(name: string, memberships: readonly Membership[]): Promise<void> {
    hashed ??= await hashPassword(password);
    const createdAt = new Date().toISOString();
    const user = { id: `u_${name}`, name, password: hashed, memberships, status: 'active', createdAt } as const;
    await userRegistry(rig.house.store).add(user);
  }

  /** From the console's door through login and consent to its first page. */
  async function signIn(at: Browser, username: string): Promise<Page> {
    const login = await at.open(`${rig.url}/console`);
    expect(login.html).to.contain('name="password"').and.contain('Console');
    const consent = await at.submit(login, { username, password, action: 'login' });
    return consent.html.includes('value="consent"') ? at.submit(consent, { action: 'consent' }) : consent;
  }

  it('logs people in through the authorization server and shows the tenants that are theirs', async () => {
    const at = browser(rig.url);
    const home = await signIn(at, 'ada');
    expect(new URL(home.url).pathname).to.equal('/console');
    expect(home.html).to.contain('Example Trust').and.not.contain('Other');
    const both = await signIn(browser(rig.url), 'vera');
    expect(both.html).to.contain('Example Trust').and.contain('Other &amp; &lt;Trust&gt;');
  });

  it('shows files with states and counts, open exceptions and clients, without anybody’s name', async () => {
    await rig.token('rxx', 'system/*.rs');
    const at = browser(rig.url);
    await signIn(at, 'ada');
    const files = await at.open(`${rig.url}/console/t/rxx`);
    expect(files.status).to.equal(200);
    expect(files.html).to.match(/first\.dat<\/td><td><strong class="tag">applied/);
    const exceptions = await at.open(`${rig.url}/console/t/rxx/exceptions`);
    expect(exceptions.html).to.contain('person-missing').and.contain('assignment/5001');
    const clients = await at.open(`${rig.url}/console/t/rxx/clients`);
    expect(clients.html).to.contain('system/*.rs').and.contain('client_secret_basic');
    for (const { html } of [files, exceptions, clients]) expect(html).to.not.match(/Name[12]|Ann|<script/);
  });

  it('shows nobody more than their role in that tenant, and tenants of others as if they were not there', async () => {
    const at = browser(rig.url);
    await signIn(at, 'vera');
    expect((await at.open(`${rig.url}/console/t/rxx/files`)).html).to.contain('first.dat');
    expect((await at.open(`${rig.url}/console/t/rxx/clients`)).html).to.contain('Your role does not show this');
    expect((await at.open(`${rig.url}/console/t/ryy/clients`)).status).to.equal(200);
    const ada = browser(rig.url);
    await signIn(ada, 'ada');
    const foreign = await ada.open(`${rig.url}/console/t/ryy/files`);
    const never = await ada.open(`${rig.url}/console/t/never/files`);
    expect([foreign.status, foreign.html]).to.deep.equal([never.status, never.html]);
    expect(foreign.status).to.equal(404);
  });

  it('lets in nobody without a role, nor with a cookie of their own making', async () => {
    const at = browser(rig.url);
    const refused = await signIn(at, 'nobody');
    expect(refused.status).to.equal(401);
    const forged = Buffer.from(JSON.stringify({ userId: 'u_ada', endsAt: 9e9, adminScopes: [] })).toString('base64url');
    for (const cookie of [`esr-fhir-console=${forged}`, `esr-fhir-console=${forged}.c2lnbmVk`]) {
      const answer = await fetch(`${rig.url}/console`, { headers: { cookie }, redirect: 'manual' });
      expect(answer.headers.get('location'), cookie).to.equal('/console/sign-in');
    }
    const stray = await at.open(`${rig.url}/console/callback?code=x&state=y`);
    expect(stray.status).to.equal(403);
  });

  it('forgets a person when they sign out, lose their role or are disabled', async () => {
    const away = browser(rig.url);
    await signIn(away, 'ada');
    const files = await away.open(`${rig.url}/console/t/rxx`);
    const out = await away.submit({ ...files, url: `${rig.url}/console/sign-out` }, {});
    expect(out.html).to.contain('You are signed out');
    expect((await away.open(`${rig.url}/console/t/rxx`)).html).to.contain('name="password"');
    const at = browser(rig.url);
    await signIn(at, 'vera');
    const users = userRegistry(rig.house.store);
    await users.put({ ...(await users.get('vera')), memberships: [{ tenant: 'ryy', role: 'viewer' }] });
    await rig.server.snapshot.refresh();
    expect((await at.open(`${rig.url}/console`)).html).to.not.contain('Example Trust');
    await users.put({ ...(await users.get('vera')), status: 'disabled' });
    await rig.server.snapshot.refresh();
    expect((await at.open(`${rig.url}/console`)).html).to.contain('name="password"');
  });

  it('serves pages that run nothing, stand in no frame and are kept nowhere, and a cookie that no script reads', async () => {
    const answer = await fetch(`${rig.url}/console/sign-in`, { redirect: 'manual' });
    const [state = ''] = answer.headers.getSetCookie();
    expect(state)
      .to.match(/HttpOnly/)
      .and.match(/SameSite=Lax/i);
    const to = new URL(answer.headers.get('location') ?? '');
    expect(to.searchParams.get('code_challenge_method')).to.equal('S256');
    expect(to.searchParams.get('resource')).to.equal(`${rig.url}/admin/v1`);
    const page = await fetch(`${rig.url}/console/callback`);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy)
      .to.match(/default-src 'none'; style-src 'sha256-/)
      .and.match(/frame-ancestors 'none'/);
    expect(policy).to.not.contain('unsafe');
    expect(page.headers.get('cache-control')).to.equal('no-store');
    expect(page.headers.get('x-content-type-options')).to.equal('nosniff');
  });

  it('is on record: each look at a tenant is a request of the person', async () => {
    const at = browser(rig.url);
    await signIn(at, 'ada');
    await at.open(`${rig.url}/console/t/rxx/exceptions`);
    const rows = (await rig.store('rxx').audit.scan({ descending: true, count: 3 })).map(({ bytes }) =>
      JSON.parse(bytes),
    );
    expect(rows.map(({ i, u, c }) => [i, u, c])).to.deep.include(['list-exceptions', 'u_ada', 'console']);
  });

  it('is one of many: any app of the management API gets a person’s token, bounded by their roles', async () => {
    const redirect = 'https://app.example/back';
    const scope = 'admin/files.read admin/clients.write admin/tenants.write';
    const wish = {
      name: 'App',
      tenant: null,
      admin: true,
      scope,
      contracts: [],
      redirectUris: [redirect],
      public: true,
    };
    const { client } = newClient(wish, rig.house.keys, new Date().toISOString());
    await rig.house.clients.add(client);
    const resource = `${rig.url}/admin/v1`;
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const asked = new URLSearchParams({
      ...{ response_type: 'code', client_id: client.id, redirect_uri: redirect, scope, aud: resource, resource },
      ...{ code_challenge: challenge, code_challenge_method: 'S256', state: 's' },
    });
    const back = await logIn(browser(rig.url), `${rig.url}/oauth/auth?${asked}`, 'ada', password);
    const form = { grant_type: 'authorization_code', code: back.searchParams.get('code') ?? '', client_id: client.id };
    const answer = await fetch(`${rig.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...form, redirect_uri: redirect, code_verifier: verifier }),
    });
    const body = (await answer.json()) as { access_token: string; scope: string };
    expect(body.scope.split(' ')).to.have.members(['admin/files.read', 'admin/clients.write']);
    const get = async (path: string) => (await rig.call('GET', `/admin/v1/tenants/${path}`, body.access_token)).status;
    expect(await get('rxx/files')).to.equal(200);
    expect(await get('rxx/clients'), 'writing is not reading').to.equal(403);
    expect(await get('ryy/files')).to.equal(404);
  });

  it('has a client that can do nothing by itself', async () => {
    const client = await rig.house.clients.get('console', null);
    expect(client.redirectUris).to.deep.equal([`${rig.url}/console/callback`]);
    const secret = plainSecret(client, rig.house.keys) ?? '';
    const answer = await fetch(`${rig.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`console:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    expect(answer.status).to.equal(400);
  });
});
