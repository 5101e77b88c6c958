import type { Client } from '../auth/client.ts';
import { type ClientWish, newClient } from '../auth/new-client.ts';
import { covers, parseScopes, splitScope } from '../auth/scope.ts';
import { AppError } from '../core/error.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { actsForItself } from './resource.ts';

/** RFC 7591 section 3.2.2. */
export class RegistrationError extends AppError {
  readonly error: 'invalid_client_metadata' | 'invalid_redirect_uri';

  constructor(error: RegistrationError['error'], message: string) {
    super('invalid', message);
    this.error = error;
  }
}

/** What a registration may not leave: tenant, ceiling and contracts come from the registration token alone. */
export interface Bounds {
  readonly tenant: string;
  readonly ceiling: string;
  readonly contracts: readonly string[];
  readonly secretAllowed: boolean;
}

type Metadata = Readonly<Record<string, unknown>>;

const methods = ['client_secret_basic', 'private_key_jwt', 'none'] as const;

/**
 * A client, not stored yet, from client metadata (RFC 7591 section 2). Members that we do not know are ignored, so that
 * nobody pins a tenant in them. Throws `RegistrationError`.
 */
export function clientFromMetadata(metadata: Metadata, bounds: Bounds, keys: KeyRing, at: string) {
  const method = authenticationOf(metadata, bounds);
  const redirectUris = texts(metadata, 'redirect_uris') ?? [];
  const scope = text(metadata, 'scope') ?? defaultScope(bounds.ceiling, redirectUris.length > 0, method === 'none');
  if (!within(scope, bounds.ceiling)) throw invalid('scope is beyond what the registration token allows');
  const wish: ClientWish = {
    name: text(metadata, 'client_name') ?? 'unnamed',
    tenant: bounds.tenant,
    scope,
    contracts: bounds.contracts,
    redirectUris,
    ...(metadata['jwks'] === undefined ? {} : { jwks: metadata['jwks'] }),
    ...(metadata['jwks_uri'] === undefined ? {} : { jwksUri: text(metadata, 'jwks_uri') ?? '' }),
    public: method === 'none',
  };
  try {
    return newClient(wish, keys, at);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const redirect = error.message.startsWith('a redirect URI');
    throw new RegistrationError(redirect ? 'invalid_redirect_uri' : 'invalid_client_metadata', error.message);
  }
}

/** A client in the names of RFC 7591, without secrets. */
export function metadataOf(client: Client): Metadata {
  const { id, name, scope, authentication, jwks, jwksUri, redirectUris = [], createdAt, status } = client;
  const people = redirectUris.length > 0;
  return {
    client_id: id,
    client_id_issued_at: Math.floor(Date.parse(createdAt) / 1000),
    client_name: name,
    scope,
    token_endpoint_auth_method: authentication,
    grant_types: [
      ...(actsForItself(client) ? ['client_credentials'] : []),
      ...(people ? ['authorization_code', 'refresh_token'] : []),
    ],
    response_types: people ? ['code'] : [],
    ...(people ? { redirect_uris: redirectUris } : {}),
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
    ...(status === 'pending' ? { status } : {}),
  };
}

/** Whoever brings keys authenticates by them, whatever RFC 7591 says of a method that is left out. */
function authenticationOf(metadata: Metadata, { secretAllowed }: Bounds): (typeof methods)[number] {
  const asked = text(metadata, 'token_endpoint_auth_method');
  const keys = metadata['jwks'] !== undefined || metadata['jwks_uri'] !== undefined;
  const method = methods.find((one) => one === (asked ?? (keys ? 'private_key_jwt' : 'client_secret_basic')));
  if (method === undefined) throw invalid(`token_endpoint_auth_method is one of ${methods.join(', ')}`);
  if (keys !== (method === 'private_key_jwt')) throw invalid('private_key_jwt goes with jwks or jwks_uri, and only it');
  if (method === 'client_secret_basic' && !secretAllowed) throw invalid('this tenant allows private_key_jwt alone');
  return method;
}

/** Everything in the ceiling that such a client can have. */
function defaultScope(ceiling: string, people: boolean, isPublic: boolean): string {
  const { identity, resource } = splitScope(ceiling);
  const scopes = (parseScopes(resource) ?? []).filter(({ level }) => (level === 'user' ? people : !isPublic));
  return [...(people ? identity : []), ...scopes.map((scope) => scope.text)].join(' ');
}

function within(scope: string, ceiling: string): boolean {
  const [asked, most] = [splitScope(scope), splitScope(ceiling)];
  const scopes = asked.resource === '' ? [] : parseScopes(asked.resource);
  const allowed = parseScopes(most.resource) ?? [];
  if (scopes?.every((one) => covers(allowed, one)) !== true) return false;
  return asked.identity.every((one) => most.identity.includes(one));
}

function text(metadata: Metadata, name: string): string | undefined {
  const value = metadata[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalid(`${name} is a string`);
  return value;
}

function texts(metadata: Metadata, name: string): readonly string[] | undefined {
  const value = metadata[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((one): one is string => typeof one === 'string')) {
    throw invalid(`${name} is a list of strings`);
  }
  return value;
}

function invalid(message: string): RegistrationError {
  return new RegistrationError('invalid_client_metadata', message);
}
