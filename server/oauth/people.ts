import type { Account, KoaContextWithOIDC } from 'oidc-provider';
import type { Client } from '../auth/client.ts';
import { covers, parseScopes, type Scope, splitScope } from '../auth/scope.ts';
import type { User, Users } from '../auth/user.ts';
import { userScopes } from '../auth/user-scope.ts';

/** What a client asked for a person, in its two parts. */
export interface AskedScope {
  readonly identity: readonly string[];
  readonly resource: readonly Scope[];
}

/**
 * The scopes of an authorization request where the client's ceiling covers every one of them; undefined =
 * `invalid_scope`. What the person's roles do not cover is left out later, when the person is known.
 */
export function askedForPerson(client: Client, text: string | undefined): AskedScope | undefined {
  if (text === undefined || text === '') return undefined;
  const ceiling = splitScope(client.scope);
  const asked = splitScope(text);
  if (!asked.identity.every((scope) => ceiling.identity.includes(scope))) return undefined;
  const resource = asked.resource === '' ? [] : parseScopes(asked.resource);
  const most = parseScopes(ceiling.resource) ?? [];
  if (resource?.every((scope) => scope.level === 'user' && covers(most, scope)) !== true) return undefined;
  return { identity: asked.identity, resource };
}

/** Of what was asked for, what this person can give in the client's tenant. */
export function grantable(asked: AskedScope, user: User, tenant: string): AskedScope {
  const linked = user.practitioners?.[tenant] !== undefined;
  const identity = asked.identity.filter((scope) => scope !== 'fhirUser' || linked);
  return { identity, resource: userScopes(asked.resource, user, tenant) };
}

export function scopeText({ identity, resource }: AskedScope): string {
  return [...identity, ...resource.map(({ text }) => text)].join(' ');
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
