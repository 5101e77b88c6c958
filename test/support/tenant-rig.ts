import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry } from '../../server/audit/entry.ts';
import { disclosures } from '../../server/audit/row.ts';
import { keyRing } from '../../server/keys/key-ring.ts';
import type { TenantStore } from '../../server/store/port.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { openUnderTest, removeStore } from './store-under-test.ts';

export interface TenantRig {
  readonly store: TenantStore;
  close(): Promise<void>;
}

/** The embedded store of one tenant, `rxx`, in a temporary folder. */
export async function tenantRig(): Promise<TenantRig> {
  const directory = mkdtempSync(join(tmpdir(), 'esr-fhir-tenant-'));
  const keys = keyRing(Buffer.alloc(32, 3));
  const store = await openUnderTest({
    directory,
    keys,
    schema: { Practitioner: [], PractitionerRole: [] },
    disclosures,
  });
  await store.createTenant('rxx');
  return {
    store: store.tenant(grantTenant('rxx', 'operator')),
    async close() {
      await store.close();
      await removeStore(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A read of Practitioner/p1 that was allowed; `more` says what is otherwise. */
export function auditedRead(more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: '2026-04-01T09:00:00.000Z',
    tenant: 'rxx',
    kind: 'rest',
    interaction: 'read',
    client: 'client-1',
    jti: 'jti-1',
    type: 'Practitioner',
    id: 'p1',
    query: '/t/rxx/fhir/v1/Practitioner/p1',
    status: 200,
    outcome: 0,
    reason: null,
    requestId: 'request-1',
    correlationId: 'correlation-1',
    address: '192.0.2.7',
    disclosed: ['Practitioner/p1/3'],
    ...more,
  };
}
