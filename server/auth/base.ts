/**
 * The absolute URLs that tokens are made of. `publicUrl` has no slash at its end. Audience and resource are compared
 * with them as exact strings, so they are built here and nowhere else.
 */

/** Base URL of a tenant's FHIR API: audience of its access tokens and `resource` (RFC 8707) of requests for them. */
export function fhirBase(publicUrl: string, tenant: string, contract: string): string {
  return `${publicUrl}/t/${tenant}/fhir/${contract}`;
}

/** Base URL of the management API: audience of its access tokens. */
export function adminBase(publicUrl: string): string {
  return `${publicUrl}/admin/v1`;
}

/** The claim `tenant` of a token for the whole platform: no tenant's id looks like this. */
export const everyTenant = '*';

/** Issuer identifier of the authorization server (RFC 8414). */
export function issuerUrl(publicUrl: string): string {
  return `${publicUrl}/oauth`;
}

/** The token endpoint, which is also the one audience that client assertions may name (RFC 7523 section 3). */
export function tokenEndpoint(publicUrl: string): string {
  return `${issuerUrl(publicUrl)}/token`;
}
