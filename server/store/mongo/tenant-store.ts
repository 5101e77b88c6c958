import { hkdfSync } from 'node:crypto';
import type { ClientSession } from 'mongoose';
import { StoreError } from '../error.ts';
import type { AuditLog, TenantStore } from '../port.ts';
import { auditLog } from './audit.ts';
import { blobStore } from './blob.ts';
import { applyDelivery, deliveryStore } from './delivery.ts';
import { journalOf, type Transaction } from './journal.ts';
import { ledgerReader } from './ledger.ts';
import { outbox } from './outbox.ts';
import { resourceReader } from './read.ts';
import { recordReader } from './records.ts';
import type { Scope } from './schema.ts';
import { openStage } from './stage.ts';
import { deliveryParts, type TenantParts, tenantParts } from './tenant-parts.ts';
import type { TenantPlaces } from './tenants.ts';
import { applyBatch, draftOf, type Leasing, shutOut } from './transact.ts';

interface TenantStoreOptions extends Leasing {
  readonly tenant: string;
  readonly places: TenantPlaces;
  readonly disclosures: (bytes: string) => readonly string[];
  readonly transaction: Transaction | undefined;
}

/** One tenant's part of a database as a store. */
export function tenantStore(options: TenantStoreOptions): TenantStore {
  const { tenant, places, disclosures, held, transaction } = options;
  let last: { readonly scope: Scope; readonly parts: TenantParts } | undefined;
  const partsOf = (scope: Scope): TenantParts => {
    if (last?.scope !== scope) last = { scope, parts: tenantParts(scope) };
    return last.parts;
  };
  const parts = async () => partsOf((await places.place(tenant, false)).scope);
  const within = async (fresh: boolean) => {
    const { scope } = await places.place(tenant, fresh);
    return (session?: ClientSession) => (session === undefined ? partsOf(scope) : tenantParts(scope, session));
  };
  const journal = journalOf<TenantParts>({ parts: within, apply: applyBatch, transaction });
  const deliveries = journalOf<TenantParts>({
    async parts(fresh) {
      const at = await within(fresh);
      return (session) => deliveryParts(at(session));
    },
    apply: applyDelivery,
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
    fence: (lease) => shutOut(journal, lease, options, (at) => draftOf(tenant, [], at, lease, held)),
    async head() {
      const { sequence, at } = await journal.head();
      return { sequence, at };
    },
    resources: resourceReader(parts, journal),
    records: recordReader(parts, journal),
    ledger: ledgerReader(parts, journal),
    outbox: outbox(parts, journal),
    delivery: deliveryStore(parts, deliveries, options),
    audit: { ...log, append },
    blobs: blobStore(async () => {
      const { scope, key } = await places.place(tenant, true);
      return { scope, key: Buffer.from(hkdfSync('sha256', key, '', 'blobs', 32)) };
    }),
    stage: async () => openStage((await parts()).stage),
  };
}
