import { randomBytes } from 'node:crypto';
import { AppError } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { adminAreas, parseAdminScopes } from './admin-scope.ts';
import type { Client } from './client.ts';
import { clientKeySet } from './client-keys.ts';
import { covers, parseScopes } from './scope.ts';

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
  const name = wish.name.trim();
  if (name === '') throw new AppError('invalid', 'a client needs a name');
  const admin = wish.admin === true;
  if (!admin && wish.contracts.length === 0) throw new AppError('invalid', 'a client needs a contract version');
  if (wish.jwks !== undefined && wish.jwksUri !== undefined) {
    throw new AppError('invalid', 'a client has a key set or the URL of one, not both');
  }
  const common = {
    id: `c_${randomId()}`,
    name,
    tenant: wish.tenant,
    ...(admin ? { admin: true as const } : {}),
    scope: ceiling(wish.scope, admin),
    contracts: admin ? [] : [...wish.contracts],
    status: 'active',
    createdAt: at,
  } as const;
  const authentication = 'private_key_jwt';
  if (wish.jwks !== undefined) return { client: { ...common, authentication, jwks: clientKeySet(wish.jwks) } };
  if (wish.jwksUri !== undefined) return { client: { ...common, authentication, jwksUri: httpsUrl(wish.jwksUri) } };
  return withNewSecret({ ...common, authentication: 'client_secret_basic' }, keys);
}

/** The client with another secret; the old one is worth nothing once this client is stored. */
export function withNewSecret(client: Client, keys: KeyRing): IssuedClient {
  if (client.authentication !== 'client_secret_basic') {
    throw new AppError('invalid', 'a client with a key of its own has no secret to rotate');
  }
  const secret = randomBytes(32).toString('base64url');
  const wrappedSecret = keys.wrap(secretPurpose(client.id), Buffer.from(secret));
  return { client: { ...client, wrappedSecret }, secret };
}

/** The plain secret of a client; undefined where it has none. Throws where the master key is another. */
export function plainSecret(client: Client, keys: KeyRing): string | undefined {
  if (client.wrappedSecret === undefined) return undefined;
  return keys.unwrap(secretPurpose(client.id), client.wrappedSecret).toString();
}

const areas = `one of ${adminAreas.join(', ')}`;

function secretPurpose(id: string): string {
  return `client-secret:${id}`;
}

function ceiling(text: string, admin: boolean): string {
  const normal = [...new Set(text.trim().split(/\s+/))].join(' ');
  if (admin) {
    if (parseAdminScopes(normal) !== undefined) return normal;
    throw new AppError('invalid', `a scope of the management API is admin/AREA.read or .write, AREA ${areas}`);
  }
  const scopes = parseScopes(normal);
  if (scopes === undefined || scopes.some((scope) => !covers(scopes, scope))) {
    throw new AppError(
      'invalid',
      'a scope must look like system/Practitioner.rs, system/*.rs or system/Organization.read',
    );
  }
  if (normal.length > limits.scopeBytesMax) throw new AppError('invalid', 'the scopes are too many for one token');
  return normal;
}

function httpsUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new AppError('invalid', 'the URL of a key set is an https URL without user, password and fragment');
  }
  return url.href;
}
