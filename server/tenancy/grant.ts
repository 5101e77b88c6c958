import { assert } from '../core/assert.ts';
import { tenantIdPattern } from './tenant.ts';

/** Nothing but `grantTenant` can make one: neither a cast nor a copy has the mark. */
class MadeGrant {
  readonly #made = true;
  readonly tenant: string;
  readonly by: GrantedBy;

  constructor(tenant: string, by: GrantedBy) {
    this.tenant = tenant;
    this.by = by;
  }

  static isMade(grant: unknown): boolean {
    return typeof grant === 'object' && grant !== null && #made in grant && grant.#made;
  }
}

/**
 * The right to open one tenant's data. Made in four places alone (architecture.md, invariant 1), which
 * `test/tidy.test.ts` enforces: `auth`, `ingest/identify`, `jobs` and the operator's command line.
 */
export type TenantGrant = MadeGrant;

export type GrantedBy = 'token' | 'file' | 'job' | 'operator';

export function grantTenant(tenant: string, by: GrantedBy): TenantGrant {
  // A pattern alone takes `undefined` for a name of nine letters.
  assert(typeof tenant === 'string' && tenantIdPattern.test(tenant), 'a grant names a well-formed tenant');
  return new MadeGrant(tenant, by);
}

/** The tenant of a grant, for stores: code that forgot its tenant gets an error at run time too, never data. */
export function grantedTenant(grant: TenantGrant): string {
  assert(MadeGrant.isMade(grant), 'a store is opened by a grant');
  return grant.tenant;
}
