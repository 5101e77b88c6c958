import { expect } from 'chai';
import { rateLimiter } from '../../../server/auth/rate-limit.ts';
import { basic, openRig, type Rig } from './rig.ts';

describe('the authorization server under too many requests', () => {
  let rig: Rig;
  let now = 0;
  before(async () => {
    rig = await openRig();
    const limiter = rateLimiter({ now: () => new Date(now) }, { client: 0, tenant: 0, address: 2 });
    rig.rate = limiter.address;
  });
  after(() => rig.close());

  it('counts an address at every endpoint, right or wrong, and says how many are left', async () => {
    const { client, secret } = await rig.register();
    const good = await rig.post({ grant_type: 'client_credentials' }, basic(client, secret));
    expect(good.status).to.equal(200);
    expect(good.headers.get('ratelimit-policy')).to.equal('"address";q=2;w=60');
    expect(good.headers.get('ratelimit')).to.equal('"address";r=1;t=30');
    expect((await rig.post({ grant_type: 'client_credentials' }, basic(client, 'guess'))).status).to.equal(401);
    rig.audited.length = 0;
    const refused = await rig.post({ grant_type: 'client_credentials' }, basic(client, secret));
    expect(refused.status).to.equal(429);
    expect(refused.headers.get('retry-after')).to.equal('30');
    expect(refused.headers.get('cache-control')).to.equal('no-store');
    expect(refused.body).to.include({ error: 'temporarily_unavailable' });
    expect(rig.audited.map(({ status, reason }) => [status, reason])).to.deep.equal([[429, 'throttled']]);
    for (const path of ['reg', 'introspect', 'revoke', 'userinfo', 'auth']) {
      expect((await fetch(`${rig.url}/oauth/${path}`, { method: 'POST' })).status, path).to.equal(429);
    }
  });

  it('keeps keys and discovery open to everybody, and forgives with time', async () => {
    expect((await fetch(`${rig.url}/oauth/jwks`)).status).to.equal(200);
    expect((await fetch(`${rig.url}/.well-known/openid-configuration`)).status).to.equal(200);
    now += 60_000;
    const { client, secret } = await rig.register();
    expect((await rig.post({ grant_type: 'client_credentials' }, basic(client, secret))).status).to.equal(200);
  });
});
