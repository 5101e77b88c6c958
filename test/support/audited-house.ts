import { randomUUID } from 'node:crypto';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type AnchorFile, anchorFile } from '../../server/cli/audit-anchor.ts';
import { anchoredCheckpoints } from '../../server/commit/anchor-line.ts';
import { type AuditTrail, auditTrail } from '../../server/commit/audit-trail.ts';
import { type Verification, verifyAuditLog } from '../../server/commit/audit-verification.ts';
import { notedHeads } from '../../server/commit/noted-head.ts';
import { checkpointKey } from '../../server/keys/checkpoint-key.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { silentLogger } from './silent-logger.ts';
import { storeSetting } from './store-under-test.ts';
import { auditedRead } from './tenant-rig.ts';

const at = Date.parse('2026-04-01T09:00:00.000Z');

/**
 * Writes runs of audited reads into tenant `rxx`, as servers that were started and cleanly stopped do: each run ends in
 * a checkpoint over the chain `serve`. Makes the data folder where there is none.
 *
 * @param runs how many rows each run writes
 */
export async function writeRuns(data: string, runs: readonly number[], anchor?: AnchorFile): Promise<void> {
  const house = await openHouse({ data }, { create: true, settings: { logLevel: 'error', store: storeSetting(data) } });
  try {
    await house.tenants.apply({ id: 'rxx', name: 'Example Trust', ods: ['RXX'], vpds: ['277'] });
    const { audit } = house.store.tenant(grantTenant('rxx', 'operator'));
    for (const rows of runs) {
      const trail = auditTrail(
        {
          ...{ log: audit, tenant: 'rxx', key: checkpointKey(house.keys), logger: silentLogger },
          ...{ documents: house.store.system.documents, clock: { now: () => new Date(at) } },
          anchor: (anchor ?? anchorFile(undefined)).checkpoint,
        },
        'serve',
      );
      await writeReads(trail, rows);
      await trail.close();
    }
  } finally {
    await house.close();
  }
}

async function writeReads(trail: AuditTrail, rows: number): Promise<void> {
  for (let n = 1; n <= rows; n += 1) {
    const id = `p${n}`;
    await trail.write(
      auditedRead({
        at: new Date(at + n * 1000).toISOString(),
        id,
        requestId: randomUUID(),
        disclosed: [`Practitioner/${id}/1`],
      }),
    );
  }
}

/** What `audit verify --tenant rxx` finds in a data folder. */
export async function verifyFolder(data: string, anchor?: AnchorFile): Promise<Verification> {
  const house = await openHouse({ data }, { settings: { logLevel: 'error', store: storeSetting(data) } });
  try {
    const key = checkpointKey(house.keys);
    const { head, lost } = await notedHeads(house.store.system.documents, 'rxx').all();
    const anchored = await anchoredCheckpoints((anchor ?? anchorFile(undefined)).lines(), 'rxx', key);
    const { audit } = house.store.tenant(grantTenant('rxx', 'operator'));
    return await verifyAuditLog(audit, 'rxx', key, { head, lost, anchored });
  } finally {
    await house.close();
  }
}

/** Copies the files of a closed house, or only the audit log of its tenant. */
export function copyFiles(from: string, to: string, what: 'everything' | 'audit log' = 'everything'): void {
  const below = what === 'everything' ? '.' : join('tenants', 'rxx');
  const wanted = (path: string) =>
    what === 'everything' || !/\.(db|db-wal|db-shm)$/.test(path) || /audit\.db/.test(path);
  cpSync(join(from, below), join(to, below), { recursive: true, filter: wanted });
}
