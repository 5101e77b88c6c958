import { auditBytes } from '../../audit/row.ts';
import { AppError } from '../../core/error.ts';
import { randomId } from '../../core/id.ts';
import { limits } from '../../core/limits.ts';
import type { Op, TenantStore } from '../../store/port.ts';
import type { Tenant } from '../../tenancy/tenant.ts';
import type { IngestParts } from '../parts.ts';

/** Whose files and rows a steward decides about. */
export interface Stewardship {
  readonly parts: IngestParts;
  readonly tenant: Tenant;
  readonly store: TenantStore;
}

/** A person's decision: who, why, and the request that it came by. */
export interface Decision {
  /** A client of the management API, or `operator:NAME` of the command line. */
  readonly actor: string;
  /** In the steward's words; no personal data belongs here. */
  readonly reason: string;
  readonly correlationId?: string;
}

const decisions = ['exception-release', 'exception-discard', 'file-release', 'file-discard'] as const;

/**
 * The audit row of a decision, for the batch that carries it out: both are there or neither.
 *
 * @param id of the exception or file
 */
export function decisionOp(
  tenant: string,
  interaction: (typeof decisions)[number],
  id: string,
  { actor, reason, correlationId }: Decision,
  at: string,
): Op {
  const requestId = randomId();
  const row = auditBytes({
    at,
    tenant,
    kind: 'admin',
    interaction,
    client: actor,
    jti: null,
    type: null,
    id,
    query: null,
    status: 0,
    outcome: 0,
    reason,
    requestId,
    correlationId: correlationId ?? requestId,
    address: null,
    disclosed: [],
  });
  return { op: 'audit', tenant, row };
}

/** A reason as it will be kept; throws `invalid` where nothing is said, or too much. */
export function statedReason(text: unknown): string {
  const reason = typeof text === 'string' ? text.trim() : '';
  if (reason === '') throw new AppError('invalid', 'say why: a decision needs a reason');
  if (reason.length > limits.reasonCharactersMax) {
    throw new AppError('invalid', `a reason has at most ${limits.reasonCharactersMax} characters`);
  }
  return reason;
}
