import { randomBytes } from 'node:crypto';
import { present } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import { type KeyRing, newKey } from '../../keys/key-ring.ts';
import type { IsolationModel } from '../../tenancy/tenant.ts';
import { StoreError } from '../error.ts';
import { removeBlobs } from './blob.ts';
import { migrateTenant } from './migrations.ts';
import type { Scope } from './schema.ts';
import { type SystemParts, tenantParts } from './tenant-parts.ts';

/** One life of a tenant id: where its data are and what opens its blobs. */
export interface TenantPlace {
  readonly scope: Scope;
  readonly key: Buffer;
}

export interface TenantPlaces {
  /** Throws `exists`. */
  create(tenant: string, isolation: IsolationModel): Promise<void>;
  /** Removes key and data; what an earlier call left half-way too. */
  destroy(tenant: string): Promise<void>;
  /** Throws `no-tenant`. An answer may be a second old unless it must be `fresh`. */
  place(tenant: string, fresh: boolean): Promise<TenantPlace>;
}

interface Seen {
  readonly life: string;
  readonly place: TenantPlace;
  readonly atMs: number;
}

/** `doomed/{tenant}/{life}` → isolation: data that are to go, and may still be there after a crash. */
const doomedBefore = 'doomed/';

/** The tenants' rows in the system's database. Without its row a tenant's data are found by nobody. */
export function tenantPlaces(system: Scope, { tenant: rows, setting }: SystemParts, keys: KeyRing): TenantPlaces {
  const purpose = (tenant: string) => `tenant-key:${tenant}`;
  const seen = new Map<string, Seen>();

  const look = async (tenant: string): Promise<TenantPlace> => {
    const atMs = performance.now();
    const row = await rows.findOne({ _id: rows.id(tenant) });
    if (row === undefined) {
      seen.delete(tenant);
      throw new StoreError('no-tenant', 'there is no such tenant');
    }
    const known = seen.get(tenant);
    if (known?.life === row.life) {
      seen.set(tenant, { ...known, atMs });
      return known.place;
    }
    const scope = scopeOf(system, tenant, row.life, row.isolation as IsolationModel);
    await migrateTenant(scope, rows, row);
    const place = { scope, key: keys.unwrap(purpose(tenant), row.wrapped) };
    seen.set(tenant, { life: row.life, place, atMs });
    return place;
  };

  const sweep = async (tenant: string) => {
    const before = `${doomedBefore}${tenant}/`;
    for (const { _id, value } of await setting.find({ _id: { $gte: before, $lt: `${before}~` } })) {
      await removeData(scopeOf(system, tenant, _id.slice(before.length), value as IsolationModel), value);
      await setting.remove({ _id });
    }
  };

  return {
    async create(tenant, isolation) {
      const life = randomBytes(4).toString('hex');
      const row = { life, isolation, wrapped: keys.wrap(purpose(tenant), newKey()), layout: '' };
      if (!(await rows.insertNew(tenant, row))) throw new StoreError('exists', 'the tenant exists');
      await look(tenant);
    },

    async destroy(tenant) {
      const row = await rows.findOne({ _id: rows.id(tenant) });
      if (row !== undefined) {
        await setting.insertNew(`${doomedBefore}${tenant}/${row.life}`, { value: row.isolation });
        await rows.remove({ _id: rows.id(tenant), life: row.life });
      }
      seen.delete(tenant);
      await sweep(tenant);
    },

    async place(tenant, fresh) {
      const known = seen.get(tenant);
      const young = known !== undefined && performance.now() - known.atMs < limits.tenantRowAgeMs;
      return young && !fresh ? known.place : look(tenant);
    },
  };
}

/**
 * The three isolation models. A name of a database has 63 bytes at the most, so a long tenant id is cut; the life keeps
 * it unique, and keeps a writer that has not heard of a tenant's end away from the next one of that id.
 */
function scopeOf(system: Scope, tenant: string, life: string, isolation: IsolationModel): Scope {
  const name = present(system.connection.db, 'the open database').databaseName;
  const at = (database: string) => system.connection.useDb(database, { useCache: true });
  const { majorityReads } = system;
  switch (isolation) {
    case 'database': {
      const connection = at(`${name}-${tenant.slice(0, 20)}-${life}`);
      return { connection, tenant: undefined, prefix: '', majorityReads };
    }
    case 'collection':
      return { connection: at(`${name}-tenants`), tenant: undefined, prefix: `${tenant}.${life}.`, majorityReads };
    case 'shared':
      return { connection: at(`${name}-shared`), tenant: `${tenant}.${life}`, prefix: '', majorityReads };
  }
}

async function removeData(scope: Scope, isolation: string): Promise<void> {
  if (isolation === 'database') {
    await scope.connection.dropDatabase();
    return;
  }
  if (isolation === 'shared') {
    await removeBlobs(scope);
    for (const part of Object.values(tenantParts(scope))) await part.remove({});
    return;
  }
  const names = (await scope.connection.listCollections()).map(({ name }) => name);
  for (const name of names.filter((one) => one.startsWith(scope.prefix))) {
    await scope.connection.dropCollection(name);
    if (scope.connection.models[name] !== undefined) scope.connection.deleteModel(name);
  }
}
