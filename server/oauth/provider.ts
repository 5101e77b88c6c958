import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditEntry } from '../audit/entry.ts';
import { issuerUrl } from '../auth/base.ts';
import type { Client } from '../auth/client.ts';
import { isProof } from '../auth/dpop.ts';
import type { Rate } from '../auth/rate-limit.ts';
import { grantKey, type Registrations } from '../auth/registrations.ts';
import type { Users } from '../auth/user.ts';
import { tokenInspector } from '../auth/verify.ts';
import { present } from '../core/assert.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { OAuthStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { clientMetadata, earlierSecret } from './client-metadata.ts';
import { type ConfigurationParts, configuration, type Party } from './configuration.ts';
import { ownDiscovery } from './discovery.ts';
import { type Built, dispatch } from './dispatch.ts';
import { fetchKeySet } from './key-set-fetch.ts';
import { Provider } from './library.ts';
import { loginThrottle } from './login-throttle.ts';
import { mountRoutes } from './mount.ts';
import type { HandleRequest, RequestOrigin } from './origin.ts';
import { fhirUser } from './people.ts';
import type { RegistrationParts } from './registration.ts';
import { clientBases } from './resource.ts';
import type { SigningKeys } from './signing-keys.ts';
import { firstUseOf } from './single-use.ts';
import { isThrottled } from './throttle.ts';
import { bearerAudit, interactionAudit, registrationAudit, tokenAudit } from './token-audit.ts';
import { type TokenDesk, takeToken } from './token-inspection.ts';

export interface OAuthParts {
  /** The server's public URL without a slash at its end; asked when a request comes, so the port may be late. */
  publicUrl(): string;
  /** The signing keys; another object (after a rotation) takes effect with the next request. */
  signing(): SigningKeys;
  readonly store: OAuthStore;
  readonly clients: RegistrationParts['clients'];
  readonly tenants: { find(id: string): Promise<Tenant | undefined> };
  readonly users: Users;
  readonly registrationTokens: RegistrationParts['tokens'];
  /** What the resource server checks tokens against. */
  readonly registrations: Registrations;
  /** Durable when it resolves, and known to `registrations` at once. `key`: a `jti` or `grantKey`. */
  revoke(key: string, now: Date): Promise<void>;
  /** Ends every token that a client has. */
  endTokens(clientId: string, now: Date): Promise<void>;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly log: Logger;
  /** Key sets of clients may stand on this machine, and be fetched by http. */
  readonly development: boolean;
  /** Counts a request of an address; undefined where no limit is set. */
  rate(address: string | null): Rate | undefined;
  /** Durable when it resolves: a token leaves after its audit row, or not at all. */
  audit(entry: AuditEntry): Promise<void>;
}

export interface AuthorizationServer {
  /** Registers `/oauth/*` and the discovery documents at the host's root. */
  plugin(app: FastifyInstance): Promise<void>;
  readonly handle: HandleRequest;
}

/**
 * The authorization server (RFC 6749, RFC 8414, SMART 2.2): access tokens of `limits.accessTokenSeconds` for one FHIR
 * base, by `client_credentials` or by a person's login and consent; introspection, revocation, registration.
 */
export function oauthProvider(parts: OAuthParts): AuthorizationServer {
  const origins = new WeakMap<IncomingMessage, RequestOrigin>();
  const builtNow = current(parts, origins);
  const handle: HandleRequest = (request, response, origin) => {
    origins.set(request, origin);
    void answer(parts, builtNow, request, response, origin);
  };
  return { handle, plugin: (app) => mountRoutes(app, handle) };
}

async function answer(
  parts: OAuthParts,
  builtNow: () => Built,
  request: IncomingMessage,
  response: ServerResponse,
  origin: RequestOrigin,
): Promise<void> {
  try {
    if (await isThrottled(parts, request, response, origin)) return;
    await dispatch(builtNow(), request, response, origin);
  } catch (error) {
    const { requestId } = origin;
    parts.log.error('authorization server failed', { error: (error as Error).message, requestId });
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"server_error"}');
  }
}

/** The library takes issuer and keys at construction alone: where one of them changes, another provider is built. */
function current(parts: OAuthParts, origins: WeakMap<IncomingMessage, RequestOrigin>): () => Built {
  let built: (Built & { readonly signing: SigningKeys }) | undefined;
  const throttle = loginThrottle(parts.clock);
  return () => {
    const publicUrl = parts.publicUrl();
    const signing = parts.signing();
    if (built === undefined || built.publicUrl !== publicUrl || built.signing !== signing) {
      const desk = tokenDesk(parts, publicUrl);
      const provider = buildProvider(parts, publicUrl, signing, desk, origins);
      const { clients, tenants, users, keys, clock, registrationTokens } = parts;
      const common = { clients, tenants, publicUrl };
      built = {
        ...{ publicUrl, signing, provider, callback: provider.callback() },
        bearer: (origin) => ({ desk, audit: (event) => parts.audit(bearerAudit(event, origin, clock)) }),
        interactions: (origin) => ({
          ...{ ...common, users, throttle },
          audit: (event) => parts.audit(interactionAudit(event, origin, clock)),
        }),
        registration: (origin) => ({
          ...{ ...common, keys, clock, tokens: registrationTokens },
          firstUse: firstUseOf(parts.store, 'RegistrationUse'),
          endTokens: (id) => parts.endTokens(id, clock.now()),
          audit: (event) => parts.audit(registrationAudit(event, origin, clock)),
        }),
      };
    }
    return built;
  };
}

