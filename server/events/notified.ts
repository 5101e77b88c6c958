import type { AuditEntry } from '../audit/entry.ts';
import { maskTold } from '../audit/row.ts';
import { instantText } from '../core/clock.ts';
import { randomId } from '../core/id.ts';
import type { Sight } from '../visibility/sight.ts';
import type { Unsigned } from './message.ts';

/** What the audit keeps of a notification that is about to leave to a subscription, or to a socket with an address. */
export function notified(
  to: { readonly tenant: string; readonly client: string; readonly id: string; readonly address: string | null },
  { disclosed, correlationId }: Pick<Unsigned, 'disclosed' | 'correlationId'>,
  sight: Pick<Sight, 'mask'>,
  now: Date,
): AuditEntry {
  const mask = maskTold(disclosed, sight.mask);
  // One literal: there is one for each notification.
  return {
    at: instantText(now),
    tenant: to.tenant,
    kind: 'rest',
    interaction: 'notification',
    client: to.client,
    jti: null,
    type: 'Subscription',
    id: to.id,
    query: null,
    status: 200,
    outcome: 0,
    reason: null,
    requestId: randomId(),
    correlationId,
    address: to.address,
    disclosed,
    ...(mask === undefined ? {} : { mask }),
  };
}
