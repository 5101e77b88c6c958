import { Connection } from './connection.ts';
import { deliveryMigrations } from './migrations.ts';

/**
 * A tenant's `delivery.db`: a file of its own, so that a delivery never waits for the ingest that writes `data.db`, nor
 * the ingest for it.
 *
 * @param key asked for at every opening; throws where the right to open is gone
 */
export function deliveryFile(path: string, key: () => Buffer): Connection {
  const options = { journal: 'WAL', synchronous: 'NORMAL', cacheKibibytes: 8192 } as const;
  return new Connection({ path, key, migrations: deliveryMigrations, ...options });
}
