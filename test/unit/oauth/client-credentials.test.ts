import { expect } from 'chai';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { isRefusal } from '../../../server/auth/access.ts';
import { tokenVerifier } from '../../../server/auth/verify.ts';
import { systemClock } from '../../../server/core/clock.ts';
import { registrySnapshot } from '../../../server/registry/snapshot.ts';
import { basic, openRig, type Rig } from './rig.ts';

const grant = { grant_type: 'client_credentials' } as const;

describe('the token endpoint, asked with a client secret', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());
  beforeEach(() => {
    rig.audited.length = 0;
  });

  it('issues an ES384 access token for the base that is named', async () => {
    const { client, secret } = await rig.register({ contracts: ['v1', 'v2'] });
    const resource = `${rig.url}/t/t1/fhir/v2`;
    const answer = await rig.post({ ...grant, scope: 'system/Practitioner.read', resource }, basic(client, secret));
    expect(answer.status).to.equal(200);
    expect(answer.body).to.include({ token_type: 'Bearer', expires_in: 300, scope: 'system/Practitioner.read' });
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    expect(answer.headers.get('pragma')).to.equal('no-cache');
    expect(answer.headers.get('x-correlation-id')).to.equal('correlation');
    const token = String(answer.body['access_token']);
    const kid = rig.signing.published.keys[0]?.kid;
    expect(decodeProtectedHeader(token)).to.deep.equal({ alg: 'ES384', typ: 'at+jwt', kid });
    const claims = decodeJwt(token);
    expect(claims).to.include({
      iss: `${rig.url}/oauth`,
      aud: resource,
      tenant: 't1',
      client_id: client.id,
      sub: client.id,
      scope: 'system/Practitioner.read',
    });
    expect(Number(claims.exp) - Number(claims.iat)).to.equal(300);
    expect(claims.jti).to.be.a('string').and.not.equal('');
  });

  it('issues tokens that the resource server takes, until the client is disabled', async () => {
    const { client, secret } = await rig.register();
    const { body } = await rig.post({ ...grant, scope: 'system/Location.r' }, basic(client, secret));
    const registrations = await registrySnapshot(rig.store);
    const verify = tokenVerifier({
      issuer: () => `${rig.url}/oauth`,
      keys: () => rig.signing.published,
      clock: systemClock,
      registrations,
      firstUse: async () => true,
    });
    const base = `${rig.url}/t/t1/fhir/v1`;
    const request = { method: 'GET', url: base, proof: undefined };
    const check = () => verify(`Bearer ${body['access_token']}`, base, 't1', request);
    expect(isRefusal(await check())).to.equal(false);
    await rig.clients.put({ ...client, status: 'disabled' });
    await registrations.refresh();
    expect(await check()).to.deep.equal({ kind: 'invalid', reason: 'client-not-active' });
    expect((await rig.post(grant, basic(client, secret))).status).to.equal(401);
  });

  it('means the first contract where no resource is named, and the whole ceiling where no scope is', async () => {
    const { client, secret } = await rig.register({ contracts: ['v2', 'v1'], scope: 'system/Basic.r system/*.s' });
    const { body } = await rig.post(grant, basic(client, secret));
    expect(body['scope']).to.equal('system/Basic.r system/*.s');
    expect(decodeJwt(String(body['access_token'])).aud).to.equal(`${rig.url}/t/t1/fhir/v2`);
  });

  it('grants the part of the ceiling that is asked for', async () => {
    const { client, secret } = await rig.register({ scope: 'system/*.rs system/AuditEvent.rs' });
    const scope = 'system/Practitioner.r system/AuditEvent.read';
    expect((await rig.post({ ...grant, scope }, basic(client, secret))).body['scope']).to.equal(scope);
  });

  for (const scope of [
    'system/Practitioner.crs',
    'system/AuditEvent.r',
    'system/Practitioner.rs system/Provenance.s',
    'system/Practitioner.sr',
    'system/Staff.rs',
    'system/Practitioner.rs?name:exact=Ann',
    'user/Practitioner.rs',
    'openid',
    'system/Practitioner.rs openid',
    '',
  ]) {
    it(`answers invalid_scope to ${JSON.stringify(scope)} beyond a ceiling of system/*.rs`, async () => {
      const { client, secret } = await rig.register();
      const answer = await rig.post({ ...grant, scope }, basic(client, secret));
      expect(answer.status).to.equal(400);
      expect(answer.body).to.have.property('error', 'invalid_scope');
      expect(answer.body).not.to.have.property('access_token');
    });
  }

  it('answers the same invalid_target to a foreign, an unknown and a misspelt base', async () => {
    const { client, secret } = await rig.register();
    const bases = [
      't2/fhir/v1',
      't3/fhir/v1',
      't1/fhir/v2',
      't1/fhir/v9',
      't1/fhir/v1/',
      'T1/fhir/v1',
      't1/fhir/v1?x=1',
    ];
    const answers = new Set<string>();
    for (const base of [...bases.map((path) => `${rig.url}/t/${path}`), 'https://evil.example/t/t1/fhir/v1']) {
      const { status, body } = await rig.post({ ...grant, resource: base }, basic(client, secret));
      answers.add(JSON.stringify([status, body]));
    }
    expect([...answers]).to.deep.equal([
      '[400,{"error":"invalid_target","error_description":"resource indicator is missing, or unknown"}]',
    ]);
  });

  it('takes one resource only', async () => {
    const { client, secret } = await rig.register({ contracts: ['v1', 'v2'] });
    const form = new URLSearchParams(grant);
    form.append('resource', `${rig.url}/t/t1/fhir/v1`);
    form.append('resource', `${rig.url}/t/t1/fhir/v2`);
    const { status, body } = await rig.post(form, basic(client, secret));
    expect([status, body['error']]).to.deep.equal([400, 'invalid_target']);
  });

  it('issues nothing for a contract that is no longer live for the tenant', async () => {
    const { client, secret } = await rig.register({ tenant: 't2', contracts: ['v2'] });
    expect((await rig.post(grant, basic(client, secret))).body['error']).to.equal('invalid_target');
  });

  it('answers the same invalid_client to a wrong secret and to clients that are unknown, disabled or suspended', async () => {
    const { client, secret } = await rig.register();
    const disabled = await rig.register();
    await rig.clients.put({ ...disabled.client, status: 'disabled' });
    const suspended = await rig.register({ tenant: 't2' });
    await rig.tenants.setStatus('t2', 'suspended');
    const answers = new Set<string>();
    for (const headers of [
      basic(client, `${secret}x`),
      basic(client, 'no'),
      basic({ ...client, id: 'c_unknown' }, secret),
      basic(disabled.client, disabled.secret),
      basic(suspended.client, suspended.secret),
    ]) {
      const { status, body } = await rig.post(grant, headers);
      answers.add(JSON.stringify([status, body]));
    }
    await rig.tenants.setStatus('t2', 'active');
    expect([...answers]).to.deep.equal([
      '[401,{"error":"invalid_client","error_description":"client authentication failed"}]',
    ]);
    expect((await rig.post(grant, basic(suspended.client, suspended.secret))).status).to.equal(200);
  });

  it('refuses secrets where the tenant allows none, and secrets in the body always', async () => {
    const { client, secret } = await rig.register();
    const inBody = await rig.post({ ...grant, client_id: client.id, client_secret: secret });
    expect(inBody.body).to.have.property('error').that.is.oneOf(['invalid_client', 'invalid_request']);
    await rig.tenants.set('t1', 'clientSecretAllowed', 'false');
    expect((await rig.post(grant, basic(client, secret))).body['error']).to.equal('invalid_client');
    await rig.tenants.set('t1', 'clientSecretAllowed', 'true');
    expect((await rig.post(grant, basic(client, secret))).status).to.equal(200);
  });

  it('knows no other grant and no other body than a form', async () => {
    const { client, secret } = await rig.register();
    for (const name of ['password', 'authorization_code', 'refresh_token', '']) {
      const { status, body } = await rig.post({ grant_type: name }, basic(client, secret));
      expect(status).to.equal(400);
      expect(body['error']).to.be.oneOf(['unsupported_grant_type', 'invalid_request']);
    }
    const json = await fetch(`${rig.url}/oauth/token`, {
      method: 'POST',
      headers: { ...basic(client, secret), 'content-type': 'application/json' },
      body: JSON.stringify(grant),
    });
    expect([json.status, ((await json.json()) as { error: string }).error]).to.deep.equal([400, 'invalid_request']);
  });

  it('writes an audit row for every answer, with the reason and without token or secret', async () => {
    const { client, secret } = await rig.register();
    const { body } = await rig.post({ ...grant, scope: 'system/Basic.r' }, basic(client, secret));
    await rig.post(grant, basic(client, 'wrong-secret'));
    await rig.post(grant, basic({ ...client, id: 'pasted-secret' }, 'x'));
    await rig.post({ ...grant, resource: `${rig.url}/t/t2/fhir/v1` }, basic(client, secret));
    expect(rig.audited.map((row) => [row.status, row.outcome, row.tenant, row.client, row.reason])).to.deep.equal([
      [200, 0, 't1', client.id, null],
      [401, 4, 't1', client.id, 'invalid_client: invalid secret provided'],
      [401, 4, null, null, 'invalid_client: client not found'],
      [400, 4, 't1', client.id, 'invalid_target: resource indicator is missing, or unknown'],
    ]);
    const [issued] = rig.audited;
    expect(issued).to.include({ kind: 'token', interaction: 'token', correlationId: 'correlation' });
    expect(issued?.requestId).to.match(/^request-/);
    expect(issued?.jti).to.equal(decodeJwt(String(body['access_token'])).jti);
    const text = JSON.stringify(rig.audited);
    for (const hidden of [String(body['access_token']), secret, 'wrong-secret', 'pasted-secret']) {
      expect(text).not.to.contain(hidden);
    }
  });

  it('names a disabled client in its audit row', async () => {
    const { client, secret } = await rig.register();
    await rig.clients.put({ ...client, status: 'disabled' });
    await rig.post(grant, basic(client, secret));
    expect(rig.audited[0]).to.include({ client: client.id, tenant: 't1', status: 401 });
  });

  it('gives no token away that it cannot audit', async () => {
    const { client, secret } = await rig.register();
    rig.auditFails = true;
    const answer = await rig.post(grant, basic(client, secret));
    rig.auditFails = false;
    expect(answer.status).to.equal(500);
    expect(JSON.stringify(answer.body)).not.to.contain('eyJ');
  });
});
