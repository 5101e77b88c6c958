import type { ServerResponse } from 'node:http';
import type { ServerDeps } from './deps.ts';
import { type Exchange, headerOf } from './exchange.ts';
import { findRoute, locate } from './router.ts';
import { safeHeadersOf } from './safe-headers.ts';

const exposed =
  'ETag, Last-Modified, Location, Content-Location, X-Request-ID, X-Correlation-ID, WWW-Authenticate, ' +
  'RateLimit, RateLimit-Policy, Retry-After';
const maxAgeSeconds = '600';

/**
 * Headers that let a browser app read an answer (Fetch standard, CORS protocol; SMART 2.2 "CORS support"): discovery
 * documents by pages of any origin, data by those of the origins that the token's own client registered. Credentials
 * are never allowed: a token is sent by the app, not by the browser.
 */
export function corsHeaders(exchange: Exchange, { origins }: ServerDeps): Readonly<Record<string, string>> {
  if (exchange.routed?.route.open === true) return { 'access-control-allow-origin': '*' };
  const origin = headerOf(exchange.raw, 'origin');
  const { access, registered } = exchange;
  if (origin === undefined || access === undefined || registered === undefined) return {};
  if (!origins(registered.id, access.clientId).has(origin)) return {};
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed };
}

/** A preflight request: which the browser sends of itself, without a token. */
export function isPreflight({ method, raw }: Exchange): boolean {
  return method === 'OPTIONS' && headerOf(raw, 'access-control-request-method') !== undefined;
}

/**
 * Answers a preflight. The origin must be one that some client of the tenant registered; an unknown tenant answers as
 * one without such a client. Nothing is read, so nothing is recorded.
 */
export function answerPreflight(
  exchange: Exchange,
  { origins, registry, publicUrl }: ServerDeps,
  to: ServerResponse,
): void {
  const { raw } = exchange;
  const located = locate(exchange.path);
  const origin = headerOf(raw, 'origin') ?? '';
  const method = headerOf(raw, 'access-control-request-method') ?? '';
  const found = located === undefined ? undefined : findRoute(method, located);
  const open = found !== undefined && 'route' in found && found.route.open === true;
  const tenant = located === undefined ? undefined : registry.tenant(located.tenant);
  const known = open || (tenant?.status === 'active' && origins(tenant.id).has(origin));
  to.writeHead(204, {
    ...safeHeadersOf(publicUrl()),
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    'x-request-id': exchange.requestId,
    'x-correlation-id': exchange.correlationId,
    ...(known
      ? {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
          'access-control-allow-headers':
            'Authorization, DPoP, Accept, Content-Type, Prefer, If-Match, If-None-Match, If-Modified-Since, ' +
            'X-Request-ID, X-Correlation-ID',
          'access-control-max-age': maxAgeSeconds,
        }
      : {}),
  });
  to.end();
}
