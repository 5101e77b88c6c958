import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';
import type { AuditEntry } from '../../../server/audit/entry.ts';
import type { Client } from '../../../server/auth/client.ts';
import { type ClientWish, newClient } from '../../../server/auth/new-client.ts';
import type { Rate } from '../../../server/auth/rate-limit.ts';
import { systemClock } from '../../../server/core/clock.ts';
import { randomId } from '../../../server/core/id.ts';
import { keyRing } from '../../../server/keys/key-ring.ts';
import { type AuthorizationServer, oauthProvider } from '../../../server/oauth/provider.ts';
import { type SigningKeys, signingKeyRing } from '../../../server/oauth/signing-keys.ts';
import { type ClientRegistry, clientRegistry } from '../../../server/registry/clients.ts';
import { endTokens } from '../../../server/registry/not-before.ts';
import { registrationTokens } from '../../../server/registry/registration-tokens.ts';
import { type RegistrySnapshot, registrySnapshot } from '../../../server/registry/snapshot.ts';
import { type TenantRegistry, tenantRegistry } from '../../../server/registry/tenants.ts';
import { type UserRegistry, userRegistry } from '../../../server/registry/users.ts';
import type { Store } from '../../../server/store/port.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { openUnderTest, removeStore } from '../../support/store-under-test.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An authorization server on a loopback port over a store in a temporary folder. */
export interface Rig {
  readonly url: string;
  readonly server: AuthorizationServer;
  readonly tenants: TenantRegistry;
  readonly clients: ClientRegistry;
  readonly users: UserRegistry;
  readonly snapshot: RegistrySnapshot;
  readonly audited: AuditEntry[];
  readonly store: Store;
  signing: SigningKeys;
  auditFails: boolean;
  /** Left out: as many as come. */
  rate?: (address: string | null) => Rate | undefined;
  register(wish?: Partial<ClientWish>): Promise<{ readonly client: Client; readonly secret: string }>;
  post(form: Readonly<Record<string, string>> | URLSearchParams, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export const keys = keyRing(Buffer.alloc(32, 9));

export async function openRig(): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'esr-fhir-oauth-'));
  const store = await openUnderTest({ directory, keys, schema: {}, disclosures: () => [] });
  const tenants = tenantRegistry(store);
  const clients = clientRegistry(store);
  const users = userRegistry(store);
  await tenants.add({ id: 't1', name: 'One', ods: ['R01'], vpds: ['101'], contracts: ['v1', 'v2'] });
  await tenants.add({ id: 't2', name: 'Two', ods: ['R02'], vpds: ['102'] });
  const snapshot = await registrySnapshot(store);
  const audited: AuditEntry[] = [];
  const app = Fastify();
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', `request-${request.id}`).header('x-correlation-id', 'correlation');
  });
  const rig: Omit<Rig, 'server'> & { url: string } = {
    url: '',
    tenants,
    clients,
    users,
    snapshot,
    audited,
    store,
    signing: (await signingKeyRing(store.system.documents, keys, systemClock)).current(),
    auditFails: false,
    async register(wish: Partial<ClientWish> = {}) {
      const full = { name: 'Client', tenant: 't1', scope: 'system/*.rs', contracts: ['v1'], ...wish };
      const { client, secret = '' } = newClient(full, keys, systemClock.now().toISOString());
      await clients.add(client);
      return { client, secret };
    },
    async post(form: Readonly<Record<string, string>> | URLSearchParams, headers: Record<string, string> = {}) {
      const answer = await fetch(`${rig.url}/oauth/token`, {
        method: 'POST',
        headers,
        body: new URLSearchParams(form),
      });
      const text = await answer.text();
      const json = answer.headers.get('content-type')?.includes('json') === true;
      return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : { text } };
    },
    async close() {
      await app.close();
      await store.close();
      await removeStore(directory);
      await rm(directory, { recursive: true });
    },
  };
  const server = oauthProvider({
    ...{ publicUrl: () => rig.url, signing: () => rig.signing, store: store.system.oauth },
    ...{ clients, tenants, users, keys, clock: systemClock, log: silentLogger, registrations: snapshot },
    registrationTokens: registrationTokens(store.system.documents),
    revoke: snapshot.revoke,
    endTokens: (id, now) => endTokens(store.system.documents, 'client', id, now),
    rate: (address) => rig.rate?.(address),
    development: false,
    async audit(entry) {
      if (rig.auditFails) throw new Error('the disk is full');
      audited.push(entry);
    },
  });
  await server.plugin(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  rig.url = `http://localhost:${(app.server.address() as AddressInfo).port}`;
  return Object.assign(rig, { server });
}

export function basic(client: Client, secret: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}` };
}

export interface KeyPair {
  readonly alg: 'ES384' | 'RS384' | 'RS512';
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwks: JSONWebKeySet;
}

export function keyPair(alg: KeyPair['alg'], kid = 'key-1'): KeyPair {
  const pair =
    alg === 'ES384'
      ? generateKeyPairSync('ec', { namedCurve: 'P-384' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { kty = '', ...jwk } = pair.publicKey.export({ format: 'jwk' });
  return {
    alg,
    kid,
    privateKey: createPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    jwks: { keys: [{ kty, ...jwk, kid }] },
  };
}

/** The form of a `private_key_jwt` request; `claims` and `header` replace the good ones, undefined leaves one out. */
export async function assertionForm(
  rig: Rig,
  client: Client,
  pair: KeyPair,
  claims: JWTPayload = {},
  header: object = {},
): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000);
  const good = {
    iss: client.id,
    sub: client.id,
    aud: `${rig.url}/oauth/token`,
    exp: now + 300,
    iat: now,
    jti: randomId(),
  };
  const merged = Object.fromEntries(Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined));
  const assertion = await new SignJWT(merged)
    .setProtectedHeader({ alg: pair.alg, typ: 'JWT', kid: pair.kid, ...header })
    .sign(pair.privateKey);
  return {
    grant_type: 'client_credentials',
    scope: 'system/Practitioner.rs',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
}