function tokenDesk(parts: OAuthParts, publicUrl: string): TokenDesk {
  const { clock, registrations, users, tenants } = parts;
  const issuer = () => issuerUrl(publicUrl);
  const firstUse = firstUseOf(parts.store, 'DPoPProof');
  return {
    publicUrl,
    inspect: tokenInspector({ issuer, keys: () => parts.signing().published, clock, registrations }),
    revoke: (key) => parts.revoke(key, clock.now()),
    isProof: (request, token, jkt) => isProof(request, { token, jkt, now: clock.now(), firstUse }),
    async fhirUser(userId, tenantId, clientId) {
      const [user, tenant, client] = [
        await users.find(userId),
        await tenants.find(tenantId),
        await parts.clients.find(clientId),
      ];
      const [base] = client === undefined ? [] : clientBases(client, tenant, publicUrl);
      return user === undefined || base === undefined ? undefined : fhirUser(user, tenantId, base);
    },
  };
}

function configurationParts(
  parts: OAuthParts,
  publicUrl: string,
  signing: SigningKeys,
  parties: WeakMap<object, Partial<Party>>,
): ConfigurationParts {
  const { keys, clock } = parts;
  return {
    ...{ publicUrl, signing, store: parts.store, clock, users: parts.users },
    cookieKey: keys.derive('oauth-cookies').toString('base64url'),
    revokeGrant: (grantId) => parts.revoke(grantKey(grantId), clock.now()),
    notBefore(userId, { client, tenant }) {
      const { registrations } = parts;
      const ofTenant = tenant === undefined ? 0 : registrations.notBefore('tenant', tenant.id);
      return Math.max(registrations.notBefore('user', userId), registrations.notBefore('client', client.id), ofTenant);
    },
    fetchKeys: (url) => fetchKeySet(url, parts.development),
    party(context) {
      const { client, tenant } = parties.get(context) ?? {};
      return { client: present(client, 'client of the request'), tenant };
    },
    async client(id) {
      const client = await parts.clients.find(id);
      const tenant = client?.tenant == null ? undefined : await parts.tenants.find(client.tenant);
      const context = Provider.ctx;
      if (context !== undefined) {
        parties.set(context, { ...(client && { client }), ...(tenant && { tenant }) });
      }
      return clientMetadata(client, tenant, keys, clock.now());
    },
  };
}

function buildProvider(
  parts: OAuthParts,
  publicUrl: string,
  signing: SigningKeys,
  desk: TokenDesk,
  origins: WeakMap<IncomingMessage, RequestOrigin>,
): InstanceType<typeof Provider> {
  const { log, clock } = parts;
  const parties = new WeakMap<object, Partial<Party>>();
  const failures = new WeakMap<object, Error>();
  const provider = new Provider(
    issuerUrl(publicUrl),
    configuration(configurationParts(parts, publicUrl, signing, parties)),
  );
  // `behindOurOwnName` has overwritten the forwarded headers: with this the library believes them and nothing else.
  provider.proxy = true;
  takeBothSecrets(provider);
  const note = (context: KoaContextWithOIDC, failure: Error) => failures.set(context, failure);
  provider.on('grant.error', note);
  provider.on('authorization.error', note);
  provider.on('introspection.error', note);
  provider.on('revocation.error', note);
  provider.on('server_error', (context, failure) => {
    failures.set(context, failure);
    log.error('authorization server failed', { error: failure.message, route: context.oidc?.route });
  });
  // Koa prints on standard error what nobody listens to.
  const koa: EventEmitter = provider;
  koa.on('error', (failure: Error) => log.error('authorization server failed', { error: failure.message }));
  provider.use(async (context, next) => {
    const oidcContext = context as KoaContextWithOIDC;
    const finish = await takeToken(oidcContext, desk);
    await next();
    const route = oidcContext.oidc?.route;
    if (route === 'discovery') Object.assign(context.body as object, ownDiscovery(publicUrl));
    if (route === 'jwks') context.set('Cache-Control', `public, max-age=${limits.keyCacheSeconds}`);
    if (route === undefined || !recorded.has(route)) return;
    // RFC 6749 section 5.1 asks for both headers; the library sets the first, and at revocation none.
    context.set('Cache-Control', 'no-store');
    context.set('Pragma', 'no-cache');
    const { client } = parties.get(context) ?? {};
    if (finish !== undefined && context.status === 200 && client !== undefined) await finish(client);
    const failure = failures.get(context);
    if (route === 'authorization' && failure === undefined) return;
    const origin = present(origins.get(context.req), 'origin of the request');
    await parts.audit(tokenAudit(oidcContext, failure, client, origin, clock));
  });
  return provider;
}

/** Routes of the library whose answers are recorded; of authorization requests only refusals: the rest are pages. */
const recorded: ReadonlySet<string> = new Set(['token', 'introspection', 'revocation', 'authorization']);

/** A rotated secret is good beside the new one for a while; the library knows one secret only. */
function takeBothSecrets(provider: InstanceType<typeof Provider>): void {
  const prototype = provider.Client.prototype;
  const compare = prototype.compareClientSecret;
  prototype.compareClientSecret = async function compareEither(actual) {
    if (await compare.call(this, actual)) return true;
    const earlier = this[earlierSecret];
    if (typeof earlier !== 'string') return false;
    const view = Object.create(this, { clientSecret: { value: earlier } }) as Client & typeof this;
    return compare.call(view, actual);
  };
}
