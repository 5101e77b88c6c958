import type { AuditEntry } from '../audit/entry.ts';
import { maskTold } from '../audit/row.ts';
import { present } from '../core/assert.ts';
import { instantText } from '../core/clock.ts';
import { randomId } from '../core/id.ts';
import type { Sight } from '../visibility/sight.ts';
import type { Range } from './ranges.ts';

/** Who is told: a subscription, or a socket of it, with an address. */
interface Told {
  readonly tenant: string;
  readonly client: string;
  readonly id: string;
  readonly address: string | null;
}

/** A notification, as the audit sees it. */
export interface Telling extends Range {
  /** `Type/id/version` of the versions that it shows. */
  readonly disclosed: readonly string[];
  readonly correlationId: string;
}

/**
 * What the audit keeps of notifications that are about to leave, in the order of their events' numbers: one entry for
 * those that follow each other and come of one file, so that ten thousand notifications are as many disclosures and
 * not as many entries.
 */
export function notified(
  to: Told,
  tellings: readonly Telling[],
  sight: Pick<Sight, 'mask'>,
  now: Date,
): readonly AuditEntry[] {
  const at = instantText(now);
  const entries: AuditEntry[] = [];
  for (let first = 0, next = 0; first < tellings.length; first = next) {
    const correlationId = tellings[first]?.correlationId;
    while (tellings[next]?.correlationId === correlationId && next < tellings.length) next += 1;
    entries.push(entryOf(to, tellings.slice(first, next), sight, at));
  }
  return entries;
}

function entryOf(to: Told, tellings: readonly Telling[], sight: Pick<Sight, 'mask'>, at: string): AuditEntry {
  const first = present(tellings[0], 'a notification');
  const last = present(tellings.at(-1), 'a notification');
  const disclosed = [...new Set(tellings.flatMap((one) => one.disclosed))];
  const mask = maskTold(disclosed, sight.mask);
  return {
    ...{ at, tenant: to.tenant, kind: 'rest', interaction: 'notification', client: to.client, jti: null },
    ...{ type: 'Subscription', id: to.id, query: null, status: 200, outcome: 0, reason: null },
    ...{ requestId: randomId(), correlationId: first.correlationId, address: to.address },
    disclosed,
    numbers: { from: first.from, to: last.to },
    ...(mask === undefined ? {} : { mask }),
  };
}
