import type { IncomingMessage } from 'node:http';

/**
 * Makes every URL that the library derives from a request (discovery, accepted audiences) one of ours: the Host and
 * the forwarded headers that came from outside are overwritten with the issuer's. `originalUrl` tells the mount path.
 */
export function behindOurOwnName(
  request: IncomingMessage & { originalUrl?: string },
  issuer: URL,
  rest = pathBelow(request),
): void {
  request.headers.host = issuer.host;
  request.headers['x-forwarded-host'] = issuer.host;
  request.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  request.originalUrl = `${issuer.pathname}${rest}`;
  request.url = rest;
}

/** Path and query below `/oauth`. */
export function pathBelow({ url }: IncomingMessage): string {
  return url?.startsWith('/oauth/') === true ? url.slice('/oauth'.length) : '/';
}
