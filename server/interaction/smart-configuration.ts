import { issuerUrl, tokenEndpoint } from '../auth/base.ts';
import type { OpenInteraction } from './context.ts';
import { renderedTypes, storedTypes } from './published-types.ts';

/**
 * SMART App Launch 2.2, section "Using .well-known": JSON whatever the client accepts. It lists only what is there:
 * each capability is a promise.
 */
export const smartConfiguration: OpenInteraction = async ({ service }) => {
  const types = [...storedTypes, ...renderedTypes].map(({ type }) => type);
  const issuer = issuerUrl(service.publicUrl());
  const document = {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: tokenEndpoint(service.publicUrl()),
    registration_endpoint: `${issuer}/reg`,
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/revoke`,
    grant_types_supported: ['client_credentials', 'authorization_code', 'refresh_token'],
    response_types_supported: ['code'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384', 'RS512'],
    scopes_supported: ['system/*.rs', ...types.map((type) => `system/${type}.rs`), 'system/Subscription.cruds'],
    code_challenge_methods_supported: ['S256'],
    capabilities: [
      ...['launch-standalone', 'authorize-post', 'client-public', 'client-confidential-symmetric'],
      ...['client-confidential-asymmetric', 'sso-openid-connect', 'permission-offline', 'permission-user'],
      ...['permission-v1', 'permission-v2'],
    ],
  };
  return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(document)), disclosed: [] };
};
