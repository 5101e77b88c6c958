import { Connection } from './connection.ts';
import { dataMigrations } from './migrations.ts';

/**
 * A tenant's `data.db`.
 *
 * @param key asked for at every opening; throws where the right to open is gone
 */
export function dataFile(
  path: string,
  key: () => Buffer,
  more: { readonly cacheKibibytes: number; readonly sharesReads?: boolean },
): Connection {
  return new Connection({ path, key, migrations: dataMigrations, journal: 'WAL', synchronous: 'NORMAL', ...more });
}
