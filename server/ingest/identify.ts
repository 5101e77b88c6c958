import { grantTenant, type TenantGrant } from '../tenancy/grant.ts';
import { ownsCode, type Tenant } from '../tenancy/tenant.ts';

export type Identified =
  | { readonly tenant: Tenant; readonly grant: TenantGrant; readonly refusal: null }
  | { readonly tenant: Tenant | null; readonly grant: TenantGrant | null; readonly refusal: string };

/**
 * Whose file is it? The source (`wanted`) and the file's own VPD must agree; there is no default tenant.
 *
 * @param vpd the header's VPD, or what a CSV's tenant column says (a VPD number or an ODS code); undefined where the
 *   file does not say
 * @param wanted the tenant that the source stands for: the command line's, the folder's
 */
export function identify(vpd: string | undefined, wanted: string | undefined, tenants: readonly Tenant[]): Identified {
  const named = tenants.find((tenant) => tenant.id === wanted);
  if (wanted !== undefined && named === undefined) return refuse(`there is no tenant ${wanted}`, null);
  const owners = vpd === undefined ? [] : tenants.filter((tenant) => ownsCode(tenant, vpd));
  // An ODS code may be several tenants'; then the source decides which of them is meant.
  const owner = owners.find((tenant) => tenant.id === wanted) ?? (owners.length === 1 ? owners[0] : undefined);
  if (vpd === undefined) {
    return named === undefined
      ? refuse('the file does not say whose it is, and no tenant was named', null)
      : accept(named);
  }
  if (named !== undefined && owner?.id !== named.id) {
    return refuse(`the file names VPD ${vpd}, which is not one of tenant ${named.id}'s`, named);
  }
  return owner === undefined ? refuse(`no tenant has VPD ${vpd}`, null) : accept(owner);
}

function accept(tenant: Tenant): Identified {
  if (tenant.status !== 'active') return refuse(`tenant ${tenant.id} is ${tenant.status}`, tenant);
  return { tenant, grant: grantTenant(tenant.id, 'file'), refusal: null };
}

function refuse(refusal: string, tenant: Tenant | null): Identified {
  return { tenant, grant: tenant === null ? null : grantTenant(tenant.id, 'file'), refusal };
}
