import { AppError } from '../core/error.ts';
import { StoreError } from '../store/error.ts';
import type { Store } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { tenantFrom, withValue } from './tenant-document.ts';

const kind = 'tenant';

/** The persisted registry of tenants. */
export interface TenantRegistry {
  list(): Promise<readonly Tenant[]>;
  /** Throws `not-found`. */
  get(id: string): Promise<Tenant>;
  find(id: string): Promise<Tenant | undefined>;
  /** Makes the tenant and its databases. Throws `conflict` where the id or a VPD is taken. */
  add(document: unknown): Promise<Tenant>;
  /** Makes it, or brings it to what the document says; the same document twice changes nothing. */
  apply(document: unknown): Promise<Tenant>;
  set(id: string, key: string, value: string): Promise<Tenant>;
  setStatus(id: string, status: Tenant['status']): Promise<Tenant>;
  /** Says where the data are now that the store has moved them. */
  moved(id: string, now: Pick<Tenant, 'isolation' | 'status'>): Promise<void>;
  /** Destroys the tenant's key and data, then forgets it. */
  remove(id: string): Promise<void>;
}

export function tenantRegistry(store: Store): TenantRegistry {
  const documents = store.system.documents;
  const list = async () => (await documents.list(kind)).map((row) => tenantFrom(JSON.parse(row.document)));
  const known = lastParsed();
  const find = async (id: string) => {
    const document = await documents.get(kind, id);
    return known(id, document);
  };
  const get = async (id: string) => {
    const tenant = await find(id);
    if (tenant === undefined) throw new AppError('not-found', `there is no tenant ${id}`);
    return tenant;
  };
  const check = async (tenant: Tenant) => {
    checkIsolation(store, tenant.isolation);
    for (const other of await list()) {
      const shared = other.id === tenant.id ? undefined : other.vpds.find((vpd) => tenant.vpds.includes(vpd));
      if (shared !== undefined) throw new AppError('conflict', `VPD ${shared} belongs to tenant ${other.id}`);
    }
  };
  const save = async (tenant: Tenant) => {
    await check(tenant);
    const { isolation } = await get(tenant.id);
    if (isolation !== tenant.isolation) {
      throw new AppError(
        'invalid',
        `the data of tenant ${tenant.id} stand apart by ${isolation}: move them with \`tenant move\``,
      );
    }
    const text = JSON.stringify(tenant);
    if ((await documents.get(kind, tenant.id)) !== text) await documents.put(kind, tenant.id, text);
    return tenant;
  };
  const add = async (document: unknown) => {
    const tenant = tenantFrom(document);
    await check(tenant);
    await makeDatabases(store, tenant);
    if (!(await documents.insert(kind, tenant.id, JSON.stringify(tenant)))) {
      throw new AppError('conflict', `there is a tenant ${tenant.id} already`);
    }
    return tenant;
  };
  return {
    list,
    find,
    get,
    add,
    async apply(document) {
      const tenant = tenantFrom(document);
      return (await find(tenant.id)) === undefined ? add(document) : save(tenant);
    },
    async set(id, key, value) {
      return save(withValue(await get(id), key, value));
    },
    async setStatus(id, status) {
      return save({ ...(await get(id)), status });
    },
    async moved(id, now) {
      await documents.put(kind, id, JSON.stringify({ ...(await get(id)), ...now }));
    },
    async remove(id) {
      await get(id);
      await documents.remove(kind, id);
      await store.destroyTenant(id);
    },
  };
}

/** A tenant's document is checked when it is not the text it was: every request for a token asks for its tenant. */
function lastParsed(): (id: string, document: string | undefined) => Tenant | undefined {
  const last = new Map<string, { readonly document: string; readonly tenant: Tenant }>();
  return (id, document) => {
    const before = last.get(id);
    if (before !== undefined && before.document === document) return before.tenant;
    last.delete(id);
    if (document === undefined) return undefined;
    const tenant = tenantFrom(JSON.parse(document));
    last.set(id, { document, tenant });
    return tenant;
  };
}

function checkIsolation({ capabilities }: Store, isolation: Tenant['isolation']): void {
  if (capabilities.isolationModels.includes(isolation)) return;
  const known = capabilities.isolationModels.join(', ');
  throw new AppError(
    'invalid',
    `the ${capabilities.name} store cannot isolate a tenant by ${isolation}, only by ${known}`,
  );
}

/** A crash between the databases and the registry row leaves databases alone: the next try goes on from there. */
async function makeDatabases(store: Store, { id, isolation }: Tenant): Promise<void> {
  try {
    await store.createTenant(id, isolation);
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'exists')) throw error;
  }
}
