import type { Client } from '../auth/client.ts';
import type { Store } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { tenantFrom } from './tenant-document.ts';

/**
 * The registry as this process last saw it, for checks on every request: plain look-ups, no waiting. `refresh` costs
 * one number when nothing changed; the server calls it every `registryRefreshMs`, so that a change made by any
 * process is seen within that time.
 */
export interface RegistrySnapshot {
  refresh(): Promise<void>;
  tenant(id: string): Tenant | undefined;
  client(id: string): Client | undefined;
  tenants(): Iterable<Tenant>;
}

export async function registrySnapshot(store: Store): Promise<RegistrySnapshot> {
  const documents = store.system.documents;
  let counter = -1;
  let tenants = new Map<string, Tenant>();
  let clients = new Map<string, Client>();
  const refresh = async () => {
    const now = await documents.counter();
    if (now === counter) return;
    tenants = new Map((await documents.list('tenant')).map((row) => [row.id, tenantFrom(JSON.parse(row.document))]));
    clients = new Map((await documents.list('client')).map((row) => [row.id, JSON.parse(row.document) as Client]));
    counter = now;
  };
  await refresh();
  return {
    refresh,
    tenant: (id) => tenants.get(id),
    client: (id) => clients.get(id),
    tenants: () => tenants.values(),
  };
}
