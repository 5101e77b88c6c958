import { expect } from 'chai';
import { withNewKeys } from '../../../server/auth/new-client.ts';
import { assertionForm, keyPair, openRig, type Rig } from './rig.ts';

describe('a client’s key set that was rotated', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());

  it('is good beside the new one within the overlap, and not a moment longer', async () => {
    const [first, second] = [keyPair('ES384', 'first'), keyPair('ES384', 'second')];
    const { client } = await rig.register({ jwks: first.jwks });
    const status = async (pair: typeof first) => (await rig.post(await assertionForm(rig, client, pair))).status;
    const later = new Date(Date.now() + 60_000).toISOString();
    await rig.clients.put(withNewKeys(client, second.jwks, later));
    expect([await status(first), await status(second)]).to.deep.equal([200, 200]);
    await rig.clients.put(withNewKeys(client, second.jwks, new Date(Date.now() - 1000).toISOString()));
    expect([await status(first), await status(second)]).to.deep.equal([401, 200]);
    await rig.clients.put(withNewKeys(client, second.jwks));
    expect([await status(first), await status(second)]).to.deep.equal([401, 200]);
  });

  it('names by an equal key id the newer key', async () => {
    const [first, second] = [keyPair('ES384', 'same'), keyPair('ES384', 'same')];
    const { client } = await rig.register({ jwks: first.jwks });
    await rig.clients.put(withNewKeys(client, second.jwks, new Date(Date.now() + 60_000).toISOString()));
    expect((await rig.post(await assertionForm(rig, client, second))).status).to.equal(200);
    expect((await rig.post(await assertionForm(rig, client, first))).status).to.equal(401);
  });
});
