import type { AllClientMetadata } from 'oidc-provider';
import type { Client } from '../auth/client.ts';
import { plainSecret, previousSecret } from '../auth/new-client.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { actsForItself } from './resource.ts';

/** Our own client metadata: the secret before the last rotation. Never leaves the server. */
export const earlierSecret = 'earlier_secret';

/**
 * A client as oidc-provider knows it (RFC 7591 names). Undefined where it may not authenticate: disabled, not approved
 * yet, expired, its tenant suspended or gone, or a secret where the tenant forbids secrets. To the library it is then
 * an unknown client, and the answer is the same.
 */
export function clientMetadata(
  client: Client | undefined,
  tenant: Tenant | undefined,
  keys: KeyRing,
  now: Date,
): AllClientMetadata | undefined {
  if (client?.status !== 'active') return undefined;
  if (client.expiresAt !== undefined && Date.parse(client.expiresAt) <= now.getTime()) return undefined;
  const ofPlatform = client.admin === true && client.tenant === null;
  if (!ofPlatform && (tenant?.status !== 'active' || tenant.id !== client.tenant)) return undefined;
  const people = client.redirectUris ?? [];
  const common = {
    client_id: client.id,
    client_name: client.name,
    grant_types: [
      ...(actsForItself(client) ? ['client_credentials'] : []),
      ...(people.length > 0 ? ['authorization_code', 'refresh_token'] : []),
    ],
    response_types: people.length > 0 ? ['code' as const] : [],
    redirect_uris: [...people],
    id_token_signed_response_alg: 'RS256' as const,
  };
  if (client.authentication === 'none') return { ...common, token_endpoint_auth_method: 'none' };
  if (client.authentication === 'client_secret_basic') {
    const secret = plainSecret(client, keys);
    if (secret === undefined || tenant?.settings.clientSecretAllowed === false) return undefined;
    const earlier = previousSecret(client, keys, now);
    return {
      ...common,
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: secret,
      ...(earlier === undefined ? {} : { [earlierSecret]: earlier }),
    };
  }
  const method = { ...common, token_endpoint_auth_method: 'private_key_jwt' } as const;
  if (client.jwks !== undefined) return { ...method, jwks: { keys: keysOf(client, now) } as never };
  return client.jwksUri === undefined ? undefined : { ...method, jwks_uri: client.jwksUri };
}

/** The keys of now, and those before the last rotation as long as they are good. A `kid` means the newer one. */
function keysOf({ jwks, previousJwks }: Client, now: Date) {
  const current = jwks?.keys ?? [];
  const kids = new Set(current.map(({ kid }) => kid));
  const good = previousJwks !== undefined && Date.parse(previousJwks.until) > now.getTime();
  const earlier = good ? previousJwks.jwks.keys.filter(({ kid }) => !kids.has(kid)) : [];
  return structuredClone([...current, ...earlier]);
}
