import type { FastifyInstance } from 'fastify';
import type { AuditEntry } from '../audit/entry.ts';
import { issuerUrl } from '../auth/base.ts';
import { tokenVerifier } from '../auth/verify.ts';
import { type AuditWriter, auditWriter, carryOutbox } from '../commit/audit-writer.ts';
import { buildServer } from '../http/server.ts';
import { hasWorkLeft } from '../ingest/publish-left.ts';
import { unfinished } from '../ingest/run.ts';
import { traceReader } from '../lineage/trace-reader.ts';
import { oauthProvider } from '../oauth/provider.ts';
import { signingKeys } from '../oauth/signing-keys.ts';
import { type RegistrySnapshot, registrySnapshot } from '../registry/snapshot.ts';
import { grantTenant } from '../tenancy/grant.ts';
import type { House } from './house.ts';

/** The chain of this data folder's one serving process. */
const writerName = 'serve';
/** `YYYY-MM-DD`: the CapabilityStatement's date. */
const releasedAt = '2026-11-23';

/** The web server over a house, not yet listening, and what it does between requests. */
export interface Serving {
  readonly app: FastifyInstance;
  readonly snapshot: RegistrySnapshot;
  /** The public URL, known at the latest when the port is. */
  setUrl(url: string): void;
  /** Carries audit rows that other processes left into the audit log. */
  carryAudit(): Promise<void>;
  /** Active tenants with files or units that some process left unfinished, and nobody works on. */
  unfinishedTenants(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function serving(house: House): Promise<Serving> {
  const { store, keys, clock, logger, settings } = house;
  const snapshot = await registrySnapshot(store);
  const signing = await signingKeys(store.system.documents, keys, clock);
  let url = settings.publicUrl ?? '';
  const publicUrl = () => url;
  const audits = auditLogs(house, snapshot);
  const oauth = oauthProvider({
    ...{ publicUrl, signing: () => signing, store: store.system.oauth, clients: house.clients },
    ...{ tenants: house.tenants, keys, clock, log: logger, audit: audits.write },
  });
  const [name = '', version = ''] = house.software.split(' ');
  const { canonicalBase } = settings;
  const app = await buildServer({
    ...{ publicUrl, canonicalBase, parameters: house.parameters, registry: snapshot, store, clock, logger },
    software: { name, version, releasedAt },
    authenticate: tokenVerifier({
      ...{ issuer: () => issuerUrl(url), keys: () => signing.published, clock, registrations: snapshot },
    }),
    audit: audits.write,
    trace(tenantStore, contract) {
      const tenant = snapshot.tenant(tenantStore.tenant);
      const custodian = { name: tenant?.name ?? tenantStore.tenant, ods: tenant?.ods[0] };
      return traceReader(tenantStore, { contract, canonicalBase, custodian, publicUrl: url, software: house.software });
    },
    pageKey: keys.derive('page-token'),
    ready: async () => (await store.system.documents.counter()) >= 0,
    plugins: [oauth.plugin],
  });
  return {
    app,
    snapshot,
    setUrl(known) {
      url = known;
    },
    carryAudit: () => carryAll(house, snapshot),
    unfinishedTenants: () => leftUnfinished(house, snapshot),
    async close() {
      await app.close();
      await audits.close();
    },
  };
}

function auditLogs(house: House, snapshot: RegistrySnapshot) {
  const system = auditWriter(house.store.system.audit, writerName);
  const writers = new Map<string, AuditWriter>();
  const of = (tenant: string): AuditWriter => {
    const known = writers.get(tenant);
    if (known !== undefined) return known;
    const made = auditWriter(house.store.tenant(grantTenant(tenant, 'operator')).audit, writerName);
    writers.set(tenant, made);
    return made;
  };
  return {
    write(entry: AuditEntry): Promise<void> {
      const known = entry.tenant !== null && snapshot.tenant(entry.tenant) !== undefined;
      return (known && entry.tenant !== null ? of(entry.tenant) : system).write(entry);
    },
    async close() {
      for (const writer of writers.values()) await writer.close();
      await system.close();
    },
  };
}

async function carryAll({ store }: House, snapshot: RegistrySnapshot): Promise<void> {
  for (const { id } of snapshot.tenants()) {
    const tenant = store.tenant(grantTenant(id, 'operator'));
    await carryOutbox(tenant.outbox, tenant.audit);
  }
}

async function leftUnfinished({ store, clock }: House, snapshot: RegistrySnapshot): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { id, status } of snapshot.tenants()) {
    if (status !== 'active') continue;
    const lease = await store.system.leases.current(`ingest/${id}`);
    const busy = lease !== undefined && lease.expiresAt > clock.now().toISOString();
    if (busy) continue;
    const tenant = store.tenant(grantTenant(id, 'operator'));
    if ((await unfinished(tenant)).length > 0 || (await hasWorkLeft(tenant))) left.push(id);
  }
  return left;
}
