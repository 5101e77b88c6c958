import type { Client as ProviderClient } from 'oidc-provider';
import { limits } from '../core/limits.ts';
import { errors } from './library.ts';

/** JOSE types that a client assertion may say: SMART 2.2 asks for `JWT`, RFC 7523bis for its own; many say none. */
const types: ReadonlySet<string> = new Set(['jwt', 'client-authentication+jwt']);

/**
 * What SMART 2.2 ("Asymmetric authentication", rules of the authentication JWT) asks beyond the library's checks, which
 * by now have seen signature, algorithm, expiry, `iss` and the presence of `jti`. Throws `invalid_client`.
 *
 * `audience`: the token endpoint's public URL, the one value taken; the library would also accept what it derives from
 * the request. `now`: epoch seconds.
 */
export function checkAssertion(
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
  client: ProviderClient,
  audience: string,
  now: number,
): void {
  const { typ, kid, jku } = header;
  const { iss, sub, aud, exp, jti } = claims;
  const require = (condition: boolean, detail: string) => {
    if (!condition) throw new errors.InvalidClientAuth(detail);
  };
  require(typ === undefined || (typeof typ === 'string' && types.has(typ.toLowerCase())), 'assertion typ');
  require(typeof kid === 'string' && kid !== '', 'assertion kid missing');
  require(jku === undefined || (client.jwksUri !== undefined && jku === client.jwksUri), 'assertion jku');
  require(iss === client.clientId && sub === client.clientId, 'assertion iss and sub must be the client_id');
  require(aud === audience, 'assertion aud must be the token endpoint');
  require(typeof jti === 'string' && jti !== '', 'assertion jti');
  require(typeof exp === 'number' &&
    exp <= now + limits.assertionSecondsMax + limits.clockSkewSeconds, 'assertion exp is too far in the future');
}
