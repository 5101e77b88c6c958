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
import { Connection } from './connection.ts';
import { contracts } from './contracts.ts';
import { dataFile, muchWritten } from './data-file.ts';
import { deliveryStore } from './delivery.ts';
import type { DeliveryCalls } from './delivery-calls.ts';
import { deliveryFile } from './delivery-file.ts';
import { keptAnswers } from './kept-answers.ts';
import { ledgerReader } from './ledger.ts';
import { stageMigrations } from './migrations.ts';
import { outbox } from './outbox.ts';
import { resourceReader } from './read.ts';
import { recordReader } from './records.ts';
import { stageOf } from './stage.ts';
import { fence, headOf } from './transact.ts';
import { transactor } from './transactor.ts';

export interface TenantStoreOptions {
  readonly tenant: string;
  readonly directory: string;
  /** The tenant's data key; throws `no-tenant` once it is destroyed. Called whenever a file is opened. */
  readonly key: () => Buffer;
  readonly schema: IndexSchema;
  readonly disclosures: (bytes: string) => readonly string[];
  readonly held: (lease: Lease) => boolean;
  readonly cache: CacheShard;
  /** The system's file, for a thread that looks up leases there. */
  readonly system: { readonly path: string; readonly key: () => Buffer };
  /** See `SqliteOptions`. */
  readonly rowsBeforeThread: number;
  /** Left out: whoever appends audit rows waits for the disk. */
  readonly appender?: AuditAppender | undefined;
  /** Left out: whoever delivers writes what is kept of it. */
  readonly deliveries?: DeliveryCalls | undefined;
}

export interface TenantHandle {
  readonly store: TenantStore;
  /** Closes the files; they open again when used again. Resolves when the threads have closed their own too. */
  close(): Promise<void>;
}

function opened({ path, key }: TenantStoreOptions['system']) {
  return { path, key: key() };
}

function removeStage(directory: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(join(directory, `stage.db${suffix}`), { force: true });
}

/** What is staged is gone after a crash anyway. */
const stageOptions = { journal: 'OFF', synchronous: 'OFF', cacheKibibytes: 16_384 } as const;

/** Names and keys of a tenant's files, each with a key of its own. */
function filesOf({ directory, key: dataKey }: Pick<TenantStoreOptions, 'directory' | 'key'>) {
  const subkey = (purpose: string) => () => Buffer.from(hkdfSync('sha256', dataKey(), '', purpose, 32));
  const place = (name: string) => {
    const key = () => {
      const bytes = subkey(name)();
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return bytes;
    };
    return { path: join(directory, `${name}.db`), key };
  };
  return { subkey, place };
}

/** One tenant's files as a store. The files open when first used. */
export function tenantHandle(options: TenantStoreOptions): TenantHandle {
  const { tenant, directory, schema, disclosures, held, cache, system, appender, deliveries } = options;
  const { subkey, place } = filesOf(options);
  const dataPlace = place('data');
  // Who writes much does so with the thread's cache beside this one, in the memory that an ingest may take.
  const limits = Number.isFinite(options.rowsBeforeThread) ? muchWritten : { cacheKibibytes: 65_536 };
  const data = dataFile(dataPlace.path, dataPlace.key, { ...limits, sharesReads: true });
  const auditPlace = place('audit');
  const audit = auditFile(auditPlace.path, auditPlace.key);
  const deliveryPlace = place('delivery');
  const delivery = deliveryFile(deliveryPlace.path, deliveryPlace.key);
  const staging = new Connection({ ...place('stage'), ...stageOptions, migrations: stageMigrations });
  const dropStage = () => {
    staging.close();
    removeStage(directory);
  };
  const known = contracts(data, schema);
  const kept = keptAnswers(data);
  const batches = transactor({ tenant, data, contracts: known, held }, options.rowsBeforeThread, () => ({
    ...{ tenant, schema },
    data: opened(dataPlace),
    system: opened(system),
  }));
  const store: TenantStore = {
    tenant,
    transact: batches.transact,
    async fence(lease) {
      data.immediate(() => fence(data, lease, held));
    },
    async head() {
      return headOf(data);
    },
    resources: resourceReader(data, known, kept, cache),
    records: recordReader(data),
    ledger: ledgerReader(data),
    outbox: outbox(data),
    delivery: deliveryStore(
      delivery,
      held,
      deliveries === undefined
        ? undefined
        : async (batch, lease) => deliveries.write(deliveryPlace.path, deliveryPlace.key, batch, lease),
    ),
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
    const writing = batches.close();
    data.close();
    kept.forget();
    audit.close();
    delivery.close();
    staging.close();
    await writing;
    await appender?.close(auditPlace.path);
    await deliveries?.close(deliveryPlace.path);
  };
  return { store, close };
}

/** What a handle of a tenant that is gone answers. */
export function noTenant(): StoreError {
  return new StoreError('no-tenant', 'there is no such tenant');
}
