import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { issuerUrl } from '../auth/base.ts';
import type { Client } from '../auth/client.ts';
import { plainSecret } from '../auth/new-client.ts';
import { type RegistrationToken, registrationTokenId } from '../auth/registration-token.ts';
import type { Clock } from '../core/clock.ts';
import { sha256 } from '../core/hash.ts';
import { limits } from '../core/limits.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { clientFromMetadata, metadataOf, RegistrationError } from './registered-metadata.ts';
import { readBody } from './request-form.ts';
import type { FirstUse } from './single-use.ts';

export interface RegistrationParts {
  readonly publicUrl: string;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly tenants: { find(id: string): Promise<Tenant | undefined> };
  readonly tokens: { find(id: string): Promise<RegistrationToken | undefined> };
  readonly clients: {
    find(id: string): Promise<Client | undefined>;
    add(client: Client): Promise<void>;
    put(client: Client): Promise<void>;
  };
  /** Uses of registration tokens, and of management tokens that a change replaces. */
  readonly firstUse: FirstUse;
  /** Ends every token that the client has. */
  endTokens(clientId: string): Promise<void>;
  /** Durable when it resolves. */
  audit(event: RegistrationEvent): Promise<void>;
}

export interface RegistrationEvent {
  readonly interaction: 'client-register' | 'client-read' | 'client-update' | 'client-delete';
  readonly tenant: string | null;
  readonly client: string | null;
  readonly status: number;
  readonly reason: string | null;
}

interface Answer {
  readonly status: 200 | 201 | 204 | 400 | 401 | 404 | 405;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly event: Omit<RegistrationEvent, 'status'>;
}

const never = new Date('9999-12-31T00:00:00.000Z');

/** Is the path (below `/oauth`) one of registration? */
export function isRegistration(path: string): boolean {
  return path === '/reg' || path.startsWith('/reg/');
}

/**
 * Dynamic client registration (RFC 7591: `POST /oauth/reg` with a registration token) and its management (RFC 7592:
 * `GET`, `PUT`, `DELETE /oauth/reg/{client_id}`). A client belongs to the tenant of its registration token for good,
 * whatever the request says; a token of one client opens no other one, and is not harmed by the attempt.
 */
export async function register(
  parts: RegistrationParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerTo(parts, path, request);
  await parts.audit({ ...answer.event, status: answer.status });
  response.writeHead(answer.status, {
    ...(answer.body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...(answer.status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {}),
    'cache-control': 'no-store',
    pragma: 'no-cache',
  });
  response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
}

async function answerTo(parts: RegistrationParts, path: string, request: IncomingMessage): Promise<Answer> {
  const [, , id, ...more] = path.split('/');
  const { method } = request;
  const [, bearer = ''] = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (id === undefined && method === 'POST') return create(parts, bearer, request);
  const interaction = managed[method ?? ''];
  if (id === undefined || more.length > 0 || interaction === undefined) {
    const event = { interaction: 'client-read', tenant: null, client: null, reason: 'no-route' } as const;
    return { status: id === undefined ? 405 : 404, body: { error: 'invalid_request' }, event };
  }
  const client = await parts.clients.find(id);
  const { registration } = client ?? {};
  // One hash for every attempt, and the same answer for a client that never was.
  const own = bearer !== '' && sha256(bearer) === registration?.managementHash;
  const tenant = own && client?.tenant != null ? await parts.tenants.find(client.tenant) : undefined;
  if (!own || client === undefined || tenant?.status !== 'active' || client.status === 'disabled') {
    return refused(interaction, own ? (client?.tenant ?? null) : null, own ? id : null);
  }
  const about = { interaction, tenant: tenant.id, client: id } as const;
  if (interaction === 'client-read') {
    const body = { ...metadataOf(client), ...management(parts, client, bearer) };
    return { status: 200, body, event: { ...about, reason: null } };
  }
  if (interaction === 'client-delete') {
    await parts.clients.put({ ...client, status: 'disabled' });
    await parts.endTokens(id);
    return { status: 204, event: { ...about, reason: null } };
  }
  return update(parts, client, tenant, request);
}

const managed: Readonly<Record<string, 'client-read' | 'client-update' | 'client-delete'>> = {
  GET: 'client-read',
  PUT: 'client-update',
  DELETE: 'client-delete',
};

async function create(parts: RegistrationParts, bearer: string, request: IncomingMessage): Promise<Answer> {
  const { keys, clock, clients } = parts;
  const now = clock.now();
  const token = await parts.tokens.find(registrationTokenId(bearer));
  const good = token !== undefined && token.hash === sha256(bearer) && Date.parse(token.expiresAt) > now.getTime();
  const tenant = good ? await parts.tenants.find(token.tenant) : undefined;
  if (!good || tenant?.status !== 'active') return refused('client-register', null, null);
  const about = { interaction: 'client-register', tenant: tenant.id } as const;
  const bounds = { ...token, ceiling: token.scope, secretAllowed: tenant.settings.clientSecretAllowed };
  try {
    const made = clientFromMetadata(await jsonObject(request), bounds, keys, now.toISOString());
    if (!(await takeUse(parts.firstUse, token))) return refused('client-register', tenant.id, null);
    const managementToken = newManagementToken();
    const client: Client = {
      ...made.client,
      ...(token.permissionSet === undefined ? {} : { permissionSet: token.permissionSet }),
      status: tenant.settings.registrationApproval ? 'pending' : 'active',
      registration: { tokenId: token.id, managementHash: sha256(managementToken), ceiling: token.scope },
    };
    await clients.add(client);
    const secret = made.secret === undefined ? {} : { client_secret: made.secret, client_secret_expires_at: 0 };
    const body = { ...metadataOf(client), ...secret, ...management(parts, client, managementToken) };
    return { status: 201, body, event: { ...about, client: client.id, reason: null } };
  } catch (error) {
    return badMetadata(error, { ...about, client: null });
  }
}

async function update(
  parts: RegistrationParts,
  client: Client,
  tenant: Tenant,
  request: IncomingMessage,
): Promise<Answer> {
  const { keys, clock, clients, firstUse } = parts;
  const about = { interaction: 'client-update', tenant: tenant.id, client: client.id } as const;
  const { registration } = client;
  if (registration === undefined) return refused('client-update', tenant.id, client.id);
  const bounds = {
    ...{ tenant: tenant.id, ceiling: registration.ceiling, contracts: client.contracts },
    secretAllowed: tenant.settings.clientSecretAllowed,
  };
  try {
    const metadata = await jsonObject(request);
    checkUpdate(metadata, client, keys);
    const made = clientFromMetadata(metadata, bounds, keys, clock.now().toISOString());
    if (made.client.authentication !== client.authentication) {
      throw new RegistrationError('invalid_client_metadata', 'the way of authenticating stays as it was registered');
    }
    if (!(await firstUse(registration.managementHash, never))) return refused('client-update', tenant.id, client.id);
    const managementToken = newManagementToken();
    const { name, scope, jwks, jwksUri, redirectUris } = made.client;
    const { jwks: _, jwksUri: __, redirectUris: ___, previousJwks: ____, ...kept } = client;
    const changed: Client = {
      ...{ ...kept, name, scope },
      ...(jwks === undefined ? {} : { jwks }),
      ...(jwksUri === undefined ? {} : { jwksUri }),
      ...(redirectUris === undefined ? {} : { redirectUris }),
      registration: { ...registration, managementHash: sha256(managementToken) },
    };
    await clients.put(changed);
    if (scope !== client.scope) await parts.endTokens(client.id);
    const body = { ...metadataOf(changed), ...management(parts, changed, managementToken) };
    return { status: 200, body, event: { ...about, reason: null } };
  } catch (error) {
    return badMetadata(error, about);
  }
}

const notInUpdates = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
] as const;

