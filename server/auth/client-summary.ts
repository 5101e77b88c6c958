import type { Client } from './client.ts';

/** What command line and management API show of a client: no secret, no key. */
export function clientSummary({ id, name, tenant, admin, scope, authentication, contracts, status, ...more }: Client) {
  return {
    client_id: id,
    name,
    tenant,
    ...(admin === true ? { admin } : {}),
    scope,
    authentication,
    contracts,
    status,
    ...(more.permissionSet === undefined ? {} : { permission_set: more.permissionSet }),
    ...(more.redirectUris === undefined ? {} : { redirect_uris: more.redirectUris }),
    ...(more.expiresAt === undefined ? {} : { expires_at: more.expiresAt }),
    ...(more.requestsPerMinute === undefined ? {} : { requests_per_minute: more.requestsPerMinute }),
  };
}
