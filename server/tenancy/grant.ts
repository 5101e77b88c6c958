import { assert } from '../core/assert.ts';
import { tenantIdPattern } from './tenant.ts';

declare const brand: unique symbol;

/**
 * The right to open one tenant's data. Made in four places alone (architecture.md, invariant 1), which
 * `test/tidy.test.ts` enforces: `auth`, `ingest/identify`, `jobs` and the operator's command line.
 */
export interface TenantGrant {
  readonly [brand]: true;
  readonly tenant: string;
  readonly by: GrantedBy;
}

export type GrantedBy = 'token' | 'file' | 'job' | 'operator';

export function grantTenant(tenant: string, by: GrantedBy): TenantGrant {
  assert(tenantIdPattern.test(tenant), 'a grant names a well-formed tenant');
  return { tenant, by } as TenantGrant;
}
