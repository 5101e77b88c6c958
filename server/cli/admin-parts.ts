import type { AdminDeps } from '../admin/route.ts';
import { subscriptionOperator } from '../events/operator.ts';
import { traceReader } from '../lineage/trace-reader.ts';
import type { RegistrySnapshot } from '../registry/snapshot.ts';
import { userRegistry } from '../registry/users.ts';
import type { House } from './house.ts';
import { runOnce } from './run-once.ts';

/** What the management API takes from the house. */
export function adminParts(
  house: House,
  registry: RegistrySnapshot,
  publicUrl: () => string,
): Omit<AdminDeps, 'audit' | 'requestWork' | 'rate' | 'authenticate'> {
  const { store, keys, clock, logger, settings, tenants, clients, permissionSets, ingest, software } = house;
  const [name = '', version = ''] = software.split(' ');
  const { canonicalBase, data } = settings;
  return {
    ...{ publicUrl, registry, tenants, clients, permissionSets, ingest, keys, clock, logger },
    ...{ users: userRegistry(store), documents: store.system.documents, software: { name, version } },
    trace(tenantStore) {
      const tenant = registry.tenant(tenantStore.tenant);
      const custodian = { name: tenant?.name ?? tenantStore.tenant, ods: tenant?.ods[0] };
      const [contract = ''] = tenant?.contracts ?? [];
      return traceReader(tenantStore, { contract, canonicalBase, custodian, publicUrl: publicUrl(), software });
    },
    subscriptions: (tenantStore, contracts) => subscriptionOperator(tenantStore, contracts, { canonicalBase, clock }),
    preview: (tenant, file) => runOnce(house, ['files', 'preview', file, '--tenant', tenant, '--data', data]),
  };
}