/** RFC 7592 section 2.2. */
function checkUpdate(metadata: Readonly<Record<string, unknown>>, client: Client, keys: KeyRing): void {
  const hit = notInUpdates.find((name) => metadata[name] !== undefined);
  if (hit !== undefined) throw new RegistrationError('invalid_client_metadata', `an update does not hold ${hit}`);
  if (metadata['client_id'] !== client.id) throw new RegistrationError('invalid_client_metadata', 'client_id differs');
  const secret = metadata['client_secret'];
  if (
    secret !== undefined &&
    (typeof secret !== 'string' || sha256(secret) !== sha256(plainSecret(client, keys) ?? ''))
  ) {
    throw new RegistrationError('invalid_client_metadata', 'client_secret differs: it cannot be chosen');
  }
}

/** One of the token's uses: of many at the same time each use goes to one. */
async function takeUse(firstUse: FirstUse, { id, uses }: RegistrationToken): Promise<boolean> {
  for (let number = 1; number <= uses; number += 1) {
    if (await firstUse(`${id}/${number}`, never)) return true;
  }
  return false;
}

function management({ publicUrl }: RegistrationParts, { id }: Client, token: string) {
  return { registration_client_uri: `${issuerUrl(publicUrl)}/reg/${id}`, registration_access_token: token };
}

function newManagementToken(): string {
  return randomBytes(32).toString('base64url');
}

function refused(interaction: RegistrationEvent['interaction'], tenant: string | null, client: string | null): Answer {
  const body = { error: 'invalid_token', error_description: 'the token is unknown, expired or used up' };
  return { status: 401, body, event: { interaction, tenant, client, reason: 'invalid_token' } };
}

function badMetadata(error: unknown, about: Omit<RegistrationEvent, 'status' | 'reason'>): Answer {
  if (!(error instanceof RegistrationError)) throw error;
  const body = { error: error.error, error_description: error.message };
  return { status: 400, body, event: { ...about, reason: error.error } };
}

async function jsonObject(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readBody(request, limits.clientKeySetBytesMax);
  try {
    const value: unknown = JSON.parse(bytes?.toString('utf8') ?? '');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {}
  throw new RegistrationError('invalid_client_metadata', 'the body is a JSON object');
}
