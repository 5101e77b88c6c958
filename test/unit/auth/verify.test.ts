import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';
import { type Access, isRefusal, type Refusal, type RefusalReason } from '../../../server/auth/access.ts';
import { challenge } from '../../../server/auth/challenge.ts';
import type { ProofRequest } from '../../../server/auth/dpop.ts';
import { type TokenVerifierParts, tokenVerifier } from '../../../server/auth/verify.ts';

const issuer = 'https://fhir.example/oauth';
const base = 'https://fhir.example/t/t1/fhir/v1';
const epoch = 1_800_000_000;

const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-384' });

function keySet(kid: string, key: KeyObject): JSONWebKeySet {
  return { keys: [{ ...key.export({ format: 'jwk' }), kty: 'EC', kid, alg: 'ES384', use: 'sig' }] };
}

interface Stage {
  now: number;
  keys: JSONWebKeySet;
  tenant: 'active' | 'suspended' | undefined;
  client: 'active' | 'disabled' | undefined;
  clientTenant: string;
  expiresAt: string | undefined;
  user: 'active' | 'disabled' | undefined;
  epochs: Readonly<Record<string, number>>;
  revoked: readonly string[];
  refreshed: () => void;
}

type Verify = (
  header: string | readonly string[] | undefined,
  base: string,
  tenant: string,
  request?: ProofRequest,
) => Promise<Access | Refusal>;

const plain: ProofRequest = { method: 'GET', url: `${base}/Practitioner`, proof: undefined };

function stage(change: Partial<Stage> = {}): { readonly at: Stage; readonly verify: Verify } {
  const at: Stage = {
    now: epoch,
    keys: keySet('k1', pair.publicKey),
    tenant: 'active',
    client: 'active',
    clientTenant: 't1',
    expiresAt: undefined,
    user: 'active',
    epochs: {},
    revoked: [],
    refreshed: () => {},
    ...change,
  };
  const used = new Set<string>();
  const registrations: TokenVerifierParts['registrations'] = {
    tenant: (id) => (id !== 't1' || at.tenant === undefined ? undefined : { status: at.tenant }),
    client: () =>
      at.client === undefined
        ? undefined
        : {
            status: at.client,
            tenant: at.clientTenant,
            ...(at.expiresAt === undefined ? {} : { expiresAt: at.expiresAt }),
          },
    user: () =>
      at.user === undefined ? undefined : { status: at.user, memberships: [{ tenant: 't1', role: 'viewer' }] },
    notBefore: (party, id) => at.epochs[`${party}/${id}`] ?? 0,
    revoked: (key) => at.revoked.includes(key),
    refresh: async () => at.refreshed(),
  };
  const check = tokenVerifier({
    issuer: () => issuer,
    keys: () => at.keys,
    clock: { now: () => new Date(at.now * 1000) },
    registrations,
    firstUse: async (id) => used.size < used.add(id).size,
  });
  return { at, verify: async (header, forBase, tenant, request = plain) => check(header, forBase, tenant, request) };
}

const good: JWTPayload = {
  iss: issuer,
  aud: base,
  tenant: 't1',
  client_id: 'c_1',
  sub: 'c_1',
  jti: 'j1',
  iat: epoch,
  exp: epoch + 300,
  scope: 'system/Practitioner.rs',
};

function sign(claims: JWTPayload = {}, header: object = {}, key: KeyObject = pair.privateKey): Promise<string> {
  const merged = Object.fromEntries(Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined));
  return new SignJWT(merged).setProtectedHeader({ alg: 'ES384', typ: 'at+jwt', kid: 'k1', ...header }).sign(key);
}

function reason(result: Access | Refusal): RefusalReason | undefined {
  return isRefusal(result) ? result.reason : undefined;
}

