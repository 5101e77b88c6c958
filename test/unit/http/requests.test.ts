import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { InjectOptions } from 'fastify';
import { bearer, type FhirRig, fhirRig, publicUrl } from '../../support/fhir-rig.ts';

const all = bearer('rxx', 'system/*.rs');
const base = '/t/rxx/fhir/v1';

describe('http', () => {
  let rig: FhirRig;

  before(async () => {
    rig = await fhirRig(['rxx', 'ryy']);
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'p1', active: true }]);
    await rig.put('ryy', [{ resourceType: 'Practitioner', id: 'only-ryy', active: true }]);
  });
  after(() => rig.close());

  const ask = (url: string, options: Partial<InjectOptions> = {}) =>
    rig.app.inject({ method: 'GET', url, headers: { authorization: all }, ...options } as InjectOptions);

  it('answers a read with the stored bytes and the headers of the version', async () => {
    const response = await ask(`${base}/Practitioner/p1`);
    expect(response.statusCode).to.equal(200);
    expect(response.json()).to.deep.include({ resourceType: 'Practitioner', id: 'p1', active: true });
    expect(response.headers).to.deep.include({
      etag: 'W/"1"',
      'last-modified': 'Mon, 23 Nov 2026 12:00:00 GMT',
      'content-type': 'application/fhir+json; charset=utf-8',
      'cache-control': 'private, no-cache',
      vary: 'Authorization, Accept, Prefer, Origin',
    });
  });

  it('mirrors sane request ids and makes others', async () => {
    const sent = { 'x-request-id': 'A-1', 'x-correlation-id': 'trace:7' };
    expect((await ask(`${base}/metadata`, { headers: sent })).headers).to.deep.include(sent);
    const free = { 'x-request-id': 'A-2', 'x-correlation-id': 'rota import, "night" <7>' };
    expect((await ask(`${base}/metadata`, { headers: free })).headers).to.deep.include(free);
    const long = await ask(`${base}/metadata`, { headers: { 'x-correlation-id': 'x'.repeat(129) } });
    expect(long.headers['x-correlation-id']).to.equal(long.headers['x-request-id']);
    const made = await ask(`${base}/metadata`, { headers: { 'x-request-id': 'x'.repeat(129) } });
    expect(made.headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
    expect(made.headers['x-correlation-id']).to.equal(made.headers['x-request-id']);
    expect((await ask('/nowhere')).headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
    expect((await ask('/healthz')).headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
  });

  it('says 401 without a token, and no error code', async () => {
    const response = await ask(`${base}/Practitioner/p1`, { headers: {} });
    expect(response.statusCode).to.equal(401);
    expect(response.headers['www-authenticate']).to.equal(`Bearer realm="${publicUrl}${base}"`);
    expect(response.json().issue[0]).to.deep.include({ severity: 'error', code: 'login' });
  });

  it('says the same 401 for another tenant, an unknown one and an unknown contract', async () => {
    const responses = await Promise.all(
      ['/t/ryy/fhir/v1', '/t/nobody/fhir/v1', '/t/rxx/fhir/v2'].map((other) => ask(`${other}/Practitioner/p1`)),
    );
    for (const response of responses) {
      expect(response.statusCode).to.equal(401);
      expect(response.headers['www-authenticate']).to.contain('error="invalid_token"');
      expect(response.body).to.equal(responses[0]?.body);
    }
    for (const unknown of ['/t/nobody/fhir/v1/metadata', '/t/nobody/fhir/v1/Practitioner']) {
      expect((await ask(unknown, { headers: {} })).statusCode).to.equal(401);
    }
  });

  it('answers ids of other tenants like ids that never were', async () => {
    const foreign = await ask(`${base}/Practitioner/only-ryy`);
    const never = await ask(`${base}/Practitioner/nope`);
    expect(foreign.statusCode).to.equal(404);
    expect(foreign.body).to.equal(never.body);
    expect(Object.keys(foreign.headers)).to.deep.equal(Object.keys(never.headers));
    for (const path of [
      'Practitioner/only-ryy/_history',
      'Practitioner/only-ryy/_history/1',
      'Patient/1',
      'Practitioner/a_b',
      '',
    ]) {
      const response = await ask(`${base}/${path}`);
      expect(response.statusCode, path).to.equal(404);
      expect(response.body).to.equal(never.body);
    }
  });

  it('says 403 and which right is missing where the scope does not cover the type', async () => {
    for (const scope of ['system/Organization.rs', 'system/Practitioner.s']) {
      const response = await ask(`${base}/Practitioner/p1`, { headers: { authorization: bearer('rxx', scope) } });
      expect(response.statusCode).to.equal(403);
      expect(response.headers['www-authenticate']).to.contain('error="insufficient_scope"');
      expect(response.json().issue[0].code).to.equal('forbidden');
    }
    expect((await ask(`${base}/AuditEvent`)).statusCode).to.equal(403);
    expect((await ask(`${base}/Provenance?target=Practitioner/p1`)).statusCode).to.equal(403);
  });

  it('says 405 with Allow where the path knows other methods', async () => {
    const cases = [
      ['DELETE', 'Practitioner/p1', 'GET, HEAD'],
      ['PUT', 'Practitioner/p1', 'GET, HEAD'],
      ['POST', 'Practitioner', 'GET, HEAD'],
      ['GET', 'Practitioner/_search', 'POST'],
      ['POST', 'metadata', 'GET, HEAD'],
      ['PROPFIND', 'Practitioner/p1', 'GET, HEAD'],
    ] as const;
    for (const [method, path, allow] of cases) {
      const response = await ask(`${base}/${path}`, { method } as Partial<InjectOptions>);
      expect(response.statusCode, `${method} ${path}`).to.equal(405);
      expect(response.headers.allow).to.equal(allow);
    }
  });

  it('answers HEAD like GET without the body', async () => {
    const get = await ask(`${base}/Practitioner/p1`);
    const head = await ask(`${base}/Practitioner/p1`, { method: 'HEAD' });
    expect(head.statusCode).to.equal(200);
    expect(head.body).to.equal('');
    expect(head.headers['content-length']).to.equal(get.headers['content-length']);
    expect(head.headers.etag).to.equal(get.headers.etag);
  });

  it('says 406 for XML and takes every way of asking for JSON', async () => {
    const accepts = (accept: string, url = `${base}/Practitioner/p1`) =>
      ask(url, { headers: { authorization: all, accept } });
    for (const accept of [
      'application/fhir+xml',
      'text/html',
      'application/json;q=0',
      'application/fhir+json; fhirVersion=3.0',
    ]) {
      expect((await accepts(accept)).statusCode, accept).to.equal(406);
    }
    for (const accept of ['*/*', 'application/*', 'application/fhir+json;fhirVersion=4.0', 'text/html, */*;q=0.8']) {
      expect((await accepts(accept)).headers['content-type'], accept).to.contain('application/fhir+json');
    }
    expect((await accepts('application/json')).headers['content-type']).to.contain('application/json');
    expect((await accepts('application/xml', `${base}/Practitioner/p1?_format=json`)).statusCode).to.equal(200);
    expect((await ask(`${base}/Practitioner?_format=application/fhir+json`)).statusCode).to.equal(200);
    expect((await ask(`${base}/Practitioner?_format=xml`)).statusCode).to.equal(406);
    const smart = await accepts('text/html', `${base}/.well-known/smart-configuration`);
    expect(smart.headers['content-type']).to.equal('application/json');
  });

  it('reaches no tenant by tricks with the path', async () => {
    const tricks = [
      '/t/RYY/fhir/v1/Practitioner/only-ryy',
      '//t/ryy/fhir/v1/Practitioner/only-ryy',
      '/t//ryy/fhir/v1/Practitioner/only-ryy',
      '/t/ryy%2ffhir/v1/Practitioner/only-ryy',
      '/t/r%79y/fhir/v1/Practitioner/only-ryy',
      '/t/ryy./fhir/v1/Practitioner/only-ryy',
      '/t/ryy;x/fhir/v1/Practitioner/only-ryy',
      '/t/rxx/fhir/v1/Practitioner/only-ryy/',
      '/t/rxx/fhir/v1/../../../ryy/fhir/v1/Practitioner/only-ryy',
      '/t/rxx/../ryy/fhir/v1/Practitioner/only-ryy',
      '/t/rxx/fhir/v1/%2e%2e/%2e%2e/%2e%2e/ryy/fhir/v1/Practitioner/only-ryy',
      '/t/%zz/fhir/v1/Practitioner/only-ryy',
      '/t/rxx/fhir/v1/Practitioner/%zz',
    ];
    await rig.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = rig.app.server.address() as AddressInfo;
    for (const path of tricks) expect(await statusOf(port, path), path).to.equal(404);
  });

  it('takes the Host header, forwarded headers and X-Tenant for nothing', async () => {
    const headers = { authorization: all, host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-tenant': 'ryy' };
    const response = await ask(`${base}/Practitioner?_count=1`, { headers });
    expect(response.statusCode).to.equal(200);
    expect(response.body).to.contain(`${publicUrl}${base}/Practitioner/p1`).and.not.contain('evil');
  });

  it('takes searches by POST as forms only, and not too large ones', async () => {
    const post = (payload: string | Buffer, type: string) =>
      ask(`${base}/Practitioner/_search`, {
        method: 'POST',
        payload,
        headers: { authorization: all, 'content-type': type },
      });
    const form = 'application/x-www-form-urlencoded';
    expect((await post('active=true', form)).json().entry).to.have.length(1);
    expect((await post('active=false', `${form}; charset=utf-8`)).json()).to.not.have.property('entry');
    expect((await post('{}', 'application/json')).statusCode).to.equal(415);
    expect((await post('x'.repeat(1024 * 1024 + 1), form)).statusCode).to.equal(413);
    expect((await post(Buffer.from([0x6e, 0xff, 0x00]), form)).statusCode).to.equal(400);
    expect((await ask(`${base}/Practitioner/_search`, { method: 'POST' })).json().entry).to.have.length(1);
  });

  it('never answers malformed input with 500', async () => {
    const bad = [
      'name=%zz',
      '%ff',
      '_count=-1',
      '_count=1e9',
      '_sort=',
      '_sort=foo',
      'date=x',
      '_page=x',
      '_page=',
      '_lastUpdated=gt',
      '&=&',
      '_id=%00',
      'active=maybe',
      '_include=*',
      '_include=:::',
      '_has:a:b',
      'a.b.c.d=1',
      `name=${'x'.repeat(17_000)}`,
    ];
    for (const type of ['Practitioner', 'PractitionerRole', 'Organization', 'Location', 'Basic']) {
      for (const query of bad) {
        const response = await ask(`${base}/${type}?${query}`);
        expect(response.statusCode, `${type}?${query.slice(0, 40)}`).to.be.within(400, 414);
        expect(response.json().resourceType).to.equal('OperationOutcome');
      }
    }
  });
});

/** Node's own client sends the path as it is; `inject` and `fetch` tidy it first. */
function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path, headers: { authorization: all } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end();
  });
}

