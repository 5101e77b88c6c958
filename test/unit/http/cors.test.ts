import { expect } from 'chai';
import { bearer, type FhirRig, fhirRig } from '../../support/fhir-rig.ts';

const own = 'https://app.example';
const base = '/t/rxx/fhir/v1';

describe('answers to pages of other origins', () => {
  let rig: FhirRig;
  before(async () => {
    const origins = (tenant: string, client = 'c1') => new Set(tenant === 'rxx' && client === 'c1' ? [own] : []);
    rig = await fhirRig(['rxx', 'ryy'], { origins });
  });
  after(() => rig.close());

  const allowed = async (url: string, origin: string, authorization?: string) => {
    const headers = { origin, ...(authorization === undefined ? {} : { authorization }) };
    const response = await rig.app.inject({ method: 'GET', url, headers });
    expect(response.headers['vary']).to.contain('Origin');
    return response.headers['access-control-allow-origin'];
  };

  it('are for everyone where discovery is', async () => {
    for (const path of ['metadata', '.well-known/smart-configuration']) {
      expect(await allowed(`${base}/${path}`, 'https://any.example'), path).to.equal('*');
    }
  });

  it('are for the origins of the token’s own client where data are', async () => {
    const url = `${base}/Practitioner`;
    expect(await allowed(url, own, bearer('rxx', 'system/*.rs'))).to.equal(own);
    expect(await allowed(url, 'https://evil.example', bearer('rxx', 'system/*.rs'))).to.equal(undefined);
    expect(await allowed(url, own, bearer('rxx', 'system/*.rs', 'c2'))).to.equal(undefined);
    expect(await allowed(url, own)).to.equal(undefined);
    expect(await allowed('/t/ryy/fhir/v1/Practitioner', own, bearer('ryy', 'system/*.rs'))).to.equal(undefined);
  });

  it('are announced to origins of the tenant; an unknown tenant looks like one without apps', async () => {
    const preflight = (url: string, origin: string) =>
      rig.app.inject({
        method: 'OPTIONS',
        url,
        headers: { origin, 'access-control-request-method': 'GET', 'x-request-id': 'r', 'x-correlation-id': 'r' },
      });
    const good = await preflight(`${base}/Practitioner`, own);
    expect(good.statusCode).to.equal(204);
    expect(good.headers).to.include({ 'access-control-allow-origin': own });
    expect(good.headers).to.not.have.property('access-control-allow-credentials');
    const others = await Promise.all([
      preflight(`${base}/Practitioner`, 'https://evil.example'),
      preflight('/t/ryy/fhir/v1/Practitioner', own),
      preflight('/t/nobody/fhir/v1/Practitioner', own),
    ]);
    for (const { statusCode, headers } of others) {
      expect(statusCode).to.equal(204);
      expect(Object.keys(headers)).to.deep.equal(Object.keys(others[0]?.headers ?? {}));
      expect(headers).to.not.have.property('access-control-allow-origin');
    }
    const discovery = await preflight(`${base}/metadata`, 'https://any.example');
    expect(discovery.headers).to.include({ 'access-control-allow-origin': 'https://any.example' });
  });
});
