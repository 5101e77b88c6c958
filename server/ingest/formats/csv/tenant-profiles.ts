import type { Tenant } from '../../../tenancy/tenant.ts';
import { type CsvProfile, compileProfiles } from './profile.ts';
import type { RecordSchemaDocument } from './record-fields.ts';

const tenantsRememberedMax = 1_000;

/**
 * The CSV profiles of tenants: ours (`mappings/csv/*.json`, already parsed) with what a tenant's document lays over
 * them, compiled once per state of that document. Throws AppError `invalid` at once where one of ours is not sound.
 */
export function tenantProfiles(
  ours: readonly { readonly file: string; readonly document: unknown }[],
  schema: RecordSchemaDocument,
): (tenant: Tenant) => readonly CsvProfile[] {
  compileProfiles(ours, [], schema, { publishBirthDate: true });
  const remembered = new Map<string, readonly CsvProfile[]>();
  return ({ id, csvProfiles = [], settings }) => {
    const { publishBirthDate } = settings;
    const state = `${publishBirthDate} ${csvProfiles.length === 0 ? '' : `${id} ${JSON.stringify(csvProfiles)}`}`;
    const known = remembered.get(state);
    if (known !== undefined) return known;
    const overlays = csvProfiles.map((document, at) => ({ file: `tenant ${id} /csvProfiles/${at}`, document }));
    const profiles = compileProfiles(ours, overlays, schema, { publishBirthDate });
    if (remembered.size >= tenantsRememberedMax) remembered.clear();
    remembered.set(state, profiles);
    return profiles;
  };
}
