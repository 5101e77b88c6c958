import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { mintToken } from '../../../server/oauth/mint.ts';
import { openRig, type Rig } from './rig.ts';

describe('a token minted for the command line', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());

  it('is what the token endpoint would issue, audit row included', async () => {
    const { client, secret } = await rig.register({ contracts: ['v2', 'v1'] });
    const publicUrl = rig.url;
    const wish = { clientId: client.id, secret, tenant: 't1', publicUrl, scope: 'system/Basic.r' };
    const { status, body } = await mintToken(rig.server, rig.clients, wish);
    expect(status).to.equal(200);
    expect(body).to.include({ token_type: 'Bearer', expires_in: 300, scope: 'system/Basic.r' });
    const claims = decodeJwt(String(body['access_token']));
    expect(claims).to.include({ iss: `${rig.url}/oauth`, aud: `${rig.url}/t/t1/fhir/v2`, tenant: 't1' });
    expect(rig.audited.at(-1)).to.include({ status: 200, client: client.id, jti: claims.jti, address: null });
    const other = await mintToken(rig.server, rig.clients, { ...wish, contract: 'v1' });
    expect(decodeJwt(String(other.body['access_token'])).aud).to.equal(`${rig.url}/t/t1/fhir/v1`);
  });

  it('is refused as the endpoint refuses it', async () => {
    const { client, secret } = await rig.register();
    const wish = { clientId: client.id, secret, tenant: 't1', publicUrl: rig.url };
    const mint = async (change: object) => {
      const { status, body } = await mintToken(rig.server, rig.clients, { ...wish, ...change });
      return [status, body['error']];
    };
    expect(await mint({ secret: 'wrong' })).to.deep.equal([401, 'invalid_client']);
    expect(await mint({ clientId: 'c_unknown' })).to.deep.equal([401, 'invalid_client']);
    expect(await mint({ tenant: 't2' })).to.deep.equal([400, 'invalid_target']);
    expect(await mint({ scope: 'system/AuditEvent.r' })).to.deep.equal([400, 'invalid_scope']);
  });
});
