import { writeBatch } from '../commit/write-batch.ts';
import { limits } from '../core/limits.ts';
import type { RecordType } from '../record/record.ts';
import type { Unit, UnitKind } from '../record/unit.ts';
import type { TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { Ingest } from './apply.ts';
import type { IngestParts } from './parts.ts';

/** What a tenant's resources were last made with: a registry document, kind `projection`, id = tenant. */
const kind = 'projection';

/** The file of a unit that is due for another reason than a file. */
export const noFile = '';

/** Records that make a unit of their own; registrations and assignments belong to a person. */
const unitsOf: readonly (readonly [RecordType, UnitKind])[] = [
  ['location', 'location'],
  ['nacs', 'employer'],
  ['organisation', 'organisation'],
  ['position', 'position'],
  ['person', 'person'],
];

/**
 * Do the tenant's resources follow from other settings (⚙ of meaning.md, name, ODS codes), contracts or mappings than
 * those of now? Costs one look-up.
 */
export async function isOutdated(parts: IngestParts, tenant: Tenant): Promise<boolean> {
  return (await parts.store.system.documents.get(kind, tenant.id)) !== parts.projection(tenant);
}

/**
 * Makes every unit due whose resources may look otherwise under what is in force now; publishing them is the work of
 * `publishLeft`, which raises no events for it. A restart in between does it again: equal bytes write nothing.
 */
export async function makeOutdatedDue({ parts, tenant, store, lease }: Ingest): Promise<void> {
  const now = parts.projection(tenant);
  const documents = parts.store.system.documents;
  if (!(await isOutdated(parts, tenant))) return;
  const add = (units: readonly Unit[]) =>
    writeBatch(store, parts.clock, () => [{ op: 'work-add', tenant: tenant.id, units, file: noFile }], lease.current());
  if (await hasRecords(store)) {
    await add(tenant.ods.slice(0, 1).map((id) => ({ kind: 'employer', id })));
    for (const [type, unit] of unitsOf) {
      for await (const ids of idsOf(store, type)) await add(ids.map((id) => ({ kind: unit, id })));
    }
  }
  await documents.put(kind, tenant.id, now);
}

async function hasRecords(store: TenantStore): Promise<boolean> {
  return Object.values(await store.records.counts()).some((count) => count > 0);
}

async function* idsOf(store: TenantStore, type: RecordType): AsyncGenerator<readonly string[]> {
  for (let after = ''; ; ) {
    const found = await store.records.ids(type, after, limits.unitsPerBatchMax);
    const last = found.at(-1);
    if (last === undefined) return;
    yield found.map(({ id }) => id);
    after = last.id;
  }
}
