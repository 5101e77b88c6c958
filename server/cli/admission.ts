import type { Rate, RateLimiter } from '../auth/rate-limit.ts';
import { rateLimiter } from '../auth/rate-limit.ts';
import { limits } from '../core/limits.ts';
import { type AllowedHosts, allowedHosts } from '../http/host.ts';
import type { RegistrySnapshot } from '../registry/snapshot.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { House } from './house.ts';

/** Who is let in, and how often. */
interface Admission {
  readonly hosts: AllowedHosts;
  /** Counts a request; a tenant of undefined: of a client of the platform. */
  rate(tenant: Tenant | undefined, clientId: string): Rate | undefined;
  readonly address: RateLimiter['address'];
}

/** Limits are on in production; in development where a tenant, a client or a setting asks for one. */
export function admission({ settings, clock }: House, snapshot: RegistrySnapshot): Admission {
  const production = settings.mode === 'production';
  const limiter = rateLimiter(clock, {
    client: production ? limits.clientRequestsPerMinute : 0,
    tenant: production ? limits.tenantRequestsPerMinute : 0,
    address: settings.tokenRequestsPerMinute ?? (production ? limits.tokenRequestsPerMinute : 0),
  });
  return {
    hosts: allowedHosts(settings.publicUrl, settings.hosts, production),
    address: limiter.address,
    rate: (tenant, clientId) => limiter.request(tenant, snapshot.client(clientId) ?? { id: clientId }),
  };
}
