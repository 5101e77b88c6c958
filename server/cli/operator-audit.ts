import type { AuditEntry } from '../audit/entry.ts';
import { auditBytes } from '../audit/row.ts';
import { auditWriter } from '../commit/audit-writer.ts';
import { writeBatch } from '../commit/write-batch.ts';
import { randomId } from '../core/id.ts';
import { StoreError } from '../store/error.ts';
import { type House, operatorStore } from './house.ts';
import { operatorName } from './stewardship.ts';

/** The chain that command lines write in the system's log, one after the other. */
const systemWriter = 'operator';
const triesMax = 8;

interface Act {
  /** `client-add`, `tenant-suspend`, … */
  readonly interaction: string;
  /** Of what was changed or looked at. */
  readonly id: string;
  /** The resource type, where it was one. */
  readonly type?: string;
}

/**
 * Records what the operator did or looked at. A tenant's row takes the outbox, as the audit file is a server's; null
 * writes to the system's log.
 */
export async function auditOperator(house: House, tenant: string | null, act: Act): Promise<void> {
  const entry = entryOf(tenant, act, house.clock.now().toISOString());
  if (tenant !== null) {
    const store = await operatorStore(house, tenant);
    await writeBatch(store, house.clock, () => [{ op: 'audit', tenant, row: auditBytes(entry) }]);
    return;
  }
  for (let tries = 1; ; tries += 1) {
    try {
      return await auditWriter(house.store.system.audit, systemWriter).write(entry);
    } catch (error) {
      // Another command line was faster; the next try reads the chain's head anew.
      if (!(error instanceof StoreError && error.code === 'conflict') || tries >= triesMax) throw error;
    }
  }
}

function entryOf(tenant: string | null, { interaction, id, type }: Act, at: string): AuditEntry {
  const requestId = randomId();
  return {
    ...{ at, tenant, kind: 'admin', interaction, client: operatorName(), jti: null, type: type ?? null, id },
    ...{ query: null, status: 0, outcome: 0, reason: null, requestId, correlationId: requestId },
    ...{ address: null, disclosed: [] },
  };
}
