import { expect } from 'chai';
import { oauthAdapter } from '../../../server/oauth/adapter.ts';
import { openRig, type Rig } from './rig.ts';

describe('the adapter between oidc-provider and the store', () => {
  let rig: Rig;
  const revoked: string[] = [];
  let now = Date.parse('2026-11-23T10:00:00Z');
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());
  const model = (name: string) =>
    oauthAdapter({
      store: rig.store.system.oauth,
      clock: { now: () => new Date(now) },
      client: async () => undefined,
      revokeGrant: async (grantId) => void revoked.push(grantId),
    })(name);

  const fails = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  it('finds what was put until it expires', async () => {
    const codes = model('AuthorizationCode');
    await codes.upsert('a', { jti: 'a', uid: 'u' }, 60);
    expect(await codes.find('a')).to.deep.equal({ jti: 'a', uid: 'u' });
    expect(await codes.findByUid('u')).to.deep.equal({ jti: 'a', uid: 'u' });
    expect(await model('RefreshToken').find('a')).to.equal(undefined);
    now += 61_000;
    expect(await codes.find('a')).to.equal(undefined);
  });

  it('lets one of many consume a code, and ends the grant of one that comes twice', async () => {
    const codes = model('AuthorizationCode');
    await codes.upsert('b', { jti: 'b', grantId: 'g' }, 60);
    await codes.upsert('c', { jti: 'c', grantId: 'g' }, 60);
    await codes.consume('b');
    expect(await codes.find('b')).to.deep.equal({ jti: 'b', grantId: 'g', consumed: Math.floor(now / 1000) });
    expect(await fails(codes.consume('b'))).to.equal('invalid_grant');
    expect(await codes.find('c')).to.equal(undefined);
    expect(revoked).to.deep.equal(['g']);
    await codes.upsert('d', { jti: 'd' }, 60);
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => fails(codes.consume('d'))));
    expect(outcomes.filter((outcome) => outcome === '')).to.have.length(1);
  });

  it('inserts a jti once', async () => {
    const replays = model('ReplayDetection');
    await replays.upsert('j', { jti: 'j' }, 60);
    expect(await fails(replays.upsert('j', { jti: 'j' }, 60))).to.equal('invalid_client');
  });

  it('replaces and removes other rows', async () => {
    const sessions = model('Session');
    await sessions.upsert('s', { uid: '1' }, 60);
    await sessions.upsert('s', { uid: '2' }, 60);
    expect(await sessions.find('s')).to.deep.equal({ uid: '2' });
    await sessions.destroy('s');
    expect(await sessions.find('s')).to.equal(undefined);
  });

  it('leaves clients to the registry', async () => {
    expect(await model('Client').find('x')).to.equal(undefined);
    expect(await fails(model('Client').upsert('x', {}, 1))).to.contain('registry');
  });
});
