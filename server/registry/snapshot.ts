import type { Client } from '../auth/client.ts';
import type { PermissionSet } from '../auth/permission-set.ts';
import type { Registrations } from '../auth/registrations.ts';
import type { User } from '../auth/user.ts';
import type { Store } from '../store/port.ts';
import type { SensitivePerson } from '../tenancy/sensitive-person.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { tokenEpochs } from './not-before.ts';
import { permissionSetKind, permissionSetOf } from './permission-sets.ts';
import { revocations } from './revocations.ts';
import { sensitiveKind } from './sensitive-staff.ts';
import { tenantFrom } from './tenant-document.ts';

/**
 * The registry as this process last saw it, for checks on every request: plain look-ups, no waiting. `refresh` costs
 * one number and the ids of revoked tokens when nothing changed; the server calls it every `registryRefreshMs`, so that
 * a change made by any process is seen within that time.
 */
export interface RegistrySnapshot extends Registrations {
  tenant(id: string): Tenant | undefined;
  client(id: string): Client | undefined;
  user(id: string): User | undefined;
  tenants(): Iterable<Tenant>;
  clients(): Iterable<Client>;
  /** What the client is under in its tenant; the same object while nothing changed. */
  permissionSet(tenant: string, client: string): PermissionSet;
  /** The same list while nothing changed. */
  sensitiveStaff(tenant: string): readonly SensitivePerson[];
  /** Durable when it resolves, and known here at once. `key`: a `jti` or `grantKey`. */
  revoke(key: string, now: Date): Promise<void>;
}

export async function registrySnapshot(store: Store): Promise<RegistrySnapshot> {
  const documents = store.system.documents;
  const revoked = revocations(store.system.oauth);
  let counter = -1;
  let tenants = new Map<string, Tenant>();
  let clients = new Map<string, Client>();
  let users = new Map<string, User>();
  let epochs: ReadonlyMap<string, number> = new Map();
  let sets = new Map<string, PermissionSet>();
  let sensitive = new Map<string, readonly SensitivePerson[]>();
  const refresh = async () => {
    await revoked.refresh();
    const now = await documents.counter();
    if (now === counter) return;
    const rows = async <T>(kind: string) =>
      (await documents.list(kind)).map((row) => [row.id, JSON.parse(row.document) as T] as const);
    tenants = new Map((await rows('tenant')).map(([id, document]) => [id, tenantFrom(document)]));
    clients = new Map(await rows<Client>('client'));
    users = new Map((await rows<User>('user')).map(([, user]) => [user.id, user]));
    epochs = await tokenEpochs(documents);
    sets = new Map(await rows<PermissionSet>(permissionSetKind));
    sensitive = byTenant(await rows<SensitivePerson>(sensitiveKind));
    counter = now;
  };
  await refresh();
  return {
    refresh,
    tenant: (id) => tenants.get(id),
    client: (id) => clients.get(id),
    user: (id) => users.get(id),
    tenants: () => tenants.values(),
    clients: () => clients.values(),
    permissionSet: (tenant, client) => permissionSetOf(clients.get(client), (name) => sets.get(`${tenant}/${name}`)),
    sensitiveStaff: (tenant) => sensitive.get(tenant) ?? nobody,
    notBefore: (party, id) => epochs.get(`${party}/${id}`) ?? 0,
    revoked: revoked.has,
    revoke: revoked.revoke,
  };
}

const nobody: readonly SensitivePerson[] = [];

/** Of rows whose ids begin with the tenant's. */
function byTenant<T>(rows: readonly (readonly [string, T])[]): Map<string, readonly T[]> {
  const found = new Map<string, readonly T[]>();
  for (const [id, row] of rows) {
    const tenant = id.slice(0, id.indexOf('/'));
    found.set(tenant, [...(found.get(tenant) ?? []), row]);
  }
  return found;
}
