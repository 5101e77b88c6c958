import { hkdfSync } from 'node:crypto';
import type { ClientSession } from 'mongoose';
import { StoreError } from '../error.ts';
import type { AuditLog, Lease, TenantStore } from '../port.ts';
import { auditLog } from './audit.ts';
import { blobStore } from './blob.ts';
import { deliveryStore } from './delivery.ts';
import { journalOf, type Transaction } from './journal.ts';
import { ledgerReader } from './ledger.ts';
import { outbox } from './outbox.ts';
import { resourceReader } from './read.ts';
import { recordReader } from './records.ts';
import type { Scope } from './schema.ts';
import { openStage } from './stage.ts';
import { type TenantParts, tenantParts } from './tenant-parts.ts';
import type { TenantPlaces } from './tenants.ts';
import { applyBatch, draftOf, fencedOut, type Held, shutOut } from './transact.ts';

interface TenantStoreOptions {
  readonly tenant: string;
  readonly places: TenantPlaces;
  readonly disclosures: (bytes: string) => readonly string[];
  readonly held: Held;
  /** Did the holder before not give the lease back? */
  readonly tookOver: (lease: Lease) => Promise<boolean>;
  readonly transaction: Transaction | undefined;
}

/** One tenant's part of a database as a store. */
export function tenantStore(options: TenantStoreOptions): TenantStore {
  const { tenant, places, disclosures, held, tookOver, transaction } = options;
  let last: { readonly scope: Scope; readonly parts: TenantParts } | undefined;
  const partsOf = (scope: Scope): TenantParts => {
    if (last?.scope !== scope) last = { scope, parts: tenantParts(scope) };
    return last.parts;
  };
  const parts = async () => partsOf((await places.place(tenant, false)).scope);
  const journal = journalOf<TenantParts>({
    async parts(fresh) {
      const { scope } = await places.place(tenant, fresh);
      return (session?: ClientSession) => (session === undefined ? partsOf(scope) : tenantParts(scope, session));
    },
    apply: applyBatch,
    transaction,
  });
  const log = auditLog(async () => (await parts()).audit, disclosures);
  /** A move that began meanwhile may have copied the log without these rows: then nobody relies on them. */
  const append: AuditLog['append'] = async (rows) => {
    const { scope } = await places.place(tenant, false);
    await log.append(rows);
    if ((await places.place(tenant, true)).scope !== scope) throw new StoreError('moving', 'the log has moved');
  };
  return {
    tenant,
    transact: async (ops, at, lease) => journal.commit(draftOf(tenant, ops, at, lease, held)),
    async fence(lease) {
      if (!(await held(lease))) throw fencedOut();
      if (await tookOver(lease)) await shutOut(journal, (at) => draftOf(tenant, [], at, lease, held));
    },
    async head() {
      const { sequence, at } = await journal.head();
      return { sequence, at };
    },
    resources: resourceReader(parts, journal),
    records: recordReader(parts, journal),
    ledger: ledgerReader(parts, journal),
    outbox: outbox(parts, journal),
    delivery: deliveryStore(parts, held),
    audit: { ...log, append },
    blobs: blobStore(async () => {
      const { scope, key } = await places.place(tenant, true);
      return { scope, key: Buffer.from(hkdfSync('sha256', key, '', 'blobs', 32)) };
    }),
    stage: async () => openStage((await parts()).stage),
  };
}
