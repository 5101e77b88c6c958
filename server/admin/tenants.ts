import { AppError } from '../core/error.ts';
import { checkDocument } from '../ingest/own-rules.ts';
import { endTokens } from '../registry/not-before.ts';
import { tenantFrom } from '../registry/tenant-document.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { AdminAnswer, AdminContext, AdminRequest, AdminRoute, PlatformContext } from './route.ts';
import { list, object, ref } from './schema.ts';

async function listTenants({ deps, access }: PlatformContext): Promise<AdminAnswer> {
  const tenants = [...deps.registry.tenants()].filter(({ id }) => access.may('admin/tenants.read', id));
  return { status: 200, body: { tenants } };
}

async function readTenant({ stewardship }: AdminContext): Promise<AdminAnswer> {
  const { tenant } = stewardship;
  return { status: 200, id: tenant.id, body: tenant };
}

async function addTenant({ deps }: PlatformContext, { json }: AdminRequest): Promise<AdminAnswer> {
  checkDocument(deps.ingest, tenantFrom(json));
  const tenant = await deps.tenants.add(json);
  await deps.registry.refresh();
  return { status: 201, id: tenant.id, body: tenant };
}

async function applyTenant(context: AdminContext, { json }: AdminRequest): Promise<AdminAnswer> {
  const { deps, stewardship } = context;
  const before = stewardship.tenant;
  const document = json as Tenant;
  if (document.id !== before.id) throw new AppError('invalid', 'the document is of another tenant');
  platformOnly(context);
  checkDocument(deps.ingest, tenantFrom(document));
  const tenant = await deps.tenants.apply({ ...document, status: before.status, isolation: before.isolation });
  return { status: 200, id: tenant.id, body: tenant };
}

const setStatus =
  (status: Tenant['status']) =>
  async (context: AdminContext): Promise<AdminAnswer> => {
    const { deps, stewardship } = context;
    platformOnly(context);
    const tenant = await deps.tenants.setStatus(stewardship.tenant.id, status);
    if (status === 'suspended') await endTokens(deps.documents, 'tenant', tenant.id, deps.clock.now());
    await deps.registry.refresh();
    return { status: 200, id: tenant.id, body: tenant };
  };

/** A trust looks after its people and clients; what a tenant is, the platform says. */
function platformOnly({ access }: AdminContext): void {
  if (!access.may('admin/tenants.write', null)) throw new AppError('forbidden', 'this is for the platform alone');
}

const place = { scope: 'admin/tenants.write', parameters: [] } as const;
const one = (description: string) => ({ status: 200, description, schema: ref('Tenant') }) as const;

export const tenantRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path: 'tenants', operation: 'list-tenants', scope: 'admin/tenants.read', parameters: [] },
    summary: 'The tenants that the token is good for.',
    reach: 'own',
    answer: { status: 200, description: 'tenants', schema: object({ tenants: list(ref('Tenant')) }) },
    run: listTenants,
  },
  {
    ...{ ...place, method: 'POST', path: 'tenants', operation: 'add-tenant', body: ref('Tenant') },
    summary: 'Makes a tenant with its databases and keys.',
    reach: 'platform',
    answer: { status: 201, description: 'the tenant', schema: ref('Tenant') },
    run: addTenant,
  },
  {
    ...{
      method: 'GET',
      path: 'tenants/{tenant}',
      operation: 'read-tenant',
      scope: 'admin/tenants.read',
      parameters: [],
    },
    summary: 'Names, codes, contracts and settings of a tenant.',
    answer: one('the tenant'),
    run: readTenant,
  },
  {
    ...{ ...place, method: 'PUT', path: 'tenants/{tenant}', operation: 'apply-tenant', body: ref('Tenant') },
    summary: 'Brings a tenant to what the document says, its state and isolation apart. For the platform.',
    answer: one('the tenant as it is now'),
    run: applyTenant,
  },
  {
    ...{ ...place, method: 'POST', path: 'tenants/{tenant}/suspend', operation: 'suspend-tenant' },
    summary: 'Shuts a tenant: none of its tokens opens anything within two seconds. For the platform.',
    answer: one('the tenant'),
    run: setStatus('suspended'),
  },
  {
    ...{ ...place, method: 'POST', path: 'tenants/{tenant}/resume', operation: 'resume-tenant' },
    summary: 'Opens a suspended tenant; tokens from before stay worth nothing. For the platform.',
    answer: one('the tenant'),
    run: setStatus('active'),
  },
];
