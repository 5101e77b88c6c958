import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import type { IndexSchema } from '../../search/query.ts';
import { grantedTenant } from '../../tenancy/grant.ts';
import type { Capabilities } from '../capabilities.ts';
import { StoreError } from '../error.ts';
import type { Store } from '../port.ts';
import { auditLog } from './audit.ts';
import { auditAppender } from './audit-appender.ts';
import { bodyCache } from './body-cache.ts';
import type { Connection } from './connection.ts';
import { deliveryCalls } from './delivery-calls.ts';
import { documentStore } from './documents.ts';
import { groupedWrites } from './grouped-writes.ts';
import { leaseHeld, leaseStore } from './leases.ts';
import { oauthStore } from './oauth.ts';
import { systemFile } from './system-file.ts';
import { tenantPool } from './tenant-pool.ts';
import { tenantKeys } from './tenants.ts';

export interface SqliteOptions {
  /** The data folder: `system.db` and `tenants/` go there. */
  readonly directory: string;
  readonly keys: KeyRing;
  /** Search parameters by type: what is indexed. */
  readonly schema: IndexSchema;
  /** `Type/id/version` of every resource that an audit row's bytes say was disclosed. */
  readonly disclosures: (auditBytes: string) => readonly string[];
  /** Tenants whose files are open at once; a setting may lower the limit. */
  readonly tenantHandlesMax?: number;
  /** Requests will wait: threads append the audit rows of tenants, and write what deliveries leave behind. */
  readonly serving?: boolean;
  /** Versions and records that a tenant's handle writes by itself, before it starts a thread for what follows. */
  readonly rowsBeforeThread?: number;
}

const capabilities: Capabilities = {
  name: 'sqlite',
  isolationModels: ['database'],
  atomicReads: true,
  severalMachines: false,
};

/**
 * Opens the embedded store of a data folder (architecture.md, "The embedded store's files and processes"); several
 * processes may. Throws `corrupt` where the master key is not the one that made it.
 */
export async function openSqlite(options: SqliteOptions): Promise<Store> {
  const { directory, keys, schema, disclosures } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const systemPath = join(directory, 'system.db');
  const system = openSystem(systemPath, keys);
  const oauthWrites = groupedWrites(system);
  const tenants = tenantKeys(system, keys);
  const folderOf = (tenant: string) => join(directory, 'tenants', tenant);
  const appender = options.serving === true ? auditAppender() : undefined;
  const systemPlace = { path: systemPath, key: () => keys.derive('system-store') };
  const deliveries = options.serving === true ? deliveryCalls(systemPlace) : undefined;
  const pool = tenantPool({
    appender,
    deliveries,
    keys: tenants,
    bodies: bodyCache(limits.bodyCacheBytesMax),
    folderOf,
    openMax: options.tenantHandlesMax ?? limits.tenantHandlesMax,
    schema,
    disclosures,
    held: (lease) => leaseHeld(system, lease),
    system: systemPlace,
    // Who serves writes little, and what it writes it reads at once.
    rowsBeforeThread: options.rowsBeforeThread ?? (appender === undefined ? limits.rowsBeforeThread : Infinity),
  });

  return {
    capabilities,
    system: {
      documents: documentStore(system),
      leases: leaseStore(system),
      oauth: oauthStore(system, oauthWrites),
      audit: auditLog(system, disclosures),
    },
    async createTenant(tenant, isolation = 'database') {
      if (isolation !== 'database') throw new StoreError('unsupported', 'every tenant has database files of its own');
      assert(/^[a-z0-9-]{1,64}$/.test(tenant), 'a tenant id is well formed');
      tenants.create(tenant);
    },
    async moveTenant(_, isolation) {
      if (isolation !== 'database') throw new StoreError('unsupported', 'every tenant has database files of its own');
      return undefined;
    },
    async destroyTenant(tenant) {
      tenants.destroy(tenant);
      await pool.forget(tenant);
      rmSync(folderOf(tenant), { recursive: true, force: true });
    },
    tenant(grant) {
      return pool.tenant(grantedTenant(grant));
    },
    async close() {
      await pool.close();
      await appender?.end();
      await deliveries?.end();
      oauthWrites.commit();
      system.close();
    },
  };
}

function openSystem(path: string, keys: KeyRing): Connection {
  const system = systemFile(path, () => keys.derive('system-store'));
  try {
    system.open();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_NOTADB') {
      throw new StoreError('corrupt', 'the system store does not open with this master key');
    }
    throw error;
  }
  return system;
}
