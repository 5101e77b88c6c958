import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditEntry } from '../audit/entry.ts';
import { everyTenant } from '../auth/base.ts';
import type { Client } from '../auth/client.ts';
import type { Clock } from '../core/clock.ts';
import type { BearerEvent } from './bearer-endpoints.ts';
import type { InteractionEvent } from './interactions.ts';
import type { RequestOrigin } from './origin.ts';
import type { RegistrationEvent } from './registration.ts';

/**
 * The audit row of one answer of the token endpoint, of introspection and of revocation, and of a refused authorization
 * request. It names the token's `jti`, the person and the reason of a refusal (the library's own detail, which stays
 * here: clients get one text), never a token, a secret or an assertion. A client that is not registered is not named:
 * people paste secrets into the wrong field. A disabled one is.
 */
export function tokenAudit(
  context: KoaContextWithOIDC,
  failure: Error | undefined,
  client: Client | undefined,
  origin: RequestOrigin,
  clock: Clock,
): AuditEntry {
  const { status } = context;
  const { ClientCredentials, AccessToken } = context.oidc.entities;
  const issued = failure === undefined ? (ClientCredentials ?? AccessToken) : undefined;
  const user = issued !== undefined && 'accountId' in issued ? issued.accountId : undefined;
  const tenant = client?.tenant ?? null;
  return {
    ...entry(context.oidc.route, tenant, client?.id ?? null, status, origin, clock),
    jti: issued?.jti ?? null,
    ...(user === undefined ? {} : { user }),
    reason: failure === undefined ? null : reasonOf(failure),
  };
}

/** A person's login or consent. */
export function interactionAudit(event: InteractionEvent, origin: RequestOrigin, clock: Clock): AuditEntry {
  const { interaction, client, user, refused } = event;
  return {
    ...entry(interaction, client.tenant, client.id, refused === null ? 200 : 401, origin, clock),
    ...(user === null ? {} : { user }),
    reason: refused,
  };
}

/** Somebody asked about a token, or themselves, with an access token. */
export function bearerAudit(
  { interaction, token, status }: BearerEvent,
  origin: RequestOrigin,
  clock: Clock,
): AuditEntry {
  const tenant = token === undefined || token.tenant === everyTenant ? null : token.tenant;
  return {
    ...entry(interaction, tenant, token?.clientId ?? null, status, origin, clock),
    jti: token?.jti ?? null,
    ...(token?.userId == null ? {} : { user: token.userId }),
    reason: status === 200 ? null : 'invalid_token',
  };
}

/** An address asked too often; what for, nobody looked. */
export function throttledAudit(origin: RequestOrigin, clock: Clock): AuditEntry {
  return { ...entry('token', null, null, 429, origin, clock), reason: 'throttled' };
}

/** A vendor's registration or change of its client. */
export function registrationAudit(event: RegistrationEvent, origin: RequestOrigin, clock: Clock): AuditEntry {
  const { interaction, tenant, client, status, reason } = event;
  return { ...entry(interaction, tenant, client, status, origin, clock), kind: 'admin', id: client, reason };
}

function entry(
  interaction: string,
  tenant: string | null,
  client: string | null,
  status: number,
  origin: RequestOrigin,
  clock: Clock,
): AuditEntry {
  return {
    ...{ at: clock.now().toISOString(), tenant, kind: 'token', interaction, client, jti: null },
    ...{ type: null, id: null, query: null, status },
    outcome: status < 400 ? 0 : status < 500 ? 4 : 8,
    reason: null,
    ...origin,
    disclosed: [],
  };
}

function reasonOf(failure: Error & { readonly error_detail?: unknown; readonly error_description?: unknown }): string {
  const detail = failure.error_detail ?? failure.error_description;
  return typeof detail === 'string' ? `${failure.message}: ${detail}` : failure.message;
}
