import { tokenEndpoint } from '../auth/base.ts';
import type { OpenInteraction } from './context.ts';
import { renderedTypes, storedTypes } from './published-types.ts';

/**
 * SMART App Launch 2.2, section "Using .well-known": JSON whatever the client accepts. It lists only what is there:
 * each capability is a promise.
 */
export const smartConfiguration: OpenInteraction = async ({ service }) => {
  const types = [...storedTypes, ...renderedTypes].map(({ type }) => type);
  const document = {
    token_endpoint: tokenEndpoint(service.publicUrl()),
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384', 'RS512'],
    scopes_supported: ['system/*.rs', ...types.map((type) => `system/${type}.rs`), 'system/Subscription.cruds'],
    code_challenge_methods_supported: ['S256'],
    capabilities: ['client-confidential-asymmetric', 'client-confidential-symmetric', 'permission-v1', 'permission-v2'],
  };
  return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(document)), disclosed: [] };
};
