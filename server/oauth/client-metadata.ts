import type { AllClientMetadata } from 'oidc-provider';
import type { Client } from '../auth/client.ts';
import { plainSecret } from '../auth/new-client.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Tenant } from '../tenancy/tenant.ts';

/**
 * A client as oidc-provider knows it (RFC 7591 names). Undefined where it may not authenticate: disabled, its tenant
 * suspended or gone, or a secret where the tenant forbids secrets. To the library it is then an unknown client, and
 * the answer is the same.
 */
export function clientMetadata(
  client: Client | undefined,
  tenant: Tenant | undefined,
  keys: KeyRing,
): AllClientMetadata | undefined {
  if (client?.status !== 'active') return undefined;
  const ofPlatform = client.admin === true && client.tenant === null;
  if (!ofPlatform && (tenant?.status !== 'active' || tenant.id !== client.tenant)) return undefined;
  const common = {
    client_id: client.id,
    client_name: client.name,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  };
  if (client.authentication === 'client_secret_basic') {
    const secret = plainSecret(client, keys);
    if (secret === undefined || tenant?.settings.clientSecretAllowed === false) return undefined;
    return { ...common, token_endpoint_auth_method: 'client_secret_basic', client_secret: secret };
  }
  const method = { ...common, token_endpoint_auth_method: 'private_key_jwt' } as const;
  if (client.jwks !== undefined) return { ...method, jwks: structuredClone(client.jwks) as never };
  return client.jwksUri === undefined ? undefined : { ...method, jwks_uri: client.jwksUri };
}
