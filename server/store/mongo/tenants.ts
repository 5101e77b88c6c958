import { randomBytes } from 'node:crypto';
import { limits } from '../../core/limits.ts';
import { type KeyRing, newKey } from '../../keys/key-ring.ts';
import type { IsolationModel } from '../../tenancy/tenant.ts';
import { StoreError } from '../error.ts';
import type { Copied } from './copy.ts';
import { migrateTenant } from './migrations.ts';
import { lifeOf, moveTenant, movingTo } from './move.ts';
import { type Life, removeData, scopeOf } from './place.ts';
import type { Scope } from './schema.ts';
import type { SystemParts } from './tenant-parts.ts';

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
  /**
   * Moves the data (`move.ts`); what an earlier call left half-way too. Undefined where they are there already.
   *
   * @param mayGoOn throws where the mover must stop
   */
  move(tenant: string, isolation: IsolationModel, mayGoOn: () => Promise<void>): Promise<Copied | undefined>;
  /** Throws `no-tenant`, or `moving`. An answer may be a second old unless it must be `fresh`. */
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
    if (row.moving !== undefined) {
      seen.delete(tenant);
      throw new StoreError('moving', `the data of tenant ${tenant} are being moved`);
    }
    const known = seen.get(tenant);
    if (known?.life === row.life) {
      seen.set(tenant, { ...known, atMs });
      return known.place;
    }
    const scope = scopeOf(system, tenant, lifeOf(row));
    await migrateTenant(scope, rows, row);
    const place = { scope, key: keys.unwrap(purpose(tenant), row.wrapped) };
    seen.set(tenant, { life: row.life, place, atMs });
    return place;
  };

  const { doom, spare, sweep } = doomedLives(system, rows, setting);

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
        await doom(tenant, lifeOf(row));
        if (row.moving !== undefined) await doom(tenant, movingTo(row.moving));
        await rows.remove({ _id: rows.id(tenant), life: row.life });
      }
      seen.delete(tenant);
      await sweep(tenant);
    },

    async move(tenant, isolation, mayGoOn) {
      try {
        return await moveTenant({ system, rows, doom, spare, mayGoOn }, tenant, isolation);
      } finally {
        seen.delete(tenant);
        await sweep(tenant);
      }
    },

    async place(tenant, fresh) {
      const known = seen.get(tenant);
      const young = known !== undefined && performance.now() - known.atMs < limits.tenantRowAgeMs;
      return young && !fresh ? known.place : look(tenant);
    },
  };
}

/** Lives whose data are to go; the note of each outlasts a crash. */
function doomedLives(system: Scope, rows: SystemParts['tenant'], setting: SystemParts['setting']) {
  const key = (tenant: string, { life }: Life) => `${doomedBefore}${tenant}/${life}`;
  return {
    async doom(tenant: string, life: Life): Promise<void> {
      await setting.insertNew(key(tenant, life), { value: life.isolation });
    },
    /** They are to stay. */
    async spare(tenant: string, life: Life): Promise<void> {
      await setting.remove({ _id: setting.id(key(tenant, life)) });
    },
    async sweep(tenant: string): Promise<void> {
      const before = `${doomedBefore}${tenant}/`;
      for (const { _id, value } of await setting.find({ _id: { $gte: before, $lt: `${before}~` } })) {
        const life = lifeOf({ life: _id.slice(before.length), isolation: value });
        // A move that stopped before its switch has doomed what it was to leave: that is where the data still are.
        const row = await rows.findOne({ _id: rows.id(tenant) });
        if (row?.life === life.life) continue;
        await removeData(system, tenant, life);
        await setting.remove({ _id });
      }
    },
  };
}
