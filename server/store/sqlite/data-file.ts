import { Connection, type ConnectionOptions } from './connection.ts';
import { dataMigrations } from './migrations.ts';

/** For whoever writes much: a log of 256 MiB, which is moved beside the work or after it. */
export const muchWritten = { cacheKibibytes: 16_384, logPages: 32_768 } as const;

/**
 * A tenant's `data.db`.
 *
 * @param key asked for at every opening; throws where the right to open is gone
 */
export function dataFile(
  path: string,
  key: () => Buffer,
  more: Pick<ConnectionOptions, 'cacheKibibytes' | 'logPages' | 'sharesReads'>,
): Connection {
  return new Connection({ path, key, migrations: dataMigrations, journal: 'WAL', synchronous: 'NORMAL', ...more });
}
