import { createHash, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { calculateJwkThumbprint, type JWTPayload, SignJWT } from 'jose';
import { isProof } from '../../../server/auth/dpop.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kty: 'EC' };
const url = 'https://fhir.example/t/t1/fhir/v1/Practitioner';
const epoch = 1_800_000_000;
const token = 'the.access.token';
const ath = createHash('sha256').update(token).digest('base64url');

describe('a DPoP proof', () => {
  const good: JWTPayload = { htm: 'GET', htu: url, iat: epoch, jti: 'p1', ath };

  const prove = (claims: JWTPayload = {}, header: object = {}, key = pair.privateKey) => {
    const merged = Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined);
    const head = { alg: 'ES256', typ: 'dpop+jwt', jwk, ...header };
    return new SignJWT(Object.fromEntries(merged)).setProtectedHeader(head).sign(key);
  };

  const check = async (proof: string | undefined, used = new Set<string>(), now = epoch) =>
    isProof(
      { method: 'GET', url, proof },
      {
        token,
        jkt: await calculateJwkThumbprint(jwk),
        now: new Date(now * 1000),
        firstUse: async (id) => used.size < used.add(id).size,
      },
    );

  it('is taken for its method, URL, token and key, once', async () => {
    const used = new Set<string>();
    const proof = await prove();
    expect(await check(proof, used)).to.equal(true);
    expect(await check(proof, used)).to.equal(false);
    expect(await check(await prove({ jti: 'p2' }), used)).to.equal(true);
    expect(await check(await prove({ htu: `${url}?name=x#y` }))).to.equal(true);
  });

  it('is refused for anything else', async () => {
    const foreign = { ...other.publicKey.export({ format: 'jwk' }), kty: 'EC' };
    const proofs: Record<string, string | undefined> = {
      none: undefined,
      garbage: 'x',
      'another method': await prove({ htm: 'POST' }),
      'another URL': await prove({ htu: url.replace('t1', 't2') }),
      'no URL': await prove({ htu: 'x' }),
      'another token': await prove({ ath: 'x' }),
      'no token': await prove({ ath: undefined }),
      'no jti': await prove({ jti: undefined as unknown as string }),
      'another key': await prove({}, { jwk: foreign }, other.privateKey),
      'another signature': await prove({}, {}, other.privateKey),
      'another type': await prove({}, { typ: 'JWT' }),
      'a symmetric key': await new SignJWT(good)
        .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk })
        .sign(new TextEncoder().encode('x'.repeat(32))),
      'no time': await prove({ iat: undefined as unknown as number }),
    };
    for (const [name, proof] of Object.entries(proofs)) expect(await check(proof), name).to.equal(false);
  });

  it('is good for a minute before and after its time', async () => {
    for (const [now, good] of [
      [epoch + 60, true],
      [epoch - 60, true],
      [epoch + 61, false],
      [epoch - 61, false],
    ] as const) {
      expect(await check(await prove(), new Set(), now), String(now - epoch)).to.equal(good);
    }
  });
});
