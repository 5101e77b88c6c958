import type { Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { everyTenant, tokenEndpoint } from '../auth/base.ts';
import type { Client } from '../auth/client.ts';
import { assertionAlgorithms } from '../auth/client-keys.ts';
import { proofAlgorithms } from '../auth/dpop.ts';
import { identityScopes } from '../auth/scope.ts';
import type { Users } from '../auth/user.ts';
import { present } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { type AdapterParts, oauthAdapter } from './adapter.ts';
import { checkAssertion } from './assertion.ts';
import { earlierSecret } from './client-metadata.ts';
import { errors, interactionPolicy } from './library.ts';
import { askedForPerson, findAccount, givesNothing, grantable, scopeText } from './people.ts';
import { clientBases, grantedScope } from './resource.ts';
import type { SigningKeys } from './signing-keys.ts';

/** Who asks: the registered client and its tenant, if it is of one. */
export interface Party {
  readonly client: Client;
  readonly tenant: Tenant | undefined;
}

export interface ConfigurationParts extends AdapterParts {
  readonly publicUrl: string;
  readonly signing: SigningKeys;
  readonly cookieKey: string;
  readonly users: Users;
  /** The key set of a client's URL: https, no redirects, no address inside our network. */
  readonly fetchKeys: (url: string) => Promise<Response>;
  /** Codes, refresh tokens and sessions of a person from before then (epoch seconds) are worth nothing. */
  notBefore(userId: string, party: Party): number;
  /** The party of a request whose client was found. */
  party(context: KoaContextWithOIDC): Party;
}

/**
 * oidc-provider's configuration: `client_credentials` by secret or `private_key_jwt`; authorization codes with PKCE and
 * refresh tokens for people. What the library switches on by default and we do not offer is switched off by name;
 * scopes are decided in `resourceServer` because the library knows no wildcards and drops what it does not know.
 */
export function configuration(parts: ConfigurationParts): Configuration {
  return {
    adapter: oauthAdapter(parts),
    jwks: structuredClone(parts.signing.pairs) as never,
    cookies: {
      keys: [parts.cookieKey],
      long: { signed: true, sameSite: 'lax' },
      short: { signed: true, sameSite: 'lax' },
    },
    routes: { introspection: '/introspect', revocation: '/revoke', userinfo: '/userinfo' },
    ...people(parts),
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: [...assertionAlgorithms],
      idTokenSigningAlgValues: ['RS256', 'ES384'],
      dPoPSigningAlgValues: [...proofAlgorithms],
    },
    clientDefaults: { grant_types: ['client_credentials'], response_types: [], id_token_signed_response_alg: 'RS256' },
    extraClientMetadata: { properties: [earlierSecret] },
    clockTolerance: limits.clockSkewSeconds,
    clientBasedCORS: (_context, origin, client) => originsOf(client.redirectUris ?? []).has(origin),
    fetch: (url) => parts.fetchKeys(String(url)),
    fetchResponseBodyLimits: { jwks_uri: limits.clientKeySetBytesMax },
    renderError(context, out) {
      context.type = 'json';
      context.body = out;
    },
    assertJwtClientAuthClaimsAndHeader(_context, claims, header, client) {
      checkAssertion(claims, header, client, tokenEndpoint(parts.publicUrl), parts.clock.now().getTime() / 1000);
    },
    extraTokenClaims(context, token) {
      const tenant = parts.party(context).tenant?.id ?? everyTenant;
      return 'grantId' in token && token.grantId !== undefined ? { tenant, grant_id: token.grantId } : { tenant };
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        // What the library can look into are refresh tokens; whose they are is nobody else's business.
        allowedPolicy: async (_context, client, token) => client.clientId === token.clientId,
      },
      revocation: {
        enabled: true,
        allowedPolicy: async (_context, client, token) => client.clientId === token.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (context) => defaultBase(parts, context),
        getResourceServerInfo: (context, resource) => resourceServer(parts, context, resource),
        useGrantedResource: async () => true,
      },
    },
  };
}