describe('http audit', () => {
  let rig: FhirRig;
  let failing = false;

  before(async () => {
    const audited: FhirRig['audited'] = [];
    rig = {
      ...(await fhirRig(['rxx'], {
        audit: async (entry) => {
          if (failing) throw new Error('disk full');
          audited.push(entry);
        },
      })),
      audited,
    };
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'p1' }]);
  });
  after(() => rig.close());

  const last = () => rig.audited.at(-1);

  it('records who read what, before the answer', async () => {
    const headers = { authorization: all, 'x-request-id': 'q1', 'x-correlation-id': 'k1' };
    await rig.app.inject({ url: `${base}/Practitioner/p1?_format=json`, headers });
    expect(last()).to.deep.equal({
      at: '2026-11-23T12:00:00.000Z',
      tenant: 'rxx',
      kind: 'rest',
      interaction: 'read',
      client: 'c1',
      jti: 'j1',
      type: 'Practitioner',
      id: 'p1',
      query: `${base}/Practitioner/p1?_format=json`,
      status: 200,
      outcome: 0,
      reason: null,
      requestId: 'q1',
      correlationId: 'k1',
      address: '127.0.0.1',
      disclosed: ['Practitioner/p1/1'],
    });
  });

  it('records refusals with their reason, and requests for unknown tenants without a tenant', async () => {
    await rig.app.inject({ url: `${base}/Practitioner/p1` });
    expect(last()).to.deep.include({ tenant: 'rxx', status: 401, outcome: 4, reason: 'no-token', client: null });
    await rig.app.inject({ url: '/t/nobody/fhir/v1/Practitioner/p1', headers: { authorization: all } });
    expect(last()).to.deep.include({ tenant: null, status: 401, reason: 'wrong-audience', type: 'Practitioner' });
    await rig.app.inject({ url: `${base}/Patient/p1`, headers: { authorization: all } });
    expect(last()).to.deep.include({ tenant: 'rxx', status: 404, interaction: 'unknown', reason: 'not-found' });
    await rig.app.inject({ url: `${base}/Practitioner?_id=p1&access_token=abc`, headers: { authorization: all } });
    expect(JSON.stringify(last())).to.not.contain('abc');
  });

  it('records the form of a search by POST and what a page disclosed', async () => {
    await rig.app.inject({
      method: 'POST',
      url: `${base}/Practitioner/_search`,
      payload: '_id=p1',
      headers: { authorization: all, 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(last()).to.deep.include({ interaction: 'search-type', query: `${base}/Practitioner/_search?_id=p1` });
    expect(last()?.disclosed).to.deep.equal(['Practitioner/p1/1']);
  });

  it('fails closed with 503 where nothing can be recorded', async () => {
    failing = true;
    const response = await rig.app.inject({ url: `${base}/Practitioner/p1`, headers: { authorization: all } });
    failing = false;
    expect(response.statusCode).to.equal(503);
    expect(response.body).to.not.contain('p1');
    expect(response.json().issue[0].code).to.equal('transient');
    expect(response.headers).to.not.have.property('etag');
  });
});
