import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditEntry } from '../audit/entry.ts';
import type { Client } from '../auth/client.ts';
import type { Clock } from '../core/clock.ts';
import type { RequestOrigin } from './origin.ts';

/**
 * The audit row of one answer of the token endpoint. It names the token's `jti` and the reason of a refusal (the
 * library's own detail, which stays here: clients get one text), never a token, a secret or an assertion. A client that
 * is not registered is not named: people paste secrets into the wrong field. A disabled one is.
 */
export function tokenAudit(
  context: KoaContextWithOIDC,
  failure: Error | undefined,
  client: Client | undefined,
  origin: RequestOrigin,
  clock: Clock,
): AuditEntry {
  const { status } = context;
  const issued = failure === undefined ? context.oidc.entities.ClientCredentials : undefined;
  return {
    at: clock.now().toISOString(),
    tenant: client?.tenant ?? null,
    kind: 'token',
    interaction: 'token',
    client: client?.id ?? null,
    jti: issued?.jti ?? null,
    type: null,
    id: null,
    query: null,
    status,
    outcome: status < 400 ? 0 : status < 500 ? 4 : 8,
    reason: failure === undefined ? null : reasonOf(failure),
    ...origin,
    disclosed: [],
  };
}

function reasonOf(failure: Error & { readonly error_detail?: unknown; readonly error_description?: unknown }): string {
  const detail = failure.error_detail ?? failure.error_description;
  return typeof detail === 'string' ? `${failure.message}: ${detail}` : failure.message;
}
