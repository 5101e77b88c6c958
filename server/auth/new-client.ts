import { randomBytes } from 'node:crypto';
import { AppError } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Client } from './client.ts';
import { clientCeiling } from './client-ceiling.ts';
import { clientKeySet } from './client-keys.ts';
import { keySetUrl, redirectUri } from './client-url.ts';

/** What an operator says about a client; neither `jwks` nor `jwksUri` = it gets a secret. */
export interface ClientWish {
  readonly name: string;
  readonly tenant: string | null;
  /** A client of the management API, for `tenant` alone or, where that is null, for the platform. */
  readonly admin?: boolean;
  /** The ceiling: scopes separated by white space. */
  readonly scope: string;
  /** Contract versions of the tenant, the default one first; at least one. A client of the management API has none. */
  readonly contracts: readonly string[];
  /** A key set (RFC 7517) as parsed JSON. */
  readonly jwks?: unknown;
  /** An https URL that answers with one. */
  readonly jwksUri?: string;
  /** Where people's browsers are sent back to after their login: https, or http on the loopback interface. */
  readonly redirectUris?: readonly string[];
  /** It can keep no secret (a browser or desktop app); it needs redirect URIs. */
  readonly public?: boolean;
  /** Name of a permission set of the tenant. */
  readonly permissionSet?: string;
  /** ISO 8601 UTC. */
  readonly expiresAt?: string;
}

/** A client with the secret that is shown once, where it has one. */
interface IssuedClient {
  readonly client: Client;
  readonly secret?: string;
}

/**
 * A new client, not stored yet. `at`: ISO 8601 UTC. Throws `invalid` for a name, scope, contract or key that cannot
 * be, saying which.
 */
export function newClient(wish: ClientWish, keys: KeyRing, at: string): IssuedClient {
  const name = clientName(wish.name);
  const admin = wish.admin === true;
  if (!admin && wish.contracts.length === 0) throw new AppError('invalid', 'a client needs a contract version');
  if (wish.jwks !== undefined && wish.jwksUri !== undefined) {
    throw new AppError('invalid', 'a client has a key set or the URL of one, not both');
  }
  const redirectUris = [...new Set((wish.redirectUris ?? []).map(redirectUri))];
  const isPublic = wish.public === true;
  const common = {
    id: `c_${randomId()}`,
    name,
    tenant: wish.tenant,
    ...(admin ? { admin: true as const } : {}),
    scope: clientCeiling(wish.scope, { admin, isPublic, people: redirectUris.length > 0 }),
    contracts: admin ? [] : [...wish.contracts],
    ...(redirectUris.length > 0 ? { redirectUris } : {}),
    ...(wish.permissionSet === undefined ? {} : { permissionSet: wish.permissionSet }),
    ...(wish.expiresAt === undefined ? {} : { expiresAt: wish.expiresAt }),
    status: 'active',
    createdAt: at,
  } as const;
  if (isPublic) return { client: publicClient(common, wish) };
  const authentication = 'private_key_jwt';
  if (wish.jwks !== undefined) return { client: { ...common, authentication, jwks: clientKeySet(wish.jwks) } };
  if (wish.jwksUri !== undefined) return { client: { ...common, authentication, jwksUri: keySetUrl(wish.jwksUri) } };
  return withNewSecret({ ...common, authentication: 'client_secret_basic' }, keys);
}

/** What may change of a client after it was made; an `expiresAt` of null takes its end away. */
export interface ClientChange extends Partial<Pick<Client, 'name' | 'scope' | 'permissionSet' | 'requestsPerMinute'>> {
  readonly expiresAt?: string | null;
}

/** The client so changed, not stored yet. Throws `invalid` as `newClient` does. */
export function changedClient(client: Client, { expiresAt, name, scope, ...more }: ClientChange): Client {
  const admin = client.admin === true;
  if (admin && more.permissionSet !== undefined) {
    throw new AppError('invalid', 'a client of the management API reads no resources');
  }
  const { expiresAt: before, ...rest } = client;
  const ends = expiresAt === undefined ? before : expiresAt;
  const isPublic = client.authentication === 'none';
  const ceiling = { admin, isPublic, people: client.redirectUris !== undefined };
  return {
    ...{ ...rest, ...more },
    ...(name === undefined ? {} : { name: clientName(name) }),
    ...(scope === undefined ? {} : { scope: clientCeiling(scope, ceiling) }),
    ...(ends === undefined || ends === null ? {} : { expiresAt: ends }),
  };
}

function clientName(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > limits.clientNameCharactersMax) {
    throw new AppError('invalid', `a client needs a name of at most ${limits.clientNameCharactersMax} characters`);
  }
  return name;
}

function publicClient(common: Omit<Client, 'authentication'>, { jwks, jwksUri }: ClientWish): Client {
  if (jwks !== undefined || jwksUri !== undefined) throw new AppError('invalid', 'a public client has no keys');
  if (common.redirectUris === undefined) throw new AppError('invalid', 'a public client needs a redirect URI');
  return { ...common, authentication: 'none' };
}

/**
 * The client with another secret. The old one is worth nothing once this client is stored, or is good until `until`
 * (ISO 8601 UTC), so that a vendor can change over without a gap.
 */
export function withNewSecret(client: Client, keys: KeyRing, until?: string): IssuedClient {
  if (client.authentication !== 'client_secret_basic') {
    throw new AppError('invalid', 'a client without a secret has none to rotate');
  }
  const secret = randomBytes(32).toString('base64url');
  const wrappedSecret = keys.wrap(secretPurpose(client.id), Buffer.from(secret));
  const { previousSecret: _, ...rest } = client;
  const overlap =
    until === undefined || client.wrappedSecret === undefined
      ? {}
      : { previousSecret: { wrapped: client.wrappedSecret, until } };
  return { client: { ...rest, wrappedSecret, ...overlap }, secret };
}

/** The client with another inline key set; the old one is good until `until`, where that is given. */
export function withNewKeys(client: Client, document: unknown, until?: string): Client {
  if (client.jwks === undefined) throw new AppError('invalid', 'the client has no key set of its own to rotate');
  const { previousJwks: _, ...rest } = client;
  const overlap = until === undefined ? {} : { previousJwks: { jwks: client.jwks, until } };
  return { ...rest, jwks: clientKeySet(document), ...overlap };
}

/** The plain secret of a client; undefined where it has none. Throws where the master key is another. */
export function plainSecret(client: Client, keys: KeyRing): string | undefined {
  if (client.wrappedSecret === undefined) return undefined;
  return keys.unwrap(secretPurpose(client.id), client.wrappedSecret).toString();
}

/** The secret before the last rotation, where it is still good. */
export function previousSecret(client: Client, keys: KeyRing, now: Date): string | undefined {
  const { previousSecret: previous } = client;
  if (previous === undefined || Date.parse(previous.until) <= now.getTime()) return undefined;
  return keys.unwrap(secretPurpose(client.id), previous.wrapped).toString();
}

function secretPurpose(id: string): string {
  return `client-secret:${id}`;
}
