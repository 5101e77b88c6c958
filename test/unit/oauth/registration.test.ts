import { expect } from 'chai';
import { newRegistrationToken } from '../../../server/auth/registration-token.ts';
import { registrationTokens } from '../../../server/registry/registration-tokens.ts';
import { assertionForm, basic, keyPair, openRig, type Rig } from './rig.ts';

describe('dynamic client registration', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());

  const token = async (change: object = {}) => {
    const at = new Date();
    const made = newRegistrationToken(
      {
        ...{ tenant: 't1', scope: 'openid system/*.rs user/*.rs', contracts: ['v1'], uses: 1 },
        ...{ expiresAt: new Date(at.getTime() + 60_000).toISOString(), ...change },
      },
      at.toISOString(),
    );
    await registrationTokens(rig.store.system.documents).add(made.token);
    return made.text;
  };

  const call = async (method: string, path: string, bearer: string, body?: unknown) => {
    const answer = await fetch(path.startsWith('http') ? path : `${rig.url}/oauth/reg${path}`, {
      method,
      headers: { ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
  };

  it('makes a client of the tenant of the token, within its ceiling, whatever the request says', async () => {
    const pair = keyPair('ES384');
    const { status, headers, body } = await call('POST', '', await token(), {
      ...{ client_name: 'Rota', jwks: pair.jwks, scope: 'system/Practitioner.rs' },
      ...{ tenant: 't2', 'urn:smart:tenants': ['t2'], client_id: 'c_mine', contracts: ['v2'], admin: true },
    });
    expect(status).to.equal(201);
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(body).to.deep.include({
      ...{ client_name: 'Rota', scope: 'system/Practitioner.rs', token_endpoint_auth_method: 'private_key_jwt' },
      grant_types: ['client_credentials'],
    });
    expect(body).to.not.have.property('client_secret');
    const client = await rig.clients.get(body.client_id, 't1');
    expect(client.contracts).to.deep.equal(['v1']);
    const issued = await rig.post(await assertionForm(rig, client, pair));
    expect(issued.body).to.include({ scope: 'system/Practitioner.rs' });
    expect(rig.audited.find(({ interaction }) => interaction === 'client-register')).to.include({
      ...{ kind: 'admin', tenant: 't1', id: client.id, status: 201 },
    });
  });

  it('gives a secret where no keys come, and all of the ceiling where no scope is asked for', async () => {
    const { body } = await call('POST', '', await token(), { client_name: 'Plain' });
    expect(body).to.include({ scope: 'system/*.rs', token_endpoint_auth_method: 'client_secret_basic' });
    const client = await rig.clients.get(body.client_id, 't1');
    expect((await rig.post({ grant_type: 'client_credentials' }, basic(client, body.client_secret))).status).to.equal(
      200,
    );
    expect((await call('GET', `/${client.id}`, body.registration_access_token)).body).to.not.have.property(
      'client_secret',
    );
  });

  const bad: Record<string, unknown> = {
    'a scope beyond the ceiling': { scope: 'system/*.cruds' },
    'a scope that is none': { scope: 'everything' },
    'a private key': { jwks: { keys: [{ kty: 'EC', crv: 'P-384', x: 'a', y: 'b', d: 'c', kid: 'k' }] } },
    'a method without keys': { token_endpoint_auth_method: 'private_key_jwt' },
    'a method that we do not offer': { token_endpoint_auth_method: 'client_secret_post' },
    'keys at a plain URL': { jwks_uri: 'http://vendor.example/jwks' },
    'a public client without redirect URI': { token_endpoint_auth_method: 'none', scope: 'user/*.rs' },
    'a public client with system scopes': {
      ...{ token_endpoint_auth_method: 'none', redirect_uris: ['https://app.example/'], scope: 'system/*.rs' },
    },
    'a name that is no text': { client_name: 7 },
    'no JSON': '{',
    'a list': '[]',
  };
  for (const [what, metadata] of Object.entries(bad)) {
    it(`refuses ${what}, and the use of the token is not spent`, async () => {
      const bearer = await token();
      const answer = await call('POST', '', bearer, metadata);
      expect(answer).to.deep.include({ status: 400 });
      expect(answer.body.error).to.equal('invalid_client_metadata');
      expect((await call('POST', '', bearer, {})).status).to.equal(201);
    });
  }

  it('refuses redirect URIs that a code must not go to', async () => {
    const metadata = { redirect_uris: ['http://app.example/'], token_endpoint_auth_method: 'none' };
    expect((await call('POST', '', await token(), metadata)).body.error).to.equal('invalid_redirect_uri');
  });

  it('answers no, expired, used, altered and removed tokens alike', async () => {
    const used = await token();
    expect((await call('POST', '', used, {})).status).to.equal(201);
    const removed = await token();
    await registrationTokens(rig.store.system.documents).remove(removed.split('.')[0] ?? '', 't1');
    const expired = await token({ expiresAt: new Date(Date.now() + 20).toISOString() });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const answers = new Set<string>();
    for (const bearer of ['', 'x', used, removed, expired, `${(await token()).slice(0, -2)}AA`]) {
      const { status, body } = await call('POST', '', bearer, {});
      answers.add(JSON.stringify([status, body]));
    }
    expect([...answers]).to.have.length(1);
    expect([...answers][0]).to.contain('[401');
  });

  it('spends each use once: of thirty at the same time as many win as there are uses', async () => {
    const bearer = await token({ uses: 3 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => call('POST', '', bearer, {})));
    expect(answers.filter(({ status }) => status === 201)).to.have.length(3);
  });

  it('waits for approval where the tenant asks for it', async () => {
    await rig.tenants.set('t2', 'registrationApproval', 'true');
    const { body } = await call('POST', '', await token({ tenant: 't2' }), {});
    expect(body).to.include({ status: 'pending' });
    const client = await rig.clients.get(body.client_id, 't2');
    const issue = () => rig.post({ grant_type: 'client_credentials' }, basic(client, body.client_secret));
    expect((await issue()).status).to.equal(401);
    await rig.clients.put({ ...client, status: 'active' });
    expect((await issue()).status).to.equal(200);
  });

  describe('management', () => {
    const registered = async () => (await call('POST', '', await token(), { client_name: 'A' })).body;

    it('changes what may be changed, and its token changes with it', async () => {
      const { client_id: id, registration_client_uri: uri, registration_access_token: first } = await registered();
      const metadata = { client_id: id, client_name: 'B', scope: 'system/Location.rs' };
      const { status, body } = await call('PUT', uri, first, { ...metadata, tenant: 't2' });
      expect(status).to.equal(200);
      expect(body).to.include({ client_name: 'B', scope: 'system/Location.rs' });
      expect(body.registration_access_token).to.not.equal(first);
      expect((await call('GET', uri, first)).status).to.equal(401);
      expect((await call('GET', uri, body.registration_access_token)).body).to.include({ client_name: 'B' });
      expect((await rig.clients.get(id, 't1')).tenant).to.equal('t1');
    });

    it('leaves ceiling, id, secret and way of authenticating as they are', async () => {
      const { client_id: id, registration_client_uri: uri, registration_access_token: own } = await registered();
      const changes = [
        { scope: 'system/*.cruds' },
        { client_id: 'c_other' },
        { client_secret: 'chosen' },
        { client_secret: ['x'] },
        { registration_access_token: 'x' },
        { jwks: keyPair('ES384').jwks },
      ];
      for (const change of changes) {
        const { status } = await call('PUT', uri, own, { client_id: id, client_name: 'B', ...change });
        expect(status, JSON.stringify(change)).to.equal(400);
      }
      expect((await rig.clients.get(id, 't1')).name).to.equal('A');
    });

    it('opens nothing else: the token of one client at another changes neither', async () => {
      const a = await registered();
      const b = await registered();
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const body = method === 'PUT' ? { client_id: b.client_id, client_name: 'X' } : undefined;
        const foreign = await call(method, b.registration_client_uri, a.registration_access_token, body);
        const never = await call(method, '/c_never', a.registration_access_token, body);
        expect(foreign.status).to.equal(401);
        expect(foreign.body).to.deep.equal(never.body);
      }
      expect((await call('GET', a.registration_client_uri, a.registration_access_token)).status).to.equal(200);
      expect((await call('GET', b.registration_client_uri, b.registration_access_token)).body.client_name).to.equal(
        'A',
      );
    });

    it('lets one of many parallel changes through', async () => {
      const { client_id: id, registration_client_uri: uri, registration_access_token: own } = await registered();
      const change = (n: number) => call('PUT', uri, own, { client_id: id, client_name: `B${n}` });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => change(n)));
      expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
    });

    it('ends a client with all its tokens', async () => {
      const made = await registered();
      const { status } = await call('DELETE', made.registration_client_uri, made.registration_access_token);
      expect(status).to.equal(204);
      const client = await rig.clients.get(made.client_id, 't1');
      expect(client.status).to.equal('disabled');
      await rig.snapshot.refresh();
      expect(rig.snapshot.notBefore('client', client.id)).to.be.greaterThan(0);
      expect((await call('GET', made.registration_client_uri, made.registration_access_token)).status).to.equal(401);
    });
  });
});
