import { type AddressPolicy, literalOf, mayReach } from '../core/address.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';

/** Where this tenant's subscriptions may send to (decision 0013). */
export interface EgressPolicy extends AddressPolicy {
  /** Origins of this very server: nobody makes it send to itself. */
  readonly ownOrigins: readonly string[];
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

const portsAllowed: ReadonlySet<string> = new Set(['', '443', '8443']);
/** A name may end in the dot of the root. */
const localNames = /^(?:localhost|.*\.localhost)\.?$/i;

/**
 * A URL that notifications may be sent to; addresses behind a name are looked at when it is connected to. Throws
 * `unprocessable`, in words that do not say what is there.
 */
export function checkEndpoint(text: string, policy: EgressPolicy): URL {
  const url = text.length <= limits.endpointCharactersMax && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw refusedEndpoint('is not an absolute URL');
  const literal = literalOf(url);
  const local = localNames.test(url.hostname) || (literal !== undefined && isLocal(literal));
  const plain = url.protocol === 'http:' && local && policy.loopback;
  if (url.protocol !== 'https:' && !plain) throw refusedEndpoint('must begin with https://');
  if (url.username !== '' || url.password !== '') throw refusedEndpoint('must not hold a user or password');
  if (text.includes('#')) throw refusedEndpoint('must not have a fragment');
  if (local && !policy.loopback) throw refusedEndpoint('is not allowed');
  if (!local && !portsAllowed.has(url.port)) throw refusedEndpoint('must use port 443 or 8443');
  if (policy.ownOrigins.some((origin) => sameServer(origin, url))) throw refusedEndpoint('is not allowed');
  if (literal !== undefined && !local && !mayReach(literal, { ...policy, loopback: false })) {
    throw refusedEndpoint('is not allowed');
  }
  // A public address without a name has no certificate that anybody vouches for.
  if (literal !== undefined && !local && mayReach(literal, { privateRanges: [], loopback: false })) {
    throw refusedEndpoint('must have a host name');
  }
  return url;
}

function isLocal(address: string): boolean {
  const reach = (loopback: boolean) => mayReach(address, { privateRanges: [], loopback });
  return reach(true) && !reach(false);
}

/** Loopback has several names for one server. */
function sameServer(origin: string, url: URL): boolean {
  const own = URL.canParse(origin) ? new URL(origin) : undefined;
  if (own === undefined) return false;
  const name = ({ hostname }: URL) =>
    localNames.test(hostname) || isLocal(literalOf(url) ?? '') ? 'local' : hostname.replace(/\.$/, '');
  const port = ({ port, protocol }: URL) => port || (protocol === 'https:' ? '443' : '80');
  return port(own) === port(url) && name(own) === name(url);
}

function refusedEndpoint(why: string): AppError {
  return new AppError('unprocessable', `the endpoint ${why}`, { expression: 'Subscription.channel.endpoint' });
}

const namePattern = /^[A-Za-z0-9-]{1,64}$/;
const valuePattern = /^[\x20-\x7e]{0,1024}$/;
/** What the connection and the signature are made of, and what other servers trust of a proxy. */
const reserved: readonly RegExp[] = [
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|date|cookie|forwarded)$/i,
  /^content-(?:length|type|encoding)$/i,
  /^x-(?:correlation-id|request-id|forwarded-.*)$/i,
  /^(?:proxy|webhook)-/i,
];

/** `channel.header`: `Name: value`. Throws `unprocessable`; never repeats a value, which may be a secret. */
export function checkHeaders(texts: readonly string[]): readonly Header[] {
  if (texts.length > limits.channelHeadersMax) {
    throw refusedHeader(`there are more than ${limits.channelHeadersMax} headers`);
  }
  return texts.map((text) => {
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(colon, 0)).trim();
    const value = text.slice(colon + 1).trim();
    if (colon === -1 || !namePattern.test(name)) throw refusedHeader('a header is written as "Name: value"');
    if (!valuePattern.test(value) || /[\r\n]/.test(text))
      throw refusedHeader(`the header ${name} has characters that no header has`);
    if (reserved.some((pattern) => pattern.test(name))) throw refusedHeader(`the header ${name} is the server's own`);
    return { name, value };
  });
}

function refusedHeader(message: string): AppError {
  return new AppError('unprocessable', message, { expression: 'Subscription.channel.header' });
}
