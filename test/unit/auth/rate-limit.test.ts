import { expect } from 'chai';
import { rateLimiter } from '../../../server/auth/rate-limit.ts';
import { defaultSettings } from '../../../server/tenancy/tenant.ts';

describe('Rate limits', () => {
  let now = 0;
  const clock = { now: () => new Date(now) };
  const tenant = (settings: object = {}) => ({ id: 't1', settings: { ...defaultSettings, ...settings } });
  const off = { client: 0, tenant: 0, address: 0 };
  const limiter = (defaults = off) => rateLimiter(clock, defaults);
  beforeEach(() => {
    now = 1_000_000;
  });

  it('are off where nobody set one: no header, no bucket', () => {
    expect(limiter().request(tenant(), { id: 'c1' })).to.equal(undefined);
    expect(limiter().address('192.0.2.1')).to.equal(undefined);
  });

  it('let a minute’s requests through at once, then as many as trickle in', () => {
    const { request } = limiter();
    const slow = tenant({ clientRequestsPerMinute: 3 });
    const ask = () => request(slow, { id: 'c1' });
    expect([ask(), ask(), ask()].map((one) => one?.allowed)).to.deep.equal([true, true, true]);
    const refused = ask();
    expect(refused?.allowed).to.equal(false);
    expect(refused?.headers).to.deep.equal({
      'ratelimit-policy': '"client";q=3;w=60',
      ratelimit: '"client";r=0;t=60',
      'retry-after': '20',
    });
    now += 19_000;
    expect(ask()?.headers['retry-after']).to.equal('1');
    now += 1_000;
    expect(ask()?.allowed).to.equal(true);
    expect(ask()?.allowed).to.equal(false);
    now += 3_600_000;
    expect(ask()?.headers['ratelimit']).to.equal('"client";r=2;t=20');
  });

  it('count each client for itself and all of them for the tenant; a refusal uses nothing up', () => {
    const { request } = limiter();
    const busy = tenant({ clientRequestsPerMinute: 2, requestsPerMinute: 3 });
    const ask = (id: string) => request(busy, { id })?.allowed;
    expect([ask('a'), ask('a'), ask('a'), ask('a'), ask('b')]).to.deep.equal([true, true, false, false, true]);
    const refused = request(busy, { id: 'c' });
    expect(refused?.allowed).to.equal(false);
    expect(refused?.headers['ratelimit-policy']).to.equal('"client";q=2;w=60, "tenant";q=3;w=60');
    expect(refused?.headers['ratelimit']).to.match(/^"client";r=2;t=0, "tenant";r=0;t=60$/);
    expect(request({ ...busy, id: 't2' }, { id: 'a2' })?.allowed).to.equal(true);
  });

  it('are the client’s own, else its tenant’s, else the server’s', () => {
    const { request } = limiter({ client: 10, tenant: 0, address: 0 });
    const policy = (settings: object, own: object) => {
      const rate = request(tenant(settings), { id: 'c', ...own });
      return rate?.headers['ratelimit-policy'];
    };
    expect(policy({}, {})).to.equal('"client";q=10;w=60');
    expect(policy({ clientRequestsPerMinute: 20 }, {})).to.equal('"client";q=20;w=60');
    expect(policy({ clientRequestsPerMinute: 20 }, { requestsPerMinute: 30 })).to.equal('"client";q=30;w=60');
    expect(policy({ clientRequestsPerMinute: 20 }, { requestsPerMinute: 0 }), 'as many as come').to.equal(undefined);
    expect(request(undefined, { id: 'platform' })?.headers['ratelimit-policy']).to.equal('"client";q=10;w=60');
  });
});
