import type { AuditEntry } from '../audit/entry.ts';
import { type AuditTrail, auditTrail } from '../commit/audit-trail.ts';
import { checkpointKey } from '../keys/checkpoint-key.ts';
import { StoreError } from '../store/error.ts';
import type { AuditLog } from '../store/port.ts';
import { grantTenant } from '../tenancy/grant.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { anchorFile } from './audit-anchor.ts';
import type { House } from './house.ts';

/** Every log that a serving process writes: the system's and each tenant's. */
export interface AuditTrails {
  /** Durable when it resolves; in the system's log where no known tenant is named. */
  write(entry: AuditEntry): Promise<void>;
  /** Carries the rows that other processes left in the outboxes. */
  carry(): Promise<void>;
  /** Makes the checkpoints that are due. */
  look(): Promise<void>;
  /** Carries, writes what waits and signs every log. */
  close(): Promise<void>;
}

/**
 * @param registry the tenants as this process last saw them
 * @param writer the name of this process's chains
 */
export type OpenTrails = (house: House, registry: Registry, writer: string) => AuditTrails;

interface Registry {
  tenant(id: string): Tenant | undefined;
  tenants(): Iterable<Tenant>;
}

export const auditTrails: OpenTrails = (house, registry, writerName) => {
  const { store, clock, logger, settings } = house;
  const anchor = anchorFile(settings.auditAnchor).checkpoint;
  const shared = { key: checkpointKey(house.keys), documents: store.system.documents, anchor, clock, logger };
  const system = auditTrail({ ...shared, log: store.system.audit, tenant: null }, writerName);
  const trails = new Map<string, AuditTrail>();
  const logs = new Map<string, AuditLog>();
  const of = (tenant: string): AuditTrail => {
    const known = trails.get(tenant);
    const { audit } = store.tenant(grantTenant(tenant, 'operator'));
    // A tenant that was removed and made anew between two looks has another log.
    if (known !== undefined && logs.get(tenant) === audit) return known;
    const made = auditTrail({ ...shared, log: audit, tenant }, writerName);
    trails.set(tenant, made);
    logs.set(tenant, audit);
    return made;
  };
  const carry = async () => {
    for (const { id } of registry.tenants()) {
      await of(id)
        .carry(store.tenant(grantTenant(id, 'operator')).outbox)
        .catch(unlessMoving);
    }
  };
  const each = async (work: (trail: AuditTrail) => Promise<void>) => {
    for (const [tenant, trail] of trails) {
      if (registry.tenant(tenant) === undefined) {
        trails.delete(tenant);
        logs.delete(tenant);
      } else await work(trail).catch(unlessMoving);
    }
    await work(system);
  };
  return {
    write(entry) {
      const { tenant } = entry;
      return (tenant !== null && registry.tenant(tenant) !== undefined ? of(tenant) : system).write(entry);
    },
    carry,
    look: () => each((trail) => trail.look()),
    async close() {
      await carry().catch((error: Error) =>
        logger.error('audit rows wait for the next start', { error: error.message }),
      );
      await each((trail) => trail.close());
    },
  };
};

/** While a tenant's data are being moved its rows wait where they are; the others' do not wait for it. */
function unlessMoving(error: unknown): void {
  if (!(error instanceof StoreError && error.code === 'moving')) throw error;
}
