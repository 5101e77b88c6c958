import type { Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { everyTenant, tokenEndpoint } from '../auth/base.ts';
import type { Client } from '../auth/client.ts';
import { assertionAlgorithms } from '../auth/client-keys.ts';
import { limits } from '../core/limits.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { type AdapterParts, oauthAdapter } from './adapter.ts';
import { checkAssertion } from './assertion.ts';
import { errors } from './library.ts';
import { clientBases, grantedScope } from './resource.ts';
import type { SigningKeys } from './signing-keys.ts';

/** Who asks: the registered client and its tenant, if it is of one. */
export interface Party {
  readonly client: Client;
  readonly tenant: Tenant | undefined;
}

interface ConfigurationParts extends AdapterParts {
  readonly publicUrl: string;
  readonly signing: SigningKeys;
  readonly cookieKey: string;
  /** The party of a request whose client was found. */
  party(context: KoaContextWithOIDC): Party;
}

/**
 * oidc-provider's configuration: `client_credentials` by secret or `private_key_jwt`, and nothing else. What the
 * library switches on by default and we do not offer is switched off by name; scopes are decided in
 * `resourceServer` because the library knows no wildcards and drops what it does not know.
 */
export function configuration(parts: ConfigurationParts): Configuration {
  return {
    adapter: oauthAdapter(parts),
    jwks: structuredClone(parts.signing.pairs) as never,
    cookies: { keys: [parts.cookieKey] },
    routes: { introspection: '/introspect', revocation: '/revoke', userinfo: '/userinfo' },
    scopes: [],
    claims: { openid: ['sub'] },
    responseTypes: [],
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: [...assertionAlgorithms], idTokenSigningAlgValues: ['ES384'] },
    clientDefaults: { grant_types: ['client_credentials'], response_types: [], id_token_signed_response_alg: 'ES384' },
    clockTolerance: limits.clockSkewSeconds,
    clientBasedCORS: () => false,
    fetch: (url, options) => fetch(url, { ...options, redirect: 'error' }),
    fetchResponseBodyLimits: { jwks_uri: limits.clientKeySetBytesMax },
    ttl: { ClientCredentials: () => limits.accessTokenSeconds },
    renderError(context, out) {
      context.type = 'json';
      context.body = out;
    },
    assertJwtClientAuthClaimsAndHeader(_context, claims, header, client) {
      checkAssertion(claims, header, client, tokenEndpoint(parts.publicUrl), parts.clock.now().getTime() / 1000);
    },
    extraTokenClaims: (context) => ({ tenant: parts.party(context).tenant?.id ?? everyTenant }),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (context) => defaultBase(parts, context),
        getResourceServerInfo: (context, resource) => resourceServer(parts, context, resource),
      },
    },
  };
}

/** SMART clients and test suites send no `resource`: then the client's first base is meant. */
function defaultBase(parts: ConfigurationParts, context: KoaContextWithOIDC): string {
  const { client, tenant } = parts.party(context);
  const [base] = clientBases(client, tenant, parts.publicUrl);
  if (base === undefined) throw new errors.InvalidTarget();
  return base;
}

/**
 * The resource server behind `resource` (RFC 8707): a base of the client's own tenant and contracts, as an exact
 * string. Another tenant's base and one that never was get the same `invalid_target`. The scope is settled here too:
 * the library keeps of the scopes asked for those that stand in the answer, literally.
 */
function resourceServer(parts: ConfigurationParts, context: KoaContextWithOIDC, resource: string): ResourceServer {
  const { client, tenant } = parts.party(context);
  if (!clientBases(client, tenant, parts.publicUrl).includes(resource)) throw new errors.InvalidTarget();
  const { params, body } = context.oidc;
  const asked = params?.['scope'];
  // The library makes no difference between an empty parameter and none; SMART refuses the empty one.
  const scope = body?.['scope'] === '' ? undefined : grantedScope(client, asked as string | undefined);
  if (scope === undefined) throw new errors.InvalidScope('requested scope is not allowed', String(asked ?? ''));
  if (params !== undefined) params['scope'] = scope;
  return {
    scope,
    audience: resource,
    accessTokenTTL: limits.accessTokenSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES384' } },
  };
}
