import type { Client } from '../auth/client.ts';
import { builtInSets, noPermissions, type PermissionSet, permissionSetFrom } from '../auth/permission-set.ts';
import { AppError } from '../core/error.ts';
import type { DocumentStore } from '../store/port.ts';

/** Kind of the documents; their ids are `tenant/name`. */
export const permissionSetKind = 'permission-set';

/** The persisted permission sets of tenants, the built-in ones among them. */
export interface PermissionSetRegistry {
  list(tenant: string): Promise<readonly PermissionSet[]>;
  /** Throws `not-found`. */
  get(tenant: string, name: string): Promise<PermissionSet>;
  /** Makes or replaces it. Throws `invalid`. */
  put(tenant: string, document: unknown): Promise<PermissionSet>;
  /** Throws `not-found`, and `conflict` while a client has it. */
  remove(tenant: string, name: string): Promise<void>;
  removeAll(tenant: string): Promise<void>;
}

interface ClientList {
  list(tenant: string): Promise<readonly Client[]>;
}

export function permissionSets(documents: DocumentStore, clients: ClientList): PermissionSetRegistry {
  const builtIn = (name: string) => (Object.hasOwn(builtInSets, name) ? builtInSets[name as 'full'] : undefined);
  const own = async (tenant: string) =>
    (await documents.list(permissionSetKind))
      .filter(({ id }) => id.startsWith(`${tenant}/`))
      .map(({ document }) => JSON.parse(document) as PermissionSet);
  const get = async (tenant: string, name: string) => {
    const document = await documents.get(permissionSetKind, `${tenant}/${name}`);
    const set = builtIn(name) ?? (document === undefined ? undefined : (JSON.parse(document) as PermissionSet));
    if (set === undefined) throw new AppError('not-found', `tenant ${tenant} has no permission set ${name}`);
    return set;
  };
  return {
    list: async (tenant) => [...Object.values(builtInSets), ...(await own(tenant))],
    get,
    async put(tenant, document) {
      const set = permissionSetFrom(document);
      await documents.put(permissionSetKind, `${tenant}/${set.name}`, JSON.stringify(set));
      return set;
    },
    async remove(tenant, name) {
      await get(tenant, name);
      if (builtIn(name) !== undefined) throw new AppError('invalid', `${name} is built in and stays`);
      const holder = (await clients.list(tenant)).find(({ permissionSet }) => permissionSet === name);
      if (holder !== undefined) throw new AppError('conflict', `client ${holder.id} has the permission set ${name}`);
      await documents.remove(permissionSetKind, `${tenant}/${name}`);
    },
    async removeAll(tenant) {
      for (const { name } of await own(tenant)) await documents.remove(permissionSetKind, `${tenant}/${name}`);
    },
  };
}

/**
 * The set that a client is under. One that says none: everything, where an operator made it; the least, where a vendor
 * registered it. One whose set is gone: nothing.
 *
 * @param known sets of the client's tenant by name, built-in ones apart
 */
export function permissionSetOf(
  client: Pick<Client, 'permissionSet' | 'registration'> | undefined,
  known: (name: string) => PermissionSet | undefined,
): PermissionSet {
  if (client === undefined) return noPermissions;
  const name = client.permissionSet ?? (client.registration === undefined ? 'full' : 'default');
  return Object.hasOwn(builtInSets, name) ? builtInSets[name as 'full'] : (known(name) ?? noPermissions);
}
