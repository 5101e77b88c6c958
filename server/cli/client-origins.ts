import type { Client } from '../auth/client.ts';
import type { RegistrySnapshot } from '../registry/snapshot.ts';

/** Origins of the redirect URIs of a tenant's active clients, or of one of them; remembered by client. */
export function clientOrigins(snapshot: Pick<RegistrySnapshot, 'client' | 'clients'>) {
  const known = new WeakMap<Client, ReadonlySet<string>>();
  const of = (client: Client): ReadonlySet<string> => {
    const found = known.get(client) ?? new Set((client.redirectUris ?? []).map((uri) => new URL(uri).origin));
    known.set(client, found);
    return found;
  };
  const good = (client: Client | undefined, tenant: string): client is Client =>
    client?.status === 'active' && client.tenant === tenant;
  return (tenant: string, clientId?: string): ReadonlySet<string> => {
    const client = clientId === undefined ? undefined : snapshot.client(clientId);
    if (clientId !== undefined) return good(client, tenant) ? of(client) : new Set();
    return new Set([...snapshot.clients()].filter((one) => good(one, tenant)).flatMap((one) => [...of(one)]));
  };
}
