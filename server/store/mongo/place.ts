import { present } from '../../core/assert.ts';
import type { IsolationModel } from '../../tenancy/tenant.ts';
import { removeBlobs } from './blob.ts';
import type { Scope } from './schema.ts';
import { tenantParts } from './tenant-parts.ts';

/** A life of a tenant id, and how its data stand apart. */
export interface Life {
  readonly life: string;
  readonly isolation: IsolationModel;
}

/**
 * The three isolation models. A name of a database has 63 bytes at the most, so a long tenant id is cut; the life keeps
 * it unique, and keeps a writer that has not heard of a tenant's end away from the next one of that id.
 */
export function scopeOf(system: Scope, tenant: string, { life, isolation }: Life): Scope {
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

/** Removes everything of a life. */
export async function removeData(system: Scope, tenant: string, life: Life): Promise<void> {
  const scope = scopeOf(system, tenant, life);
  if (life.isolation === 'database') {
    await scope.connection.dropDatabase();
    return;
  }
  if (life.isolation === 'shared') {
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
