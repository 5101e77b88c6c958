import { Connection } from './connection.ts';
import { systemMigrations } from './migrations.ts';

/** The installation's `system.db`. */
export function systemFile(path: string, key: () => Buffer): Connection {
  const durable = { synchronous: 'FULL', journal: 'WAL', cacheKibibytes: 8192 } as const;
  return new Connection({ path, key, migrations: systemMigrations, ...durable });
}
