import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { type AdminRig, adminRig } from '../../support/admin-rig.ts';
import { trustX, trustY } from '../../support/house-open.ts';
import { smallFile } from '../../support/small-files.ts';

const rxx = '/admin/v1/tenants/rxx';
const inAYear = '2027-11-23T00:00:00Z';

describe('Tenants, people, clients, audit and lineage in the management API', () => {
  let rig: AdminRig;
  /** Of the platform, and of rxx alone. */
  let platform: string;
  let own: string;

  before(async () => {
    rig = await adminRig([trustX, trustY]);
    const areas = ['tenants', 'users', 'clients'].flatMap((area) => [`admin/${area}.read`, `admin/${area}.write`]);
    platform = await rig.token(null, areas.join(' '));
    own = await rig.token('rxx', [...areas, 'admin/audit.read', 'admin/lineage.read'].join(' '));
    await rig.ingest('1.dat', smallFile('277', 1).text, 'rxx');
  });
  after(() => rig.close());

  const call = (method: string, path: string, body?: object, token = own) =>
    rig.call(method, path, token, body === undefined ? undefined : JSON.stringify(body));

  it('shows a token the tenants that it is good for', async () => {
    const ids = async (token: string) =>
      (await rig.call('GET', '/admin/v1/tenants', token)).body.tenants.map(({ id }: { id: string }) => id);
    expect(await ids(platform)).to.deep.equal(['rxx', 'ryy']);
    expect(await ids(own)).to.deep.equal(['rxx']);
    expect((await call('GET', rxx)).body).to.include({ id: 'rxx', name: 'Example Trust', status: 'active' });
  });

  it('lets the platform make and change tenants, and no tenant itself', async () => {
    const rzz = { id: 'rzz', name: 'New Trust', ods: ['RZZ'], vpds: ['555'] };
    expect((await call('POST', '/admin/v1/tenants', rzz)).status).to.equal(403);
    expect((await call('POST', '/admin/v1/tenants', rzz, platform)).status).to.equal(201);
    expect((await call('POST', '/admin/v1/tenants', rzz, platform)).status).to.equal(409);
    expect((await call('POST', '/admin/v1/tenants', { ...rzz, vpds: 'x' }, platform)).status).to.equal(400);
    const place = '/admin/v1/tenants/rzz';
    const renamed = await call('PUT', place, { ...rzz, name: 'Renamed', status: 'suspended' }, platform);
    expect(renamed.body).to.include({ name: 'Renamed', status: 'active' });
    expect((await call('PUT', place, { ...rzz, id: 'ryy' }, platform)).status).to.equal(400);
    expect((await call('PUT', rxx, { ...trustX, name: 'Mine' })).status).to.equal(403);
    expect((await call('POST', `${rxx}/suspend`)).status).to.equal(403);
    expect((await call('POST', `${place}/suspend`, undefined, platform)).body.status).to.equal('suspended');
    const stranger = await rig.token('ryy', 'admin/tenants.read');
    expect((await call('POST', `${place}/resume`, undefined, stranger)).status).to.equal(404);
    expect((await call('POST', `${place}/resume`, undefined, platform)).body.status).to.equal('active');
  });

  it('adds people to a tenant, changes what they are there, and shows passwords once', async () => {
    const added = await call('POST', `${rxx}/users`, { name: ' Vera@Trust.Example', role: 'viewer' });
    expect(added.status).to.equal(201);
    expect(added.body).to.deep.include({ name: 'vera@trust.example', roles: ['viewer'], status: 'active' });
    expect(added.body.password).to.have.lengthOf(20);
    const { id } = added.body;
    expect((await call('POST', `${rxx}/users`, { name: 'vera@trust.example', role: 'viewer' })).status).to.equal(409);
    expect((await call('POST', `${rxx}/users`, { name: 'max', role: 'platform-admin' })).status).to.equal(400);
    const steward = await call('POST', `${rxx}/users/${id}/role`, { role: 'data-steward' });
    expect(steward.body.roles).to.deep.equal(['viewer', 'data-steward']);
    const { users } = (await call('GET', `${rxx}/users`)).body;
    expect(users).to.deep.equal([
      { id, name: 'vera@trust.example', status: 'active', roles: ['viewer', 'data-steward'] },
    ]);
    const reset = await call('POST', `${rxx}/users/${id}/password`);
    expect(reset.body.password).to.not.equal(added.body.password);
    await call('POST', `${rxx}/users/${id}/role`, { role: 'viewer', remove: true });
    const gone = await call('POST', `${rxx}/users/${id}/role`, { role: 'data-steward', remove: true });
    expect(gone.body.roles).to.deep.equal([]);
    expect((await call('POST', `${rxx}/users/${id}/password`)).status).to.equal(404);
  });

  it('lets no tenant set the password of somebody who is somebody elsewhere', async () => {
    const { body } = await call('POST', `${rxx}/users`, { name: 'otto', role: 'auditor' });
    await call('POST', '/admin/v1/tenants/ryy/users', { name: 'ida', role: 'viewer' }, platform);
    const otto = await rig.house.store.system.documents.get('user', 'otto');
    const user = JSON.parse(otto ?? '');
    const memberships = [...user.memberships, { tenant: 'ryy', role: 'viewer' }];
    await rig.house.store.system.documents.put('user', 'otto', JSON.stringify({ ...user, memberships }));
    expect((await call('POST', `${rxx}/users/${body.id}/password`)).status).to.equal(409);
    const { users } = (await call('GET', `${rxx}/users`)).body;
    expect(users.map(({ name, roles }: { name: string; roles: string[] }) => [name, roles])).to.deep.equal([
      ['otto', ['auditor']],
    ]);
  });

  it('registers clients, rotates, disables and enables them', async () => {
    const wish = { name: 'Rota', scope: 'system/*.rs', permission_set: 'default', requests_per_minute: 600 };
    const { status, body } = await call('POST', `${rxx}/clients`, wish);
    expect(status).to.equal(201);
    expect(body).to.deep.include({ name: 'Rota', tenant: 'rxx', contracts: ['v1'], requests_per_minute: 600 });
    const place = `${rxx}/clients/${body.client_id}`;
    const token = async (secret: string) => {
      const authorization = `Basic ${Buffer.from(`${body.client_id}:${secret}`).toString('base64')}`;
      const form = new URLSearchParams({ grant_type: 'client_credentials' });
      const answer = await fetch(`${rig.url}/oauth/token`, { method: 'POST', headers: { authorization }, body: form });
      return ((await answer.json()) as { access_token?: string }).access_token;
    };
    const read = async (bearer: string | undefined) =>
      (await rig.call('GET', '/t/rxx/fhir/v1/Practitioner', bearer)).status;
    expect(await token(body.client_secret)).to.be.a('string');
    const next = (await call('POST', `${place}/rotate`, { overlap_seconds: 60 })).body.client_secret;
    expect(await token(body.client_secret), 'the old one within its overlap').to.be.a('string');
    const first = await token(next);
    expect(await read(first)).to.equal(200);
    expect((await call('POST', `${place}/approve`)).status).to.equal(409);
    expect((await call('POST', `${place}/disable`)).body.status).to.equal('disabled');
    expect(await read(first)).to.equal(401);
    expect((await call('POST', `${place}/enable`)).body.status).to.equal('active');
    expect(await read(first), 'a token from before').to.equal(401);
    expect((await call('POST', `${place}/end-tokens`)).status).to.equal(200);
    expect((await call('GET', place)).body).to.not.have.any.keys('client_secret', 'wrappedSecret');
    expect((await call('POST', `${rxx}/clients`, { ...wish, permission_set: 'none-such' })).status).to.equal(404);
    expect((await call('POST', `${rxx}/clients`, { ...wish, contracts: ['v9'] })).status).to.equal(400);
    expect((await call('POST', `${rxx}/clients`, { ...wish, admin: true })).status).to.equal(400);
    expect((await call('POST', `${rxx}/clients`, { ...wish, scope: 'admin/clients.write' })).status).to.equal(400);
  });

  it('changes what a client may and sees: a narrower scope ends its tokens, the rest counts at once', async () => {
    const { body } = await call('POST', `${rxx}/clients`, { name: 'Rota', scope: 'system/*.rs' });
    const place = `${rxx}/clients/${body.client_id}`;
    const token = async () => {
      const authorization = `Basic ${Buffer.from(`${body.client_id}:${body.client_secret}`).toString('base64')}`;
      const form = new URLSearchParams({ grant_type: 'client_credentials' });
      const answer = await fetch(`${rig.url}/oauth/token`, { method: 'POST', headers: { authorization }, body: form });
      return (await answer.json()) as { access_token: string; scope: string };
    };
    const read = (bearer: string) => rig.call('GET', '/t/rxx/fhir/v1/Practitioner?gender=female', bearer);
    const { access_token: first } = await token();
    expect((await read(first)).status).to.equal(200);
    const masked = await call('POST', `${place}/change`, { permission_set: 'default', requests_per_minute: 600 });
    expect(masked.body).to.include({ permission_set: 'default', requests_per_minute: 600, scope: 'system/*.rs' });
    const refused = await read(first);
    expect(refused.status, 'gender is masked').to.equal(400);
    expect(refused.headers.get('ratelimit-policy')).to.equal('"client";q=600;w=60');
    const ended = await call('POST', `${place}/change`, { expires_at: '2020-01-01T00:00:00Z' });
    expect(ended.body.expires_at).to.equal('2020-01-01T00:00:00.000Z');
    expect((await read(first)).status).to.equal(401);
    expect((await call('POST', `${place}/change`, { expires_at: null })).body).to.not.have.property('expires_at');
    expect((await read(first)).status).to.equal(400);
    const narrowed = await call('POST', `${place}/change`, { scope: 'system/Organization.rs', name: 'Less' });
    expect(narrowed.body).to.include({ scope: 'system/Organization.rs', name: 'Less' });
    expect((await read(first)).status).to.equal(401);
    const bad: readonly (readonly [object, number])[] = [
      [{ permission_set: 'none-such' }, 404],
      [{ scope: 'admin/clients.write' }, 400],
      [{ name: ' ' }, 400],
      [{ requests_per_minute: -1 }, 400],
      [{ tenant: 'ryy' }, 400],
    ];
    for (const [change, status] of bad) {
      expect((await call('POST', `${place}/change`, change)).status, JSON.stringify(change)).to.equal(status);
    }
  });

  it('rotates a key set, and says when each client was seen', async () => {
    const keySet = (kid: string) => {
      const jwk = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
      return { keys: [{ ...jwk, kid }] };
    };
    const added = await call('POST', `${rxx}/clients`, { name: 'Keyed', scope: 'system/*.rs', jwks: keySet('a') });
    expect(added.body).to.include({ authentication: 'private_key_jwt' }).and.not.have.property('client_secret');
    const place = `${rxx}/clients/${added.body.client_id}`;
    expect((await call('POST', `${place}/rotate`)).status).to.equal(400);
    expect((await call('POST', `${place}/rotate`, { jwks: keySet('b') })).status).to.equal(200);
    const stored = await rig.house.clients.get(added.body.client_id, 'rxx');
    expect(stored.jwks?.keys.map(({ kid }) => kid)).to.deep.equal(['b']);
    await rig.server.noteUses();
    const { clients } = (await call('GET', `${rxx}/clients`)).body;
    const seen = clients.find(({ name }: { name: string }) => name === 'Rota');
    expect(Date.parse(seen.last_used)).to.be.closeTo(Date.now(), 60_000);
  });

  it('issues and revokes registration tokens, and approves what vendors registered with them', async () => {
    const asked = { scope: 'system/*.rs', expires_at: inAYear, uses: 1 };
    const { status, body } = await call('POST', `${rxx}/registration-tokens`, asked);
    expect(status).to.equal(201);
    await rig.house.tenants.set('rxx', 'registrationApproval', 'true');
    const registered = await fetch(body.registration_endpoint, {
      method: 'POST',
      headers: { authorization: `Bearer ${body.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'Vendor', scope: 'system/Practitioner.rs' }),
    });
    expect(registered.status).to.equal(201);
    const { client_id: id } = (await registered.json()) as { client_id: string };
    expect((await call('GET', `${rxx}/clients/${id}`)).body.status).to.equal('pending');
    expect((await call('POST', `${rxx}/clients/${id}/enable`)).status).to.equal(409);
    expect((await call('POST', `${rxx}/clients/${id}/approve`)).body.status).to.equal('active');
    const { tokens } = (await call('GET', `${rxx}/registration-tokens`)).body;
    expect(tokens).to.have.lengthOf(1);
    expect(JSON.stringify(tokens)).to.not.contain(body.token);
    expect((await call('DELETE', `${rxx}/registration-tokens/${body.id}`)).body).to.include({ revoked: true });
    expect((await call('GET', `${rxx}/registration-tokens`)).body.tokens).to.deep.equal([]);
  });

  it('searches the audit page by page, and is itself on record there', async () => {
    const first = (await call('GET', `${rxx}/audit?limit=2&outcome=0`)).body;
    expect(first.events).to.have.lengthOf(2);
    const second = (await call('GET', `${rxx}/audit?limit=2&outcome=0&after=${encodeURIComponent(first.next)}`)).body;
    expect(second.events.map(({ id }: { id: string }) => id)).to.not.include(first.events[0].id);
    const [event] = first.events;
    expect((await call('GET', `${rxx}/audit/${event.id}`)).body).to.deep.equal(event);
    const shown = (await call('GET', `${rxx}/audit?entity=AuditEvent/${event.id}`)).body.events;
    expect(shown.length).to.be.greaterThan(1);
    expect((await call('GET', `${rxx}/audit?colour=red`)).status).to.equal(400);
  });

  it('traces a file to its versions and back', async () => {
    const [file] = await rig.store('rxx').ledger.files();
    const { body } = await call('GET', `${rxx}/lineage?file=${file?.id}`);
    expect(body.file).to.include({ name: '1.dat' });
    const [version] = body.versions;
    const back = (await call('GET', `${rxx}/lineage?resource=${version.type}/${version.id}`)).body;
    expect(back.files.map(({ id }: { id: string }) => id)).to.deep.equal([file?.id]);
    expect((await call('GET', `${rxx}/lineage?person=none`)).status).to.equal(404);
    expect((await call('GET', `${rxx}/lineage`)).status).to.equal(400);
  });

  it('has a page for people that shows every operation and schema, loads nothing and runs nothing', async () => {
    const answer = await fetch(`${rig.url}/admin/docs`);
    const html = await answer.text();
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('content-security-policy')).to.match(/^default-src 'none'; style-src 'sha256-[^']+';/);
    expect(html).to.not.match(/<script|<link|<img|@import|url\(|\bon[a-z]+=/);
    for (const name of rig.api.operations) expect(html).to.contain(`<article id="${name}">`);
    const anchors = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, to] of html.matchAll(/href="#([^"]+)"/g))
      expect(anchors, `a link leads nowhere: ${to}`).to.include(to);
    const document = await (await fetch(`${rig.url}/admin/v1/openapi.json`)).json();
    const { schemas } = (document as { components: { schemas: object } }).components;
    for (const name of Object.keys(schemas)) expect(html).to.contain(`<article id="schema-${name}">`);
    const path = '/tenants/{tenant}/clients/{id}/change';
    expect(html).to.contain(`<code>${path}</code>`).and.contain('admin/clients.write').and.contain('permission_set');
  });

  it('answered every one of these operations as its OpenAPI document promises', () => {
    const elsewhere = /file|exception|permission-set|subscription|dead-letter/;
    const wanted = rig.api.operations.filter((name) => !elsewhere.test(name));
    expect(wanted.filter((name) => !rig.api.answered.has(name))).to.deep.equal([]);
  });
});
