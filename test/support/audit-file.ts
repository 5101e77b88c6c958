import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { keyRing } from '../../server/keys/key-ring.ts';

/** A statement with its values. */
export type Tamper = (sql: (text: string, ...values: (string | number)[]) => unknown[]) => void;

/**
 * Opens a tenant's `audit.db` past the server, as somebody does who got hold of the tenant's key but not of the master
 * key; `master.key` of the folder stands in for how they got it.
 */
export function tamperWith(data: string, tenant: string, work: Tamper): void {
  const keys = keyRing(Buffer.from(readFileSync(join(data, 'master.key'), 'utf8').trim(), 'hex'));
  const system = open(join(data, 'system.db'), keys.derive('system-store'));
  const row = system.prepare('SELECT wrapped FROM tenant WHERE id = ?').get(tenant) as { wrapped: string };
  system.close();
  const key = keys.unwrap(`tenant-key:${tenant}`, row.wrapped);
  const audit = open(join(data, 'tenants', tenant, 'audit.db'), Buffer.from(hkdfSync('sha256', key, '', 'audit', 32)));
  try {
    work((text, ...values) => {
      const statement = audit.prepare(text);
      if (statement.reader) return statement.all(...values);
      statement.run(...values);
      return [];
    });
  } finally {
    audit.close();
  }
}

function open(path: string, key: Buffer): Database.Database {
  const database = new Database(path);
  database.pragma("cipher='aegis'");
  database.key(Buffer.concat([Buffer.from('raw:'), key]));
  return database;
}
