import type { Projector } from '../commit/projected.ts';
import { loadRecords, recordCache } from '../mapping/load-records.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { ProjectionContext, RecordSet } from '../mapping/projection.ts';
import type { RecordReader } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { primaryFile } from './statements.ts';

/**
 * Projects units of a tenant from its stored records. For one run of publishing: organisations and locations are
 * remembered, so no record may change while it is used.
 */
export function storedProjector(mapping: Mapping, records: RecordReader, context: ProjectionContext): Projector {
  const cache = recordCache();
  let loaded: RecordSet | undefined;
  return {
    mapping: mapping.version,
    async project(units) {
      const set = await loadRecords(units, records, context.ods, cache);
      loaded = set;
      return units.map((unit) => mapping.project(unit, set, context));
    },
    origin(key) {
      const record = loaded?.get(key);
      return record && { file: primaryFile(record), lines: record.slices.map((slice) => slice.line) };
    },
  };
}

/** What a tenant's settings say to its projections on a day (`YYYY-MM-DD`). */
export function projectionContext(tenant: Tenant, canonicalBase: string, today: string): ProjectionContext {
  const { id, ods, name, settings } = tenant;
  const { workingStatuses, publishBirthDate } = settings;
  return { tenant: id, today, ods, name, canonicalBase, workingStatuses, publishBirthDate };
}
