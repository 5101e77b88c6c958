import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { Client } from './client.ts';

/** Requests per minute where nobody said otherwise; 0 = as many as come. */
export interface RateDefaults {
  readonly client: number;
  readonly tenant: number;
  /** Of one address at the authorization server, where no client is known yet. */
  readonly address: number;
}

/** What a request learns of the limits that it counts against. */
export interface Rate {
  readonly allowed: boolean;
  /** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), `Retry-After` of a refusal. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Token buckets of this process: with several servers, each lets the whole rate through. */
export interface RateLimiter {
  /** Counts a request of a client, of a tenant or of the platform. Undefined: no limit is set. */
  request(tenant: RatedTenant | undefined, client: RatedClient): Rate | undefined;
  /** Counts a request of an address to the authorization server. */
  address(address: string | null): Rate | undefined;
}

type RatedTenant = Pick<Tenant, 'id' | 'settings'>;
type RatedClient = Pick<Client, 'id' | 'requestsPerMinute'>;

interface Bucket {
  tokens: number;
  /** Epoch milliseconds of the last refill. */
  at: number;
}

interface Limit {
  readonly name: 'client' | 'tenant' | 'address';
  readonly perMinute: number;
  readonly bucket: Bucket;
}

/** A bucket holds a minute's requests and fills evenly: bursts are welcome, the rate is kept. */
export function rateLimiter(clock: Clock, defaults: RateDefaults): RateLimiter {
  const buckets = new Map<string, Bucket>();
  const limit = (name: Limit['name'], id: string, perMinute: number, now: number): Limit => {
    const key = `${name}/${id}`;
    const known = buckets.get(key);
    // The newest is last: what is dropped below is what nobody used for longest.
    if (known !== undefined) buckets.delete(key);
    const bucket = refilled(known, perMinute, now);
    buckets.set(key, bucket);
    for (const oldest of buckets.keys()) {
      if (buckets.size <= limits.rateBucketsMax) break;
      buckets.delete(oldest);
    }
    return { name, perMinute, bucket };
  };
  return {
    request(tenant, client) {
      const ofTenant = tenant === undefined ? 0 : tenant.settings.requestsPerMinute || defaults.tenant;
      const ofClient = client.requestsPerMinute ?? (tenant?.settings.clientRequestsPerMinute || defaults.client);
      if (ofTenant === 0 && ofClient === 0) return undefined;
      const now = clock.now().getTime();
      return take([
        ...(ofClient === 0 ? [] : [limit('client', client.id, ofClient, now)]),
        ...(ofTenant === 0 || tenant === undefined ? [] : [limit('tenant', tenant.id, ofTenant, now)]),
      ]);
    },
    address(address) {
      if (defaults.address === 0) return undefined;
      return take([limit('address', address ?? '', defaults.address, clock.now().getTime())]);
    },
  };
}

function refilled(bucket: Bucket | undefined, perMinute: number, now: number): Bucket {
  if (bucket === undefined) return { tokens: perMinute, at: now };
  const since = Math.max(0, now - bucket.at);
  return { tokens: Math.min(perMinute, bucket.tokens + (since * perMinute) / minuteMs), at: now };
}

const minuteMs = 60_000;

/** One token of each bucket, or of none: a request that is refused uses nothing up. */
function take(all: readonly Limit[]): Rate {
  const empty = all.filter(({ bucket }) => bucket.tokens < 1);
  const allowed = empty.length === 0;
  if (allowed) for (const { bucket } of all) bucket.tokens -= 1;
  const waits = empty.map((one) => secondsUntil(1, one));
  return {
    allowed,
    headers: {
      'ratelimit-policy': all.map(({ name, perMinute }) => `"${name}";q=${perMinute};w=60`).join(', '),
      ratelimit: all.map((one) => `"${one.name}";r=${Math.floor(one.bucket.tokens)};t=${untilFull(one)}`).join(', '),
      ...(allowed ? {} : { 'retry-after': String(Math.max(1, ...waits)) }),
    },
  };
}

function untilFull(limit: Limit): number {
  return secondsUntil(limit.perMinute, limit);
}

function secondsUntil(tokens: number, { perMinute, bucket }: Limit): number {
  // What is left of a division must not make a second more of it.
  return Math.ceil(((tokens - bucket.tokens) * 60) / perMinute - 1e-6);
}
