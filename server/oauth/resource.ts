import { parseAdminScopes } from '../auth/admin-scope.ts';
import { adminBase, fhirBase } from '../auth/base.ts';
import type { Client } from '../auth/client.ts';
import { covers, parseScopes, splitScope } from '../auth/scope.ts';
import { limits } from '../core/limits.ts';
import type { Tenant } from '../tenancy/tenant.ts';

/**
 * The bases that a client may have tokens for, its default one first: the management API's, or those of its contracts
 * that are live for its tenant.
 */
export function clientBases(client: Client, tenant: Tenant | undefined, publicUrl: string): readonly string[] {
  if (client.admin === true) return [adminBase(publicUrl)];
  if (tenant === undefined) return [];
  return client.contracts
    .filter((contract) => tenant.contracts.includes(contract))
    .map((contract) => fhirBase(publicUrl, tenant.id, contract));
}

/**
 * The scopes that a client's own token gets: those asked for where its ceiling covers every one of them, its whole
 * `system` ceiling where nothing was asked for (RFC 6749 section 3.3 lets the server choose; SMART clients always ask).
 * Undefined = `invalid_scope`: nothing is granted in part, and never a token without a scope.
 */
export function grantedScope(client: Client, asked: string | undefined): string | undefined {
  if (client.admin === true) return actsForItself(client) ? grantedAdminScope(client, asked) : undefined;
  const ceiling = systemScopes(client.scope);
  const wanted = asked === undefined ? ceiling : parseScopes(asked);
  if (ceiling.length === 0 || wanted === undefined) return undefined;
  if (!wanted.every((scope) => covers(ceiling, scope))) return undefined;
  const text = wanted.map((scope) => scope.text).join(' ');
  return text.length > limits.scopeBytesMax ? undefined : text;
}

/** May the client act for itself? One that only logs people in has nothing of its own. */
export function actsForItself(client: Client): boolean {
  if (client.authentication === 'none') return false;
  // A console may do what the person in front of it may, and nothing by itself.
  return client.admin === true ? client.redirectUris === undefined : systemScopes(client.scope).length > 0;
}

function systemScopes(ceiling: string) {
  return (parseScopes(splitScope(ceiling).resource) ?? []).filter(({ level }) => level === 'system');
}

function grantedAdminScope(client: Client, asked: string | undefined): string | undefined {
  const ceiling = parseAdminScopes(client.scope) ?? [];
  const wanted = parseAdminScopes(asked ?? client.scope);
  return wanted?.every((scope) => ceiling.includes(scope)) === true ? wanted.join(' ') : undefined;
}