/** What concerns people: login, consent, codes, refresh tokens (SMART 2.2, "App launch", standalone). */
function people(parts: ConfigurationParts): Configuration {
  return {
    scopes: [...identityScopes],
    claims: { openid: ['sub'], fhirUser: ['fhirUser'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    ttl: {
      ClientCredentials: () => limits.accessTokenSeconds,
      AccessToken: () => limits.accessTokenSeconds,
      IdToken: limits.accessTokenSeconds,
      AuthorizationCode: limits.authorizationCodeSeconds,
      Interaction: limits.interactionSeconds,
      Session: limits.sessionSeconds,
      Grant: limits.grantSeconds,
      RefreshToken: limits.refreshTokenSeconds,
    },
    rotateRefreshToken: true,
    extraParams: {
      aud(context, value) {
        if (value === undefined || value === '') throw new errors.InvalidRequest('aud is missing');
        const { resource } = context.oidc.params ?? {};
        if (resource !== value) throw new errors.InvalidTarget();
      },
    },
    interactions: { url: (_context, { uid }) => `/oauth/interaction/${uid}`, policy: promptPolicy(parts) },
    // Each login is a consent of its own: what one app session may do ends without the others.
    async loadExistingGrant(context) {
      const grantId = context.oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : context.oidc.provider.Grant.find(grantId);
    },
    findAccount(context, id, source) {
      const since = parts.notBefore(id, parts.party(context));
      if (source !== undefined && (source.iat ?? 0) < since) return undefined;
      const place = (request: KoaContextWithOIDC) => {
        const { client, tenant } = parts.party(request);
        const [base] = clientBases(client, tenant, parts.publicUrl);
        return tenant === undefined || base === undefined ? undefined : { tenant: tenant.id, base };
      };
      return findAccount({ users: parts.users, place }, context, id, source !== undefined);
    },
  };
}

/** The library's own prompts, and a login where the session is from before an epoch of the person. */
function promptPolicy(parts: ConfigurationParts) {
  const policy = interactionPolicy.base();
  const ended = new interactionPolicy.Check('session_ended', 'the session has ended', 'login_required', (context) => {
    const { session, client } = context.oidc;
    if (session?.accountId === undefined || client === undefined) return interactionPolicy.Check.NO_NEED_TO_PROMPT;
    const since = parts.notBefore(session.accountId, parts.party(context));
    return (session.loginTs ?? 0) < since;
  });
  present(policy.get('login'), 'the login prompt').checks.add(ended);
  return policy;
}

/** Origins of redirect URIs: where a browser app that may call us from its page was loaded from. */
function originsOf(redirectUris: readonly string[]): ReadonlySet<string> {
  return new Set(redirectUris.map((uri) => new URL(uri).origin));
}

/**
 * SMART's `aud` of an authorization request is what RFC 8707 calls `resource`. SMART backend clients and test suites
 * send neither to the token endpoint: then the client's first base is meant.
 */
function defaultBase(parts: ConfigurationParts, context: KoaContextWithOIDC): string {
  const { client, tenant } = parts.party(context);
  const aud = context.oidc.params?.['aud'];
  if (typeof aud === 'string' && aud !== '') return aud;
  const [base] = clientBases(client, tenant, parts.publicUrl);
  if (base === undefined) throw new errors.InvalidTarget();
  return base;
}

/**
 * The resource server behind `resource` (RFC 8707): a base of the client's own tenant and contracts, as an exact
 * string. Another tenant's base and one that never was get the same `invalid_target`. The scope is settled here too:
 * the library keeps of the scopes asked for those that stand in the answer, literally.
 */
async function resourceServer(
  parts: ConfigurationParts,
  context: KoaContextWithOIDC,
  resource: string,
): Promise<ResourceServer> {
  const { client, tenant } = parts.party(context);
  if (!clientBases(client, tenant, parts.publicUrl).includes(resource)) throw new errors.InvalidTarget();
  const { params, body } = context.oidc;
  const asked = params?.['scope'] as string | undefined;
  const own = params?.['grant_type'] === 'client_credentials';
  // The library makes no difference between an empty parameter and none; SMART refuses the empty one.
  const empty = body?.['scope'] === '';
  const scope = empty ? undefined : own ? grantedScope(client, asked) : await personScope(parts, context, asked);
  if (scope === undefined) throw new errors.InvalidScope('requested scope is not allowed', String(asked ?? ''));
  if (own && params !== undefined) params['scope'] = scope;
  return {
    scope,
    audience: resource,
    accessTokenTTL: limits.accessTokenSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES384' } },
  };
}

/**
 * The scopes of a person's token. Asked again with every code and refresh token, which carry what was granted: a role
 * that was taken away meanwhile gives nothing any more.
 */
async function personScope(
  { party, users }: ConfigurationParts,
  context: KoaContextWithOIDC,
  inRequest: string | undefined,
): Promise<string | undefined> {
  const { client, tenant } = party(context);
  const { entities } = context.oidc;
  const source = entities.AuthorizationCode ?? entities.RefreshToken;
  const asked = askedForPerson(client, inRequest ?? source?.scope);
  if (asked === undefined || source === undefined) return asked === undefined ? undefined : scopeText(asked);
  const user = source.accountId === undefined ? undefined : await users.find(source.accountId);
  if (user === undefined || (tenant === undefined && client.tenant !== null)) return undefined;
  const granted = grantable(asked, user, client.tenant);
  return givesNothing(granted, asked) ? undefined : scopeText(granted);
}
