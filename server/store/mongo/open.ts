import { assert } from '../../core/assert.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { grantedTenant } from '../../tenancy/grant.ts';
import { tenantIdPattern } from '../../tenancy/tenant.ts';
import type { Capabilities } from '../capabilities.ts';
import { StoreError } from '../error.ts';
import type { Lease, Store, TenantStore } from '../port.ts';
import { auditLog } from './audit.ts';
import { connect, probeTransaction } from './connect.ts';
import { applyDocuments, documentStore } from './documents.ts';
import { journalOf } from './journal.ts';
import { leaseHeld, leaseStore, tookOver } from './leases.ts';
import { migrateSystem } from './migrations.ts';
import { oauthStore } from './oauth.ts';
import type { Part } from './part.ts';
import type { Documents, Scope } from './schema.ts';
import { type SystemParts, systemParts } from './tenant-parts.ts';
import { tenantStore } from './tenant-store.ts';
import { tenantPlaces } from './tenants.ts';
import { fencedOut } from './transact.ts';

export interface MongoOptions {
  /** `mongodb://…/name`: the system's database, whose name begins those of the tenants. */
  readonly uri: string;
  readonly keys: KeyRing;
  /** `Type/id/version` of every resource that an audit row's bytes say was disclosed. */
  readonly disclosures: (auditBytes: string) => readonly string[];
  /** False: no transactions, also where the server has them. */
  readonly transactions?: boolean;
}

/**
 * Opens the store on a MongoDB server, replica set or sharded cluster (decision 0009); any number of processes may.
 * Throws `corrupt` where the master key is not the one that made it, `unsupported` where the server is not there.
 */
export async function openMongo({ uri, keys, disclosures, transactions = true }: MongoOptions): Promise<Store> {
  const connection = await connect(uri);
  try {
    const plain: Scope = { connection, tenant: undefined, prefix: '', majorityReads: false };
    await migrateSystem(plain, systemParts(plain).setting);
    const transaction = transactions ? await probeTransaction(connection) : undefined;
    const scope = { ...plain, majorityReads: transaction !== undefined };
    const system = systemParts(scope);
    await checkKey(system.setting, keys);
    const places = tenantPlaces(scope, system, keys);
    const journal = journalOf<SystemParts>({
      parts: async () => (session) => (session === undefined ? system : systemParts(scope, session)),
      apply: applyDocuments,
      transaction,
    });
    const held: Parameters<typeof tenantStore>[0]['held'] = (lease, session) =>
      leaseHeld((session === undefined ? system : systemParts(scope, session)).lease, lease);
    const about = { disclosures, held, tookOver: (lease: Lease) => tookOver(system.lease, lease), transaction };
    const handles = new Map<string, TenantStore>();
    return {
      capabilities: capabilitiesOf(transaction !== undefined),
      system: {
        documents: documentStore(() => system, journal),
        leases: leaseStore(system.lease),
        oauth: oauthStore(system),
        audit: auditLog(async () => system.audit, disclosures),
      },
      async createTenant(tenant, isolation = 'database') {
        assert(tenantIdPattern.test(tenant), 'a tenant id is well formed');
        await places.create(tenant, isolation);
      },
      moveTenant: (tenant, isolation, lease) =>
        places.move(tenant, isolation, async () => {
          if (!(await held(lease))) throw fencedOut();
        }),
      async destroyTenant(tenant) {
        handles.delete(tenant);
        await places.destroy(tenant);
      },
      tenant(grant) {
        const tenant = grantedTenant(grant);
        const known = handles.get(tenant) ?? tenantStore({ tenant, places, ...about });
        handles.set(tenant, known);
        return known;
      },
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function capabilitiesOf(atomicReads: boolean): Capabilities {
  return {
    name: 'mongodb',
    isolationModels: ['database', 'collection', 'shared'],
    atomicReads,
    severalMachines: true,
  };
}

/** A text that only this master key opens: another one is noticed before anything is read or written. */
async function checkKey(setting: Part<Documents['setting']>, keys: KeyRing): Promise<void> {
  const purpose = 'key-check';
  await setting.insertNew(purpose, { value: keys.wrap(purpose, Buffer.from(purpose)) });
  const stored = await setting.findOne({ _id: setting.id(purpose) });
  try {
    keys.unwrap(purpose, stored?.value ?? '');
  } catch {
    throw new StoreError('corrupt', 'the system store does not open with this master key');
  }
}
