import { limits } from '../../core/limits.ts';
import type { TenantStore } from '../port.ts';
import type { BodyCache, CacheShard } from './body-cache.ts';
import { noTenant, type TenantHandle, type TenantStoreOptions, tenantHandle } from './tenant-store.ts';
import type { TenantKeys } from './tenants.ts';

export interface TenantPool {
  /** Throws `no-tenant`; where another process destroyed it, within `limits.tenantRecheckMs`. */
  tenant(id: string): TenantStore;
  /** Closes what is open of a tenant. */
  forget(id: string): Promise<void>;
  close(): Promise<void>;
}

type Shared = Pick<
  TenantStoreOptions,
  'schema' | 'disclosures' | 'held' | 'appender' | 'deliveries' | 'system' | 'rowsBeforeThread'
>;

interface PoolOptions extends Shared {
  readonly keys: TenantKeys;
  readonly bodies: BodyCache;
  readonly folderOf: (id: string) => string;
  /** Tenants whose files are open at once. */
  readonly openMax: number;
}

interface OpenTenant {
  readonly handle: TenantHandle;
  /** The wrapped key tells one life of a tenant id from the next. */
  readonly wrapped: string;
  readonly cache: CacheShard;
  /** When the key row was last looked at, `performance.now()`. */
  checkedAt: number;
}

/** Handles of the tenants that were asked for; the files of those unused for longest are closed until used again. */
export function tenantPool({ keys, bodies, folderOf, openMax, ...shared }: PoolOptions): TenantPool {
  const opened = new Map<string, OpenTenant>();
  /** In order of use. */
  const recent = new Map<string, TenantHandle>();

  const forget = async (id: string) => {
    const found = opened.get(id);
    opened.delete(id);
    recent.delete(id);
    found?.cache.drop();
    await found?.handle.close();
  };

  let latest = '';
  const touch = (id: string, handle: TenantHandle) => {
    if (latest === id && recent.get(id) === handle) return;
    latest = id;
    recent.delete(id);
    recent.set(id, handle);
    const [oldest] = recent.size > openMax ? recent : [];
    if (oldest === undefined) return;
    recent.delete(oldest[0]);
    void oldest[1].close();
  };

  const open = (id: string, wrapped: string): OpenTenant => {
    const cache = bodies.shard();
    const dataKey = keys.unwrap(id, wrapped);
    const key = () => {
      if (keys.wrapped(id) !== wrapped) throw noTenant();
      touch(id, handle);
      return dataKey;
    };
    const handle = tenantHandle({ tenant: id, directory: folderOf(id), key, cache, ...shared });
    return { handle, wrapped, cache, checkedAt: performance.now() };
  };

  return {
    tenant(id) {
      let entry = opened.get(id);
      // Every request asks for its tenant: the look-up would be a sixth of a read (measured).
      if (entry === undefined || performance.now() - entry.checkedAt > limits.tenantRecheckMs) {
        const wrapped = keys.wrapped(id);
        if (entry === undefined || entry.wrapped !== wrapped) {
          void forget(id);
          if (wrapped === undefined) throw noTenant();
          entry = open(id, wrapped);
          opened.set(id, entry);
        }
        entry.checkedAt = performance.now();
      }
      touch(id, entry.handle);
      return entry.handle.store;
    },
    forget,
    async close() {
      await Promise.all([...opened.keys()].map(forget));
    },
  };
}
