import type { Client } from '../auth/client.ts';
import { type PermissionSet, scopesUnder } from '../auth/permission-set.ts';
import { allows, parseScopes, type Scope } from '../auth/scope.ts';
import { instantText } from '../core/clock.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { topics } from '../topics/topic.ts';
import type { SeenBy, Sight } from '../visibility/sight.ts';
import { parseCriteria } from './criteria.ts';
import { isToldOf, type KeptEvent, typeOf } from './shown-to.ts';
import type { Terms } from './terms.ts';

/** Why nothing (more) may be sent to a subscription's client. */
export type Unseen = 'tenant-not-active' | 'client-not-active' | 'scope-lost';

interface Registry {
  tenant(id: string): Pick<Tenant, 'status' | 'contracts'> | undefined;
  client(id: string): Pick<Client, 'status' | 'tenant' | 'admin' | 'scope' | 'contracts' | 'expiresAt'> | undefined;
  permissionSet(tenant: string, client: string): PermissionSet;
}

export interface Listener {
  readonly tenant: string;
  readonly contract: string;
  readonly client: string;
}

/**
 * **The one place that decides whether a subscription's client may be told of events** (architecture.md, invariant 2):
 * at match and again at send, by what the registry says then, since the token that made it is long over. Which of
 * their resources and elements it may be told, `sightOf` says.
 */
export function unseen(
  listener: Listener,
  terms: Pick<Terms, 'to'>,
  registry: Registry,
  now: Date,
): Unseen | undefined {
  const tenant = registry.tenant(listener.tenant);
  const client = registry.client(listener.client);
  const set = registry.permissionSet(listener.tenant, listener.client);
  const known = judged.get(terms);
  const same = known?.tenant === tenant && known?.client === client && known?.set === set;
  if (known !== undefined && same && client?.expiresAt === undefined) return known.why;
  const why = unseenBy(listener, terms, { tenant, client, set }, now);
  judged.set(terms, { tenant, client, set, why });
  return why;
}

type Found<Of extends 'tenant' | 'client'> = ReturnType<Registry[Of]>;

interface Judged {
  readonly tenant: Found<'tenant'>;
  readonly client: Found<'client'>;
  readonly set: PermissionSet;
  readonly why: Unseen | undefined;
}

/** Asked before every message: while the registry has the same documents, the answer is the same but for an expiry. */
const judged = new WeakMap<Pick<Terms, 'to'>, Judged>();

function unseenBy(
  listener: Listener,
  terms: Pick<Terms, 'to'>,
  { tenant, client, set }: Omit<Judged, 'why'>,
  now: Date,
): Unseen | undefined {
  if (tenant?.status !== 'active' || !tenant.contracts.includes(listener.contract)) return 'tenant-not-active';
  const good = client?.status === 'active' && client.admin !== true && client.tenant === listener.tenant;
  if (client === undefined || !good || !client.contracts.includes(listener.contract)) return 'client-not-active';
  if (client.expiresAt !== undefined && client.expiresAt <= instantText(now)) return 'client-not-active';
  return covers({ scopes: scopesUnder(scopesOf(client), set) }, terms) ? undefined : 'scope-lost';
}

interface SightParts {
  readonly registry: Registry;
  readonly seenBy: SeenBy;
  /** FHIR base of a tenant's contract. */
  base(tenant: string, contract: string): string;
}

/** What the client sees, by its permission set and scopes of today; for match and send. */
export function sightOf(listener: Listener, store: TenantStore, parts: SightParts): Sight | Promise<Sight> {
  const { tenant, contract, client } = listener;
  const registered = parts.registry.client(client);
  const scopes = registered === undefined ? [] : scopesOf(registered);
  const set = parts.registry.permissionSet(tenant, client);
  return parts.seenBy({ contract, base: parts.base(tenant, contract), scopes, set }, store);
}

/** Read once for each state of the registry: a sight is remembered by its scopes. */
const scopesRead = new WeakMap<object, readonly Scope[]>();

function scopesOf(client: Pick<Client, 'scope'>): readonly Scope[] {
  const known = scopesRead.get(client);
  if (known !== undefined) return known;
  const all = parseScopes(resourceScopes(client.scope)) ?? [];
  const lasting = all.filter(countsForDelivery);
  scopesRead.set(client, lasting);
  return lasting;
}

function countsForDelivery({ level, params }: Scope): boolean {
  return level === 'system' && params === undefined;
}

/** Roles carry what every filter of a topic is about. */
const filtered = 'PractitionerRole';

/** Does it ask about elements that its client does not see? An answer, or its absence, would tell of them. */
export function asksOfMasked(
  { to }: Pick<Terms, 'to'>,
  { hidden, parameters }: Pick<Sight, 'hidden' | 'parameters'>,
  { all, contract, base }: { readonly all: SearchParameters; readonly contract: string; readonly base: string },
): boolean {
  if (hidden === undefined) return false;
  if (to.is === 'topic') {
    const gone = (name: string) =>
      all.get(filtered)?.has(name) === true && parameters.get(filtered)?.has(name) !== true;
    return to.filters.some(({ name }) => gone(name));
  }
  try {
    parseCriteria(to.text, { parameters, contract, base });
    return false;
  } catch {
    return true;
  }
}

/**
 * Do these scopes cover all that a subscription tells of? Its focus must be readable; what files bring and where rows
 * fail is asked for like Provenance, by name; criteria must be searchable too, wherever they look. A granular scope
 * covers some resources of a type, which events do not tell apart, and a person's scope ends with the person's visit:
 * neither counts.
 */
export function covers({ scopes }: { readonly scopes: readonly Scope[] }, { to }: Pick<Terms, 'to'>): boolean {
  const access = { scopes: scopes.filter(countsForDelivery) };
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
  // A row that failed is nobody's yet: who has a part of the rows to see has none of these.
  if (focus === undefined) return event.type !== 'exception-raised' || !sight.filtered;
  if (sight.whole(typeOf(focus.reference))) return true;
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
