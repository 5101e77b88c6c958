import { type LookupAddress, lookup as lookupName } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { type AddressPolicy, literalOf, mayReach } from '../core/address.ts';
import { limits } from '../core/limits.ts';

/** Says nothing of what stands behind the URL: it goes into the log, and an error class into the audit. */
class KeySetUnreachable extends Error {
  constructor(why: 'blocked' | 'too-large' | 'unreachable') {
    super(`the client's key set could not be fetched: ${why}`);
  }
}

/** All addresses of a name, as `node:dns` looks them up. */
type Resolve = (
  name: string,
  options: { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const ports: ReadonlySet<string> = new Set(['', '443', '8443']);

/**
 * Fetches a client's key set (`jwks_uri`), a URL that somebody else chose: https alone, ports 443 and 8443, no address
 * inside our network. A literal one is checked here (Node asks no `lookup` for it), every address of a name when the
 * connection is made, so that a name that changes its mind helps nobody. Redirects are not followed, no connection is
 * kept, no proxy of the environment is asked. `development`: the machine itself may be reached, by http as well.
 */
export async function fetchKeySet(
  text: string,
  development: boolean,
  resolve: Resolve = lookupName,
): Promise<Response> {
  const policy: AddressPolicy = { privateRanges: [], loopback: development };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !mayAsk(url, policy)) throw new KeySetUnreachable('blocked');
  const connect = { lookup: guardedLookup(policy, resolve), timeout: limits.egressConnectMs };
  const dispatcher = new Agent({ connect, maxResponseSize: limits.clientKeySetBytesMax });
  try {
    const signal = AbortSignal.timeout(limits.egressTotalMs);
    const headers = { accept: 'application/json' };
    const answer = await request(url, { method: 'GET', headers, dispatcher, signal });
    const body = await answer.body.arrayBuffer();
    const cache = answer.headers['cache-control'];
    const known = typeof cache === 'string' ? { 'cache-control': shortened(cache) } : {};
    return new Response(body, { status: answer.statusCode, headers: { 'content-type': 'application/json', ...known } });
  } catch (error) {
    if (error instanceof KeySetUnreachable) throw error;
    const tooLarge = (error as { readonly code?: string }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
    throw new KeySetUnreachable(tooLarge ? 'too-large' : 'unreachable');
  } finally {
    await dispatcher.destroy();
  }
}

function mayAsk(url: URL, policy: AddressPolicy): boolean {
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
  const literal = literalOf(url);
  if (literal !== undefined && !mayReach(literal, policy)) return false;
  const local = url.hostname === 'localhost' || (literal !== undefined && !mayReach(literal, closedLoopback));
  if (local) return policy.loopback;
  return url.protocol === 'https:' && ports.has(url.port);
}

const closedLoopback: AddressPolicy = { privateRanges: [], loopback: false };

/** The library remembers a key set for as long as it is told: never longer than a day of rotation. */
function shortened(cacheControl: string): string {
  const [, seconds = '0'] = /max-age=(\d{1,9})/.exec(cacheControl) ?? [];
  return `max-age=${Math.min(Number(seconds), limits.clientKeysCacheSecondsMax)}`;
}

/** Looks a name up and refuses it where any of its addresses is closed. */
function guardedLookup(policy: AddressPolicy, resolve: Resolve): LookupFunction {
  return (name, options, done) => {
    resolve(name, { all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) return done(error ?? new Error('no address'), '', 0);
      if (addresses.some(({ address }) => !mayReach(address, policy))) {
        return done(new KeySetUnreachable('blocked'), '', 0);
      }
      return options.all === true ? done(null, addresses) : done(null, first.address, first.family);
    });
  };
}
