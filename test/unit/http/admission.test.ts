import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { InjectOptions } from 'fastify';
import { rateLimiter } from '../../../server/auth/rate-limit.ts';
import { limits } from '../../../server/core/limits.ts';
import { allowedHosts } from '../../../server/http/host.ts';
import { defaultSettings, type Tenant } from '../../../server/tenancy/tenant.ts';
import { bearer, type FhirRig, fhirRig } from '../../support/fhir-rig.ts';

const base = '/t/rxx/fhir/v1';
const authorization = bearer('rxx', 'system/*.rs');

describe('http admission', () => {
  let rig: FhirRig;
  const opened: FhirRig[] = [];
  const open = async (overrides: Parameters<typeof fhirRig>[1] = {}) => {
    rig = await fhirRig(['rxx'], overrides);
    opened.push(rig);
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'p1', active: true }]);
  };
  after(async () => {
    for (const one of opened) await one.close();
  });
  const ask = (url: string, options: Partial<InjectOptions> = {}) =>
    rig.app.inject({ method: 'GET', url, headers: { authorization }, ...options } as InjectOptions);

  /** A server whose every tenant has these settings. */
  const limited = (settings: object) => {
    const limiter = rateLimiter({ now: () => new Date(0) }, { client: 0, tenant: 0, address: 0 });
    const set = { settings: { ...defaultSettings, ...settings } };
    return open({ rate: (tenant: Tenant, id: string) => limiter.request({ ...tenant, ...set }, { id }) });
  };

  it('tells a client its limits with every answer, and nothing where there are none', async () => {
    await limited({ clientRequestsPerMinute: 5 });
    const { headers } = await ask(`${base}/Practitioner/p1`);
    expect(headers).to.include({ 'ratelimit-policy': '"client";q=5;w=60', ratelimit: '"client";r=4;t=12' });
    await open();
    expect((await ask(`${base}/Practitioner/p1`)).headers).to.not.have.any.keys('ratelimit', 'ratelimit-policy');
  });

  it('answers 429 with Retry-After and an OperationOutcome to whoever asks too often, and records it', async () => {
    await limited({ clientRequestsPerMinute: 1 });
    expect((await ask(`${base}/Practitioner/p1`)).statusCode).to.equal(200);
    const refused = await ask(`${base}/Practitioner/p1`);
    expect(refused.statusCode).to.equal(429);
    expect(refused.headers['retry-after']).to.equal('60');
    expect(refused.json().issue[0]).to.deep.include({ severity: 'error', code: 'throttled' });
    expect(rig.audited.at(-1)).to.include({ status: 429, reason: 'throttled', tenant: 'rxx', client: 'c1' });
    const other = bearer('rxx', 'system/*.rs', 'c2');
    expect((await ask(`${base}/Practitioner/p1`, { headers: { authorization: other } })).statusCode).to.equal(200);
  });

  it('lets nobody use up a limit without a token, and discovery stays open', async () => {
    await limited({ requestsPerMinute: 1 });
    for (let n = 0; n < 3; n += 1)
      expect((await ask(`${base}/Practitioner/p1`, { headers: {} })).statusCode).to.equal(401);
    for (let n = 0; n < 3; n += 1) expect((await ask(`${base}/metadata`)).statusCode).to.equal(200);
    expect((await ask(`${base}/Practitioner/p1`)).statusCode).to.equal(200);
    expect((await ask(`${base}/Practitioner/p1`)).statusCode).to.equal(429);
  });

  it('answers no other host name with anything but 421, probes of its health apart', async () => {
    await open({
      hosts: allowedHosts('https://api.example', 'internal.example:8080', true),
      plugins: [async (app) => void app.get('/other', async () => 'x')],
    });
    const status = async (url: string, host: string) =>
      (await ask(url, { headers: { authorization, host } })).statusCode;
    for (const host of ['api.example', 'API.example:443', 'internal.example:8080']) {
      expect(await status(`${base}/Practitioner/p1`, host), host).to.equal(200);
    }
    for (const host of ['evil.example', 'api.example:8443', 'api.example.evil.example', '']) {
      expect(await status(`${base}/Practitioner/p1`, host), host).to.equal(421);
      expect(rig.audited.at(-1)).to.include({ status: 421, reason: 'misdirected' });
      expect(await status('/other', host)).to.equal(421);
      expect(await status('/healthz', host)).to.equal(200);
    }
    const outcome = await ask(`${base}/metadata`, { headers: { host: 'evil.example' } });
    expect(outcome.json()).to.include({ resourceType: 'OperationOutcome' });
  });

  it('allows every name in development, and in production its own', () => {
    expect(allowedHosts(undefined, undefined, false)).to.equal(undefined);
    expect([...(allowedHosts(undefined, ' A.example , ', false) ?? [])]).to.deep.equal(['a.example']);
    expect([...(allowedHosts('https://a.example:8443', undefined, true) ?? [])]).to.deep.equal(['a.example:8443']);
  });

  it('puts the headers of a careful server on every answer', async () => {
    await open();
    const refusals = { method: 'PUT', url: `${base}/Practitioner/p1`, headers: { authorization } } as const;
    const answers = await Promise.all([
      ...[`${base}/Practitioner/p1`, `${base}/metadata`, `${base}/Practitioner?x=1`, '/healthz', '/nowhere'].map(
        (url) => ask(url),
      ),
      ask(`${base}/Practitioner/p1`, { headers: {} }),
      rig.app.inject(refusals),
      rig.app.inject({ method: 'OPTIONS', url: base, headers: { 'access-control-request-method': 'GET' } }),
    ]);
    for (const { headers, statusCode } of answers) {
      const about = `${statusCode}`;
      expect(headers, about).to.include({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      });
      expect(headers['content-security-policy'], about).to.match(/default-src 'none'/);
      expect(headers).to.not.have.any.keys('x-powered-by', 'server');
    }
    expect(answers[0]?.headers['strict-transport-security']).to.match(/^max-age=31536000/);
  });

  it('has a limit for every dimension of a request', async () => {
    await open();
    const long = await ask(`${base}/Practitioner?name=${'a'.repeat(limits.urlBytesMax)}`);
    expect(long.statusCode).to.equal(413);
    const big = {
      method: 'POST',
      url: `${base}/Practitioner/_search`,
      payload: 'a'.repeat(limits.bodyBytesMax + 1),
    } as const;
    const form = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await rig.app.inject({ ...big, headers: form })).statusCode).to.equal(413);
    const page = (await ask(`${base}/Practitioner?_count=${limits.searchCountMax + 1}`)).json();
    expect(page.link[0].url).to.contain(`_count=${limits.searchCountMax}`);
    await rig.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = rig.app.server.address() as AddressInfo;
    const head = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'x-long': 'a'.repeat(2 * limits.urlBytesMax) };
      const sent = request({ port, host: '127.0.0.1', path: '/healthz', headers }, (response) => {
        response.resume();
        resolve(response);
      });
      sent.on('error', reject).end();
    });
    expect(head.statusCode).to.equal(431);
    expect(head.headers).to.include({ 'x-content-type-options': 'nosniff', connection: 'close' });
    const many = '&active=true'.repeat(limits.searchParametersMax + 1).slice(1);
    expect((await ask(`${base}/Practitioner?${many}`)).statusCode).to.equal(400);
  });
});
