import { Connection } from './connection.ts';
import { auditMigrations } from './migrations.ts';

/**
 * A tenant's `audit.db`. Every append is one fsync: a request is answered once its row is on disk.
 *
 * @param key asked for at every opening; throws where the right to open is gone
 */
export function auditFile(path: string, key: () => Buffer): Connection {
  const cacheKibibytes = 4096;
  return new Connection({
    ...{ path, key, migrations: auditMigrations, journal: 'WAL', synchronous: 'FULL', cacheKibibytes },
  });
}
