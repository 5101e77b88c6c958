import type { Client } from '../auth/client.ts';
import type { Registrations } from '../auth/registrations.ts';
import type { User } from '../auth/user.ts';
import type { Store } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { tokenEpochs } from './not-before.ts';
import { revocations } from './revocations.ts';
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
    notBefore: (party, id) => epochs.get(`${party}/${id}`) ?? 0,
    revoked: revoked.has,
    revoke: revoked.revoke,
  };
}
