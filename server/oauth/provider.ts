import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditEntry } from '../audit/entry.ts';
import { issuerUrl } from '../auth/base.ts';
import type { Clients } from '../auth/client.ts';
import { present } from '../core/assert.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { OAuthStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { clientMetadata } from './client-metadata.ts';
import { configuration, type Party } from './configuration.ts';
import { Provider } from './library.ts';
import { mountRoutes } from './mount.ts';
import type { HandleRequest, RequestOrigin } from './origin.ts';
import type { SigningKeys } from './signing-keys.ts';
import { tokenAudit } from './token-audit.ts';

interface OAuthParts {
  /** The server's public URL without a slash at its end; asked when a request comes, so the port may be late. */
  publicUrl(): string;
  /** The signing keys; another object (after a rotation) takes effect with the next request. */
  signing(): SigningKeys;
  readonly store: OAuthStore;
  readonly clients: Clients;
  readonly tenants: { find(id: string): Promise<Tenant | undefined> };
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly log: Logger;
  /** Durable when it resolves: a token leaves after its audit row, or not at all. */
  audit(entry: AuditEntry): Promise<void>;
}

export interface AuthorizationServer {
  /** Registers `/oauth/*` and the discovery documents at the host's root. */
  plugin(app: FastifyInstance): Promise<void>;
  readonly handle: HandleRequest;
}

/**
 * The authorization server (RFC 6749, RFC 8414, SMART 2.2 backend services): issues access tokens of
 * `limits.accessTokenSeconds` for one FHIR base by `client_credentials`.
 */
export function oauthProvider(parts: OAuthParts): AuthorizationServer {
  const origins = new WeakMap<IncomingMessage, RequestOrigin>();
  const callbackNow = currentCallback(parts, origins);
  const handle: HandleRequest = (request, response, origin) => {
    origins.set(request, origin);
    behindOurOwnName(request, new URL(issuerUrl(parts.publicUrl())));
    void callbackNow()(request, response);
  };
  return { handle, plugin: (app) => mountRoutes(app, handle) };
}

/** The library knows no SMART scopes and would list `openid`, which is not offered. Examples, as SMART 2.2 allows. */
const ownDiscovery = { scopes_supported: ['system/*.rs', 'system/*.read'], claims_supported: undefined } as const;

type Callback = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The library takes issuer and keys at construction alone: where one of them changes, another provider is built. */
function currentCallback(parts: OAuthParts, origins: WeakMap<IncomingMessage, RequestOrigin>): () => Callback {
  let built: { readonly publicUrl: string; readonly signing: SigningKeys; readonly callback: Callback } | undefined;
  return () => {
    const publicUrl = parts.publicUrl();
    const signing = parts.signing();
    if (built === undefined || built.publicUrl !== publicUrl || built.signing !== signing) {
      built = { publicUrl, signing, callback: buildProvider(parts, publicUrl, signing, origins).callback() };
    }
    return built.callback;
  };
}

function buildProvider(
  parts: OAuthParts,
  publicUrl: string,
  signing: SigningKeys,
  origins: WeakMap<IncomingMessage, RequestOrigin>,
): InstanceType<typeof Provider> {
  const { log, keys, clock } = parts;
  const parties = new WeakMap<object, Partial<Party>>();
  const failures = new WeakMap<object, Error>();
  const provider = new Provider(
    issuerUrl(publicUrl),
    configuration({
      publicUrl,
      signing,
      store: parts.store,
      clock,
      cookieKey: keys.derive('oauth-cookies').toString('base64url'),
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
        return clientMetadata(client, tenant, keys);
      },
    }),
  );
  // `behindOurOwnName` has overwritten the forwarded headers: with this the library believes them and nothing else.
  provider.proxy = true;
  provider.on('grant.error', (context, failure) => failures.set(context, failure));
  provider.on('server_error', (context, failure) => {
    failures.set(context, failure);
    log.error('authorization server failed', { error: failure.message, route: context.oidc?.route });
  });
  // Koa prints on standard error what nobody listens to.
  const koa: EventEmitter = provider;
  koa.on('error', (failure: Error) => log.error('authorization server failed', { error: failure.message }));
  provider.use(async (context, next) => {
    await next();
    if (context['oidc']?.route === 'discovery') Object.assign(context.body as object, ownDiscovery);
    const oidcContext = context as KoaContextWithOIDC;
    if (oidcContext.oidc?.route !== 'token') return;
    // RFC 6749 section 5.1 asks for both headers; the library sets the first.
    context.set('Pragma', 'no-cache');
    const origin = present(origins.get(context.req), 'origin of the request');
    await parts.audit(tokenAudit(oidcContext, failures.get(context), parties.get(context)?.client, origin, clock));
  });
  return provider;
}

/**
 * Makes every URL that the library derives from a request (discovery, accepted audiences) one of ours: the Host and
 * the forwarded headers that came from outside are overwritten with the issuer's. `originalUrl` tells the mount path.
 */
function behindOurOwnName(request: IncomingMessage & { originalUrl?: string }, issuer: URL): void {
  request.headers.host = issuer.host;
  request.headers['x-forwarded-host'] = issuer.host;
  request.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  const rest = request.url?.startsWith('/oauth/') === true ? request.url.slice('/oauth'.length) : '/';
  request.originalUrl = `${issuer.pathname}${rest}`;
  request.url = rest;
}
