import { expect } from 'chai';
import { systemClock } from '../../../server/core/clock.ts';
import { keyRing } from '../../../server/keys/key-ring.ts';
import { signingKeys } from '../../../server/oauth/signing-keys.ts';
import { keys, openRig, type Rig } from './rig.ts';

describe('the signing keys', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());

  it('are made once, whoever asks', async () => {
    const documents = rig.store.system.documents;
    const again = await Promise.all([1, 2, 3].map(() => signingKeys(documents, keys, systemClock)));
    for (const loaded of again) expect(loaded).to.deep.equal(rig.signing);
    expect(await documents.list('signing-key')).to.have.length(1);
  });

  it('stand in the store wrapped, and open with the master key alone', async () => {
    const documents = rig.store.system.documents;
    const [row] = await documents.list('signing-key');
    const secret = String(rig.signing.pairs.keys[0]?.d);
    expect(secret).to.have.length(64);
    expect(row?.document).not.to.contain(secret);
    let opened = true;
    await signingKeys(documents, keyRing(Buffer.alloc(32, 1)), systemClock).catch(() => {
      opened = false;
    });
    expect(opened).to.equal(false);
  });

  it('are published without their private part', () => {
    const [published] = rig.signing.published.keys;
    expect(published).to.have.all.keys('kty', 'crv', 'x', 'y', 'kid', 'alg', 'use');
  });
});
