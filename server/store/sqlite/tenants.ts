import { type KeyRing, newKey } from '../../keys/key-ring.ts';
import { StoreError } from '../error.ts';
import type { Connection } from './connection.ts';

/** The tenants' data keys, wrapped by the master key. Without its row a tenant's files are noise. */
export interface TenantKeys {
  /** Throws `exists`. */
  create(tenant: string): void;
  /** The wrapped key; undefined where there is no such tenant. It also tells one life of a tenant id from the next. */
  wrapped(tenant: string): string | undefined;
  unwrap(tenant: string, wrapped: string): Buffer;
  /** Overwrites the key, in the write-ahead log too. */
  destroy(tenant: string): void;
}

export function tenantKeys(system: Connection, keys: KeyRing): TenantKeys {
  const purpose = (tenant: string) => `tenant-key:${tenant}`;
  return {
    create(tenant) {
      const wrapped = keys.wrap(purpose(tenant), newKey());
      const made = system.run('INSERT OR IGNORE INTO tenant(id, wrapped) VALUES(?, ?)', tenant, wrapped);
      if (made === 0) throw new StoreError('exists', 'the tenant exists');
    },
    wrapped(tenant) {
      return system.value<string>('SELECT wrapped FROM tenant WHERE id = ?', tenant);
    },
    unwrap(tenant, wrapped) {
      return keys.unwrap(purpose(tenant), wrapped);
    },
    destroy(tenant) {
      system.value('PRAGMA secure_delete=ON');
      system.run('DELETE FROM tenant WHERE id = ?', tenant);
      system.value('PRAGMA wal_checkpoint(TRUNCATE)');
    },
  };
}
