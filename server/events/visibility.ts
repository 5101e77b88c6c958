import type { Client } from '../auth/client.ts';
import { allows, parseScopes, type Scope } from '../auth/scope.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { topics } from '../topics/topic.ts';
import type { Sight } from '../visibility/sight.ts';
import { isToldOf, type KeptEvent, typeOf } from './shown-to.ts';
import type { Terms } from './terms.ts';

/** Why nothing (more) may be sent to a subscription's client. */
export type Unseen = 'tenant-not-active' | 'client-not-active' | 'scope-lost';

interface Registry {
  tenant(id: string): Pick<Tenant, 'status' | 'contracts'> | undefined;
  client(id: string): Pick<Client, 'status' | 'tenant' | 'admin' | 'scope' | 'contracts' | 'expiresAt'> | undefined;
}

export interface Listener {
  readonly tenant: string;
  readonly contract: string;
  readonly client: string;
}

/**
 * **The one place that decides whether a subscription's client may be told of events** (architecture.md, invariant 2):
 * at match and again at send, by what the registry says then, since the token that made it is long over. Permission
 * sets and masks will be decided here too.
 *
 * @param now ISO 8601 UTC
 */
export function unseen(
  listener: Listener,
  terms: Pick<Terms, 'to'>,
  registry: Registry,
  now: string,
): Unseen | undefined {
  const tenant = registry.tenant(listener.tenant);
  if (tenant?.status !== 'active' || !tenant.contracts.includes(listener.contract)) return 'tenant-not-active';
  const client = registry.client(listener.client);
  const good = client?.status === 'active' && client.admin !== true && client.tenant === listener.tenant;
  if (client === undefined || !good || !client.contracts.includes(listener.contract)) return 'client-not-active';
  if (client.expiresAt !== undefined && client.expiresAt <= now) return 'client-not-active';
  const scopes = parseScopes(resourceScopes(client.scope)) ?? [];
  return covers({ scopes }, terms) ? undefined : 'scope-lost';
}

/**
 * Do these scopes cover all that a subscription tells of? Its focus must be readable; what files bring and where rows
 * fail is asked for like Provenance, by name; criteria must be searchable too, wherever they look. A granular scope
 * covers some resources of a type, which events do not tell apart, and a person's scope ends with the person's visit:
 * neither counts.
 */
export function covers({ scopes }: { readonly scopes: readonly Scope[] }, { to }: Pick<Terms, 'to'>): boolean {
  const access = { scopes: scopes.filter(({ level, params }) => level === 'system' && params === undefined) };
  if (to.is === 'topic') return allows(access, topics[to.topic].focus ?? 'Provenance', 'r');
  const searched = [to.type, ...to.reaches];
  return allows(access, to.type, 'r') && searched.every((type) => allows(access, type, 's'));
}

/**
 * Does this sight show what an event is about, as it was then? Of a resource that another contract's version names, as
 * it is now. Scopes are asked before (`covers`, or those of a token); this is about rows and elements.
 */
export async function seesEvent(sight: Sight, event: KeptEvent, contract: string): Promise<boolean> {
  const { focus, contract: of = contract } = event.data;
  if (!isToldOf(event, sight)) return false;
  if (focus === undefined || sight.whole(typeOf(focus.reference))) return true;
  const [type = '', id = ''] = focus.reference.split('/');
  const key = { contract, type, id };
  const { resources } = sight;
  return (of === contract ? await resources.vread(key, focus.version) : await resources.read(key)) !== undefined;
}

/** A client's ceiling may name identity scopes (`openid` …) too, which are about no resource. */
function resourceScopes(text: string): string {
  return text
    .split(' ')
    .filter((scope) => scope.includes('/'))
    .join(' ');
}
