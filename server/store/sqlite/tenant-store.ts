import { hkdfSync } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { IndexSchema } from '../../search/query.ts';
import { StoreError } from '../error.ts';
import type { Lease, TenantStore } from '../port.ts';
import { auditLog } from './audit.ts';
import type { AuditAppender } from './audit-appender.ts';
import { auditFile } from './audit-file.ts';
import { blobStore } from './blob.ts';
import type { CacheShard } from './body-cache.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { contracts } from './contracts.ts';
import { deliveryStore } from './delivery.ts';
import { ledgerReader } from './ledger.ts';
import { dataMigrations, deliveryMigrations, stageMigrations } from './migrations.ts';
import { outbox } from './outbox.ts';
import { resourceReader } from './read.ts';
import { recordReader } from './records.ts';
import { stageOf } from './stage.ts';
import { fence, headOf, transact } from './transact.ts';

export interface TenantStoreOptions {
  readonly tenant: string;
  readonly directory: string;
  /** The tenant's data key; throws `no-tenant` once it is destroyed. Called whenever a file is opened. */
  readonly key: () => Buffer;
  readonly schema: IndexSchema;
  readonly disclosures: (bytes: string) => readonly string[];
  readonly held: (lease: Lease) => boolean;
  readonly cache: CacheShard;
  /** Left out: whoever appends audit rows waits for the disk. */
  readonly appender?: AuditAppender | undefined;
}

export interface TenantHandle {
  readonly store: TenantStore;
  /** Closes the files; they open again when used again. Resolves when the audit's thread has closed its own too. */
  close(): Promise<void>;
}

/** One tenant's files as a store. The files open when first used. */
export function tenantHandle(options: TenantStoreOptions): TenantHandle {
  const { tenant, directory, schema, disclosures, held, cache, appender } = options;
  const subkey = (purpose: string) => () => Buffer.from(hkdfSync('sha256', options.key(), '', purpose, 32));
  const place = (name: string) => {
    const key = () => {
      const bytes = subkey(name)();
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return bytes;
    };
    return { path: join(directory, `${name}.db`), key };
  };
  const file = (name: string, more: Omit<ConnectionOptions, 'path' | 'key'>) =>
    new Connection({ ...place(name), ...more });
  const wal = { journal: 'WAL' } as const;
  const dataOptions = { synchronous: 'NORMAL', cacheKibibytes: 65_536, migrations: dataMigrations } as const;
  const data = file('data', { ...wal, ...dataOptions, sharesReads: true });
  const auditPlace = place('audit');
  const audit = auditFile(auditPlace.path, auditPlace.key);
  const deliveryOptions = { synchronous: 'NORMAL', cacheKibibytes: 8192, migrations: deliveryMigrations } as const;
  const delivery = file('delivery', { ...wal, ...deliveryOptions });
  const staging = file('stage', {
    journal: 'OFF',
    synchronous: 'OFF',
    cacheKibibytes: 32_768,
    migrations: stageMigrations,
  });
  const dropStage = () => {
    staging.close();
    for (const suffix of ['', '-wal', '-shm', '-journal']) {
      rmSync(join(directory, `stage.db${suffix}`), { force: true });
    }
  };
  const known = contracts(data, schema);
  const store: TenantStore = {
    tenant,
    async transact(ops, at, lease) {
      return transact({ tenant, data, contracts: known, held }, ops, at, lease);
    },
    async fence(lease) {
      data.immediate(() => fence(data, lease, held));
    },
    async head() {
      return headOf(data);
    },
    resources: resourceReader(data, known, cache),
    records: recordReader(data),
    ledger: ledgerReader(data),
    outbox: outbox(data),
    delivery: deliveryStore(delivery, held),
    audit: auditLog(
      audit,
      disclosures,
      appender === undefined ? undefined : async (rows) => appender.append(auditPlace.path, auditPlace.key, rows),
    ),
    blobs: blobStore(join(directory, 'raw'), subkey('blobs')),
    async stage() {
      dropStage();
      staging.open();
      return stageOf(staging, dropStage);
    },
  };
  const close = async () => {
    data.close();
    audit.close();
    delivery.close();
    staging.close();
    await appender?.close(auditPlace.path);
  };
  return { store, close };
}

/** What a handle of a tenant that is gone answers. */
export function noTenant(): StoreError {
  return new StoreError('no-tenant', 'there is no such tenant');
}
