import type { Client, Clients } from '../auth/client.ts';
import { AppError } from '../core/error.ts';
import type { Store } from '../store/port.ts';

const kind = 'client';

/** The persisted registry of OAuth clients. */
export interface ClientRegistry extends Clients {
  /** Null: those of the platform. */
  list(tenant: string | null): Promise<readonly Client[]>;
  add(client: Client): Promise<void>;
  /** Throws `not-found` where the client is not that tenant's. */
  get(id: string, tenant: string | null): Promise<Client>;
  put(client: Client): Promise<void>;
  removeAll(tenant: string): Promise<void>;
}

export function clientRegistry(store: Store): ClientRegistry {
  const documents = store.system.documents;
  const find = async (id: string) => {
    const document = await documents.get(kind, id);
    return document === undefined ? undefined : (JSON.parse(document) as Client);
  };
  const list = async (tenant: string | null) =>
    (await documents.list(kind))
      .map((row) => JSON.parse(row.document) as Client)
      .filter((client) => client.tenant === tenant);
  return {
    find,
    list,
    async add(client) {
      if (!(await documents.insert(kind, client.id, JSON.stringify(client)))) {
        throw new AppError('conflict', `there is a client ${client.id} already`);
      }
    },
    async get(id, tenant) {
      const client = await find(id);
      if (client?.tenant !== tenant) {
        throw new AppError('not-found', `${tenant === null ? 'the platform' : `tenant ${tenant}`} has no client ${id}`);
      }
      return client;
    },
    put: (client) => documents.put(kind, client.id, JSON.stringify(client)),
    async removeAll(tenant) {
      for (const client of await list(tenant)) await documents.remove(kind, client.id);
    },
  };
}