describe('the verification of an access token', () => {
  it('grants the tenant, client and scopes of a good token', async () => {
    const result = await stage().verify(`Bearer ${await sign()}`, base, 't1');
    expect(isRefusal(result)).to.equal(false);
    expect(result).to.deep.include({ clientId: 'c_1', jti: 'j1', expiresAt: epoch + 300 });
    expect(result).to.have.nested.property('grant.tenant', 't1');
    expect(result).to.have.nested.property('grant.by', 'token');
  });

  it('takes the header once, with the Bearer scheme and one token', async () => {
    const { verify } = stage();
    const token = await sign();
    expect(await verify(undefined, base, 't1')).to.deep.equal({ kind: 'missing', reason: 'no-token' });
    expect(await verify([], base, 't1')).to.deep.equal({ kind: 'missing', reason: 'no-token' });
    expect(await verify(`Basic ${token}`, base, 't1')).to.deep.equal({ kind: 'missing', reason: 'other-scheme' });
    expect(reason(await verify([`Bearer ${token}`, `Bearer ${token}`], base, 't1'))).to.equal('repeated-header');
    expect(reason(await verify('Bearer', base, 't1'))).to.equal('malformed-token');
    expect(reason(await verify(`Bearer ${token} `, base, 't1'))).to.equal('malformed-token');
    expect(isRefusal(await verify([`bearer ${token}`], base, 't1'))).to.equal(false);
  });

  const claimFaults: readonly [string, JWTPayload, RefusalReason][] = [
    ['of another issuer', { iss: 'https://evil.example/oauth' }, 'wrong-issuer'],
    ['for another base', { aud: 'https://fhir.example/t/t2/fhir/v1' }, 'wrong-audience'],
    ['for the base with a slash more', { aud: `${base}/` }, 'wrong-audience'],
    ['for a list of bases', { aud: [base, 'https://fhir.example/t/t2/fhir/v1'] }, 'bad-claims'],
    ['for this base alone, but as a list', { aud: [base] }, 'bad-claims'],
    ['of another tenant with this base', { tenant: 't2' }, 'wrong-tenant'],
    ['without a tenant', { tenant: undefined }, 'bad-claims'],
    ['without a scope', { scope: undefined }, 'bad-claims'],
    ['with an empty scope', { scope: '' }, 'bad-claims'],
    ['with a scope that is none', { scope: 'system/Practitioner.rs openid' }, 'bad-claims'],
    ['without a jti', { jti: undefined as unknown as string }, 'bad-claims'],
    ['without a client', { client_id: undefined }, 'bad-claims'],
    ['without an expiry', { exp: undefined as unknown as number }, 'bad-claims'],
    ['that has expired', { exp: epoch - 5 }, 'expired'],
    ['of the future', { iat: epoch + 6 }, 'issued-in-the-future'],
    ['that is bound to a key', { cnf: { jkt: 'x' } }, 'sender-constrained'],
    ['that is bound to a certificate', { cnf: { 'x5t#S256': 'x' } }, 'bad-claims'],
    ['without a subject', { sub: undefined as unknown as string }, 'bad-claims'],
    ["of a client with a person's scope", { scope: 'user/Practitioner.rs' }, 'bad-claims'],
    ["of a person with a client's scope", { sub: 'u_1', grant_id: 'g1' }, 'bad-claims'],
    ['of a person without a consent', { sub: 'u_1', scope: 'user/Practitioner.rs' }, 'bad-claims'],
  ];
  for (const [name, claims, expected] of claimFaults) {
    it(`refuses a token ${name}`, async () => {
      expect(reason(await stage().verify(`Bearer ${await sign(claims)}`, base, 't1'))).to.equal(expected);
    });
  }

  it('allows the clock skew and not a second more', async () => {
    const { at, verify } = stage();
    const token = await sign();
    at.now = epoch + 304;
    expect(isRefusal(await verify(`Bearer ${token}`, base, 't1'))).to.equal(false);
    at.now = epoch + 305;
    expect(reason(await verify(`Bearer ${token}`, base, 't1'))).to.equal('expired');
  });

  it('refuses other token types, algorithms and keys', async () => {
    const { verify } = stage();
    const secret = Buffer.from(JSON.stringify(keySet('k1', pair.publicKey).keys[0]));
    const hmac = await new SignJWT(good).setProtectedHeader({ alg: 'HS384', typ: 'at+jwt', kid: 'k1' }).sign(secret);
    const parts = (await sign()).split('.');
    const head = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');
    const none = `${head({ alg: 'none', typ: 'at+jwt', kid: 'k1' })}.${parts[1]}.`;
    const cases: readonly [string, RefusalReason][] = [
      [await sign({}, { typ: 'JWT' }), 'wrong-type'],
      [await sign({}, { typ: undefined }), 'wrong-type'],
      [hmac, 'wrong-algorithm'],
      [none, 'wrong-algorithm'],
      [await sign({}, { kid: 'k2' }), 'unknown-key'],
      [await sign({}, { kid: undefined }), 'unknown-key'],
      [await sign({}, {}, foreign.privateKey), 'bad-signature'],
      [`${parts[0]}.${parts[1]}x.${parts[2]}`, 'malformed-token'],
      [`${parts[0]}.${parts[1]}`, 'malformed-token'],
      ['x'.repeat(9000), 'malformed-token'],
      ['eyJ.e30.e30', 'malformed-token'],
    ];
    for (const [token, expected] of cases) {
      expect(reason(await verify(`Bearer ${token}`, base, 't1')), token).to.equal(expected);
    }
  });

  it('says the same to the client whatever is wrong with a token', async () => {
    const { verify } = stage();
    const answers = new Set<string>();
    for (const token of ['garbage', await sign({ tenant: 't2' }), await sign({ exp: 1 })]) {
      const result = await verify(`Bearer ${token}`, base, 't1');
      if (isRefusal(result)) answers.add(challenge(base, result));
    }
    expect([...answers]).to.deep.equal([`Bearer realm="${base}", error="invalid_token"`]);
    expect(challenge(base, { kind: 'missing', reason: 'no-token' })).to.equal(`Bearer realm="${base}"`);
  });

  it('stops a token that it has verified before when client or tenant stop, and when its key is withdrawn', async () => {
    const { at, verify } = stage();
    const header = `Bearer ${await sign()}`;
    const now = async () => reason(await verify(header, base, 't1'));
    expect(await now()).to.equal(undefined);
    at.client = 'disabled';
    expect(await now()).to.equal('client-not-active');
    at.client = undefined;
    expect(await now()).to.equal('client-not-active');
    at.client = 'active';
    expect(await now()).to.equal(undefined);
    at.clientTenant = 't2';
    expect(await now()).to.equal('client-not-active');
    at.clientTenant = 't1';
    at.tenant = 'suspended';
    expect(await now()).to.equal('tenant-not-active');
    at.tenant = 'active';
    at.keys = keySet('k2', foreign.publicKey);
    expect(await now()).to.equal('unknown-key');
  });

  it('checks in the order of the fifteen: each fault is found before all that come after it', async () => {
    const bound = { cnf: { jkt: 'thumbprint' }, jti: 'j9' };
    // Everything is wrong; then one fault after the other is mended, from the front.
    const { at, verify } = stage({ tenant: 'suspended', client: 'disabled', revoked: ['j9'] });
    const now = async (header: string | readonly string[], forBase = base, tenant = 't2') =>
      reason(await verify(header, forBase, tenant));
    const expired = `DPoP ${await sign({ ...bound, exp: epoch - 60 })}`;
    const elsewhere = 'https://fhir.example/t/t2/fhir/v1';
    expect(await now([expired, expired], elsewhere)).to.equal('repeated-header');
    expect(await now(`DPoP ${await sign({ ...bound, exp: epoch - 60 }, { typ: 'JWT' })}`, elsewhere)).to.equal(
      'wrong-type',
    );
    expect(await now(expired, elsewhere)).to.equal('expired');
    const header = `DPoP ${await sign(bound)}`;
    expect(await now(header, elsewhere)).to.equal('wrong-audience');
    expect(await now(header)).to.equal('wrong-tenant');
    expect(await now(header, base, 't1')).to.equal('revoked');
    at.revoked = [];
    expect(await now(header, base, 't1')).to.equal('tenant-not-active');
    at.tenant = 'active';
    expect(await now(header, base, 't1')).to.equal('client-not-active');
    at.client = 'active';
    expect(await now(header, base, 't1')).to.equal('bad-proof');
    expect(await now(header.replace('DPoP', 'Bearer'), base, 't1')).to.equal('sender-constrained');
  });

  it('checks audience and tenant of a remembered token anew', async () => {
    const { verify } = stage();
    const header = `Bearer ${await sign()}`;
    expect(reason(await verify(header, base, 't1'))).to.equal(undefined);
    expect(reason(await verify(header, 'https://fhir.example/t/t2/fhir/v1', 't2'))).to.equal('wrong-audience');
    expect(reason(await verify(header, base, 't2'))).to.equal('wrong-tenant');
  });

  it('asks the registry again before it calls a client unknown', async () => {
    const { at, verify } = stage({ client: undefined });
    at.refreshed = () => {
      at.client = 'active';
    };
    expect(isRefusal(await verify(`Bearer ${await sign()}`, base, 't1'))).to.equal(false);
  });

  it('verifies with the keys of now: the old and the new one while both are listed', async () => {
    const { at, verify } = stage();
    at.keys = { keys: [...keySet('k1', pair.publicKey).keys, ...keySet('k2', foreign.publicKey).keys] };
    expect(isRefusal(await verify(`Bearer ${await sign()}`, base, 't1'))).to.equal(false);
    const second = await sign({}, { kid: 'k2' }, foreign.privateKey);
    expect(isRefusal(await verify(`Bearer ${second}`, base, 't1'))).to.equal(false);
  });

  it('stops a token that it has verified before when it, its consent or an epoch ends it', async () => {
    const { at, verify } = stage();
    const person = { sub: 'u_1', grant_id: 'g1', scope: 'openid fhirUser user/Practitioner.rs' };
    const header = `Bearer ${await sign(person)}`;
    const now = async () => reason(await verify(header, base, 't1'));
    expect(await verify(header, base, 't1')).to.deep.include({ userId: 'u_1', clientId: 'c_1' });
    for (const key of ['j1', 'grant/g1']) {
      at.revoked = [key];
      expect(await now(), key).to.equal('revoked');
    }
    at.revoked = ['g1', 'j2'];
    expect(await now()).to.equal(undefined);
    for (const party of ['tenant/t1', 'client/c_1', 'user/u_1']) {
      at.epochs = { [party]: epoch + 0.5 };
      expect(await now(), party).to.equal('revoked');
      at.epochs = { [party]: epoch };
      expect(await now(), party).to.equal(undefined);
    }
    at.user = 'disabled';
    expect(await now()).to.equal('user-not-active');
    at.user = undefined;
    expect(await now()).to.equal('user-not-active');
    at.user = 'active';
    at.expiresAt = new Date(epoch * 1000).toISOString();
    expect(await now()).to.equal('client-not-active');
    at.expiresAt = new Date((epoch + 1) * 1000).toISOString();
    expect(await now()).to.equal(undefined);
  });
});
