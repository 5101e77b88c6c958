import type { FastifyInstance } from 'fastify';
import { adminPlugin } from '../admin/mount.ts';
import type { AdminDeps } from '../admin/route.ts';
import type { AuditEntry } from '../audit/entry.ts';
import { issuerUrl } from '../auth/base.ts';
import { tokenInspector, tokenVerifier } from '../auth/verify.ts';
import { adminTokenVerifier } from '../auth/verify-admin.ts';
import { consolePlugin } from '../console/mount.ts';
import { buildServer } from '../http/server.ts';
import { hasWorkLeft } from '../ingest/publish-left.ts';
import { isOutdated } from '../ingest/republish.ts';
import { unfinished } from '../ingest/run.ts';
import { traceReader } from '../lineage/trace-reader.ts';
import { signingKeyRing } from '../oauth/signing-keys.ts';
import { firstUseOf } from '../oauth/single-use.ts';
import { lastUsed } from '../registry/last-used.ts';
import { type RegistrySnapshot, registrySnapshot } from '../registry/snapshot.ts';
import { grantTenant } from '../tenancy/grant.ts';
import { adminParts } from './admin-parts.ts';
import { admission } from './admission.ts';
import { auditTrails, type OpenTrails } from './audit-trails.ts';
import { authorizationServer } from './authorization-server.ts';
import { clientOrigins } from './client-origins.ts';
import type { House } from './house.ts';
import { subscriptionServing } from './subscription-serving.ts';

/** `YYYY-MM-DD`: the CapabilityStatement's date. */
const releasedAt = '2026-11-23';

/** The web server over a house, not yet listening, and what it does between requests. */
export interface Serving {
  readonly app: FastifyInstance;
  readonly snapshot: RegistrySnapshot;
  /** Catches up with what other processes changed: registry, revoked tokens, signing keys. */
  refresh(): Promise<void>;
  /** Writes down which clients were seen. */
  noteUses(): Promise<void>;
  /** The public URL, known at the latest when the port is. */
  setUrl(url: string): void;
  /** Delivers to subscribers from now on, until it is closed; the URL must be known. */
  startDelivery(): void;
  /** Carries audit rows that other processes left into the audit log. */
  carryAudit(): Promise<void>;
  /** Makes the audit checkpoints that are due. */
  checkpointAudit(): Promise<void>;
  /** Active tenants with files or units that some process left unfinished, and nobody works on. */
  unfinishedTenants(): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface ServingParts {
  /** Has the tenant's unfinished files and units worked on by another process. */
  requestWork(tenant: string): void;
  /** The name of this process's chains of audit rows; no other process uses it at the same time. */
  readonly auditWriter: string;
  /** Left out: the audit trails. */
  readonly trails?: OpenTrails;
}

export async function serving(house: House, parts: ServingParts): Promise<Serving> {
  const { requestWork, auditWriter, trails = auditTrails } = parts;
  const { store, keys, clock, logger, settings } = house;
  const snapshot = await registrySnapshot(store);
  const signing = await signingKeyRing(store.system.documents, keys, clock);
  let url = settings.publicUrl ?? '';
  const publicUrl = () => url;
  const audits = trails(house, snapshot, auditWriter);
  const uses = lastUsed(store.system.documents, clock);
  const audit = (entry: AuditEntry) => {
    if (entry.client !== null && entry.outcome === 0) uses.note(entry.client);
    return audits.write(entry);
  };
  const admitted = admission(house, snapshot);
  const oauth = authorizationServer(house, { snapshot, signing, publicUrl, audit, rate: admitted.address });
  const delivery = subscriptionServing(house, { snapshot, publicUrl, audit: audits.write });
  const [name = '', version = ''] = house.software.split(' ');
  const { canonicalBase } = settings;
  const registrations = {
    ...{ issuer: () => issuerUrl(url), keys: () => signing.current().published, clock, registrations: snapshot },
    firstUse: firstUseOf(store.system.oauth, 'DPoPProof'),
  };
  const admin: AdminDeps = {
    ...adminParts(house, snapshot, publicUrl),
    ...{ audit, requestWork, rate: admitted.rate },
    authenticate: adminTokenVerifier({ ...registrations, publicUrl }),
  };
  const inspect = tokenInspector(registrations);
  const app = await buildServer({
    ...{ publicUrl, canonicalBase, parameters: house.parameters, registry: snapshot, store, clock, logger },
    software: { name, version, releasedAt },
    authenticate: tokenVerifier(registrations),
    origins: clientOrigins(snapshot),
    ...{ audit, hosts: admitted.hosts, rate: admitted.rate },
    permissionSet: snapshot.permissionSet,
    trace(tenantStore, contract) {
      const tenant = snapshot.tenant(tenantStore.tenant);
      const custodian = { name: tenant?.name ?? tenantStore.tenant, ods: tenant?.ods[0] };
      return traceReader(tenantStore, { contract, canonicalBase, custodian, publicUrl: url, software: house.software });
    },
    ...{ ...delivery.served, pageKey: keys.derive('page-token') },
    ready: async () => (await store.system.documents.counter()) >= 0,
    plugins: [oauth.plugin, adminPlugin(admin), consolePlugin({ admin, registrations: snapshot, inspect })],
  });
  return {
    app,
    snapshot,
    async refresh() {
      await snapshot.refresh();
      await signing.refresh();
    },
    noteUses: uses.flush,
    setUrl(known) {
      url = known;
    },
    startDelivery: delivery.start,
    carryAudit: audits.carry,
    checkpointAudit: audits.look,
    unfinishedTenants: () => leftUnfinished(house, snapshot),
    async close() {
      await delivery.stop();
      await app.close();
      await uses.flush();
      await audits.close();
    },
  };
}

async function leftUnfinished({ store, clock, ingest }: House, snapshot: RegistrySnapshot): Promise<readonly string[]> {
  const left: string[] = [];
  for (const registered of snapshot.tenants()) {
    const { id, status } = registered;
    if (status !== 'active') continue;
    const lease = await store.system.leases.current(`ingest/${id}`);
    const busy = lease !== undefined && lease.expiresAt > clock.now().toISOString();
    if (busy) continue;
    const tenant = store.tenant(grantTenant(id, 'operator'));
    const outdated = await isOutdated(ingest, registered);
    if (outdated || (await unfinished(tenant)).length > 0 || (await hasWorkLeft(tenant))) left.push(id);
  }
  return left;
}
