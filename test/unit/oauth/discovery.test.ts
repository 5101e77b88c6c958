import { request } from 'node:http';
import { expect } from 'chai';
import { openRig, type Rig } from './rig.ts';

/** A GET with a Host header of our choosing, which fetch does not allow. */
function get(url: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

const documents = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-authorization-server/oauth',
  '/oauth/.well-known/openid-configuration',
  '/oauth/.well-known/oauth-authorization-server',
] as const;

describe('the discovery documents of the authorization server', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());

  for (const path of documents) {
    it(`stand at ${path} and name endpoints under the public URL`, async () => {
      const answer = await fetch(`${rig.url}${path}`);
      expect(answer.status).to.equal(200);
      expect(await answer.json()).to.deep.include({
        issuer: `${rig.url}/oauth`,
        token_endpoint: `${rig.url}/oauth/token`,
        jwks_uri: `${rig.url}/oauth/jwks`,
        authorization_endpoint: `${rig.url}/oauth/auth`,
        grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
        registration_endpoint: `${rig.url}/oauth/reg`,
        introspection_endpoint: `${rig.url}/oauth/introspect`,
        revocation_endpoint: `${rig.url}/oauth/revoke`,
        userinfo_endpoint: `${rig.url}/oauth/userinfo`,
        code_challenge_methods_supported: ['S256'],
        response_types_supported: ['code'],
        dpop_signing_alg_values_supported: ['ES256', 'ES384'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt', 'none'],
        token_endpoint_auth_signing_alg_values_supported: ['ES384', 'RS384', 'RS512'],
      });
    });
  }

  it('never repeat a Host or forwarded header from outside', async () => {
    const plain = await (await fetch(`${rig.url}${documents[0]}`)).text();
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    const spoofed = await get(`${rig.url}${documents[0]}`, headers);
    expect(spoofed).to.equal(plain);
  });

  it('lead to public keys without private parts', async () => {
    const { keys } = (await (await fetch(`${rig.url}/oauth/jwks`)).json()) as { keys: Record<string, unknown>[] };
    expect(keys).to.have.length(2);
    expect(keys[0]).to.include({ kty: 'EC', crv: 'P-384', alg: 'ES384', use: 'sig' });
    expect(keys[0]).not.to.have.any.keys('d', 'k', 'p');
  });

  it('follow the signing keys of the moment', async () => {
    const before = rig.signing;
    const renamed = (set: typeof before.pairs) => ({
      keys: set.keys.map((key) => ({ ...key, kid: `next-${key.alg}` })),
    });
    rig.signing = { pairs: renamed(before.pairs), published: renamed(before.published) };
    const { keys } = (await (await fetch(`${rig.url}/oauth/jwks`)).json()) as { keys: { kid: string }[] };
    rig.signing = before;
    expect(keys.map((key) => key.kid)).to.deep.equal(['next-ES384', 'next-RS256']);
  });
});
