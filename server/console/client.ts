import { adminAreas } from '../auth/admin-scope.ts';
import type { Client } from '../auth/client.ts';
import { newClient, withNewSecret } from '../auth/new-client.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { ClientRegistry } from '../registry/clients.ts';

/** The console's own client: there once per store; disabling it shuts the console. */
const consoleClientId = 'console';

/** Everything that a console may ask for: what of it somebody gets, their roles say. */
export const consoleScope = adminAreas.flatMap((area) => [`admin/${area}.read`, `admin/${area}.write`]).join(' ');

interface Parts {
  readonly clients: ClientRegistry;
  readonly keys: KeyRing;
  readonly clock: Clock;
}

/** The registered client of the console, made or brought to the present URL where it is not. */
export async function consoleClient(parts: Parts, redirectUri: string): Promise<Client> {
  const known = await parts.clients.find(consoleClientId);
  if (known === undefined) return made(parts, redirectUri);
  if (known.redirectUris?.includes(redirectUri) === true && known.scope === consoleScope) return known;
  const changed = { ...known, scope: consoleScope, redirectUris: [redirectUri] };
  await parts.clients.put(changed);
  return changed;
}

async function made(parts: Parts, redirectUri: string): Promise<Client> {
  const { clients, keys, clock } = parts;
  const wish = { name: 'Console', tenant: null, admin: true, scope: consoleScope, contracts: [] };
  const { client } = newClient({ ...wish, redirectUris: [redirectUri] }, keys, clock.now().toISOString());
  const ours = withNewSecret({ ...client, id: consoleClientId }, keys).client;
  try {
    await clients.add(ours);
    return ours;
  } catch (error) {
    // Another server of the same store was faster.
    if (error instanceof AppError && error.code === 'conflict') return consoleClient(parts, redirectUri);
    throw error;
  }
}
