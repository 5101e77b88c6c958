import { expect } from 'chai';
import { systemClock } from '../../../server/core/clock.ts';
import { keyRing } from '../../../server/keys/key-ring.ts';
import { rotateSigningKeys, signingKeyRing } from '../../../server/oauth/signing-keys.ts';
import { keys, openRig, type Rig } from './rig.ts';

describe('the signing keys', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());

  it('are made once, whoever asks', async () => {
    const documents = rig.store.system.documents;
    const again = await Promise.all([1, 2, 3].map(() => signingKeyRing(documents, keys, systemClock)));
    for (const loaded of again) expect(loaded.current()).to.deep.equal(rig.signing);
    expect(await documents.list('signing-key')).to.have.length(2);
  });

  it('stand in the store wrapped, and open with the master key alone', async () => {
    const documents = rig.store.system.documents;
    const [row] = await documents.list('signing-key');
    const secret = String(rig.signing.pairs.keys[0]?.d);
    expect(secret).to.have.length(64);
    expect(row?.document).not.to.contain(secret);
    let opened = true;
    await signingKeyRing(documents, keyRing(Buffer.alloc(32, 1)), systemClock).catch(() => {
      opened = false;
    });
    expect(opened).to.equal(false);
  });

  it('are published without their private part', () => {
    const [es384, rs256] = rig.signing.published.keys;
    expect(es384).to.have.all.keys('kty', 'crv', 'x', 'y', 'kid', 'alg', 'use');
    expect(rs256).to.have.all.keys('kty', 'n', 'e', 'kid', 'alg', 'use');
  });

  it('change in two phases: published first, signing later, retired when the last token has expired', async () => {
    const documents = rig.store.system.documents;
    let now = Date.parse('2026-11-23T10:00:00Z');
    const clock = { now: () => new Date(now) };
    for (const { id } of await documents.list('signing-key')) await documents.remove('signing-key', id);
    const ring = await signingKeyRing(documents, keys, clock);
    const kids = async () => {
      await ring.refresh();
      return ring
        .current()
        .pairs.keys.filter(({ alg }) => alg === 'ES384')
        .map(({ kid }) => kid);
    };
    const [old] = await kids();
    const before = ring.current();
    await ring.refresh();
    expect(ring.current()).to.equal(before);
    const [made] = await rotateSigningKeys(documents, keys, clock, false);
    expect(await kids()).to.deep.equal([old, made?.kid]);
    expect(ring.current().published.keys).to.have.length(4);
    expect(await failure(rotateSigningKeys(documents, keys, clock, false))).to.contain('under way');
    now += 299_999;
    expect(await kids()).to.deep.equal([old, made?.kid]);
    now += 1;
    expect(await kids()).to.deep.equal([made?.kid, old]);
    now += 310_000;
    expect(await kids()).to.deep.equal([made?.kid]);
    expect(await documents.list('signing-key')).to.have.length(2);
  });

  it('change at once after a leak: what the old ones signed is worth nothing', async () => {
    const documents = rig.store.system.documents;
    let now = Date.parse('2026-11-24T10:00:00Z');
    const clock = { now: () => new Date(now) };
    const ring = await signingKeyRing(documents, keys, clock);
    await rotateSigningKeys(documents, keys, clock, false);
    now += 1000;
    const made = await rotateSigningKeys(documents, keys, clock, true);
    await ring.refresh();
    expect(ring.current().published.keys.map(({ kid }) => kid)).to.deep.equal(made.map(({ kid }) => kid));
  });
});

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => '',
    (error: Error) => error.message,
  );
}
