import type { Account, KoaContextWithOIDC } from 'oidc-provider';
import { adminScopesOf } from '../auth/admin-role.ts';
import { type AdminScope, parseAdminScopes } from '../auth/admin-scope.ts';
import type { Client } from '../auth/client.ts';
import { covers, parseScopes, type Scope, splitScope } from '../auth/scope.ts';
import type { User, Users } from '../auth/user.ts';
import { userScopes } from '../auth/user-scope.ts';

/** What a client asked for a person, in its two parts. */
export interface AskedScope {
  readonly identity: readonly string[];
  readonly resource: readonly Scope[];
  /** Of a console: scopes of the management API. */
  readonly admin: readonly AdminScope[];
}

/**
 * The scopes of an authorization request where the client's ceiling covers every one of them; undefined =
 * `invalid_scope`. What the person's roles do not cover is left out later, when the person is known.
 */
export function askedForPerson(client: Client, text: string | undefined): AskedScope | undefined {
  if (text === undefined || text === '') return undefined;
  const ceiling = splitScope(client.scope);
  const asked = splitScope(text);
  if (client.admin === true) return askedForAdmin(asked, ceiling);
  if (!asked.identity.every((scope) => ceiling.identity.includes(scope))) return undefined;
  const resource = asked.resource === '' ? [] : parseScopes(asked.resource);
  const most = parseScopes(ceiling.resource) ?? [];
  if (resource?.every((scope) => scope.level === 'user' && covers(most, scope)) !== true) return undefined;
  return { identity: asked.identity, resource, admin: [] };
}

type SplitScope = ReturnType<typeof splitScope>;

function askedForAdmin(asked: SplitScope, ceiling: SplitScope): AskedScope | undefined {
  const [admin, most] = [parseAdminScopes(asked.resource), parseAdminScopes(ceiling.resource)];
  const covered = asked.identity.every((scope) => ceiling.identity.includes(scope));
  if (!covered || admin?.every((scope) => most?.includes(scope)) !== true) return undefined;
  return { identity: asked.identity, resource: [], admin };
}

/**
 * Of what was asked for, what this person can give in the client's tenant. A console of the platform (null) gets what
 * they hold anywhere; where, their roles say with every request.
 */
export function grantable(asked: AskedScope, user: User, tenant: string | null): AskedScope {
  const linked = tenant !== null && user.practitioners?.[tenant] !== undefined;
  const held = adminScopesOf(user, tenant);
  const identity = asked.identity.filter((scope) => scope !== 'fhirUser' || linked);
  return {
    identity,
    resource: tenant === null ? [] : userScopes(asked.resource, user, tenant),
    admin: asked.admin.filter((scope) => held.has(scope)),
  };
}

/** Nothing at all, or nothing but who they are where more was asked for. */
export function givesNothing(granted: AskedScope, asked: AskedScope): boolean {
  const resources = ({ resource, admin }: AskedScope) => resource.length + admin.length;
  return resources(granted) === 0 && (resources(asked) > 0 || granted.identity.length === 0);
}

export function scopeText({ identity, resource, admin }: AskedScope): string {
  return [...identity, ...resource.map(({ text }) => text), ...admin].join(' ');
}

/** The claim `fhirUser`: absolute URL of the person's own Practitioner. `base`: of the tenant's FHIR API. */
export function fhirUser(user: Pick<User, 'practitioners'>, tenant: string, base: string): string | undefined {
  const id = user.practitioners?.[tenant];
  return id === undefined ? undefined : `${base}/Practitioner/${id}`;
}

interface AccountParts {
  readonly users: Users;
  /** Tenant and FHIR base that the request is about. */
  place(context: KoaContextWithOIDC): { readonly tenant: string; readonly base: string } | undefined;
}

/**
 * oidc-provider's `findAccount`: a person with the claims of an id token. `strict`: for a code or refresh token, which
 * is worth nothing once the person is disabled; in a session it is the consent that refuses them.
 */
export async function findAccount(
  { users, place }: AccountParts,
  context: KoaContextWithOIDC,
  id: string,
  strict: boolean,
): Promise<Account | undefined> {
  const user = await users.find(id);
  if (user === undefined || (strict && user.status !== 'active')) return undefined;
  return {
    accountId: id,
    async claims(_use, scope) {
      const where = place(context);
      const own = where === undefined ? undefined : fhirUser(user, where.tenant, where.base);
      const wanted = scope.split(' ').includes('fhirUser');
      return wanted && own !== undefined ? { sub: id, fhirUser: own } : { sub: id };
    },
  };
}
