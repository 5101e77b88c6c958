import { AppError } from '../../core/error.ts';
import { limits } from '../../core/limits.ts';
import { organizationId, practitionerId, practitionerRoleId } from '../../mapping/ids.ts';
import { chooseSlice } from '../../mapping/in-force.ts';
import type { RecordKey, SourceRecord } from '../../record/record.ts';
import type { FileRow, Stage, StagedGroup } from '../../store/port.ts';
import type { Ingest } from '../apply.ts';
import { fillStage } from '../fill-stage.ts';
import { dryStore, projectDry, walkDry } from './dry-run.ts';
import { fileOnly } from './file-only.ts';
import { recordOverlay } from './record-overlay.ts';
import { type Working, workingOf } from './working.ts';

/** What the file says of who works today. */
export interface Stated {
  /** By role id; those of quarantined rows too, as far as they can be read. */
  readonly roles: ReadonlyMap<string, Working>;
  /** The assignment of each. */
  readonly keys: ReadonlyMap<string, RecordKey>;
  /** Roles whose rows are quarantined. */
  readonly quarantined: ReadonlySet<string>;
}

/** Reads a file of the ledger again and projects it by itself, as of the day `on`; writes nothing. */
export async function statedBy(ingest: Ingest, file: FileRow, stage: Stage, on: string): Promise<Stated> {
  const { tenant, store } = ingest;
  // A store without records recognises no line of the file: all of them are staged.
  const unknowing = { ...store, records: { ...store.records, counts: async () => ({}) } };
  const filled = await fillStage({ ...ingest, store: unknowing }, file, stage);
  const overlay = recordOverlay(fileOnly(store.records, stage));
  const roles = new Map<string, Working>();
  const empty = { ...store.resources, owned: async () => [], heads: async () => [] };
  const dry = dryStore({ ...store, resources: empty }, overlay, (op) => {
    if (op.type !== 'PractitionerRole' || op.contract !== tenant.contracts[0]) return;
    const working = workingOf(op.body);
    if (working !== undefined) roles.set(op.id, working);
  });
  const { units, bad, complete } = await walkDry(dry, filled, stage, overlay, {
    ...tenant,
    recordsMax: limits.reconcileRecordsMax,
  });
  if (!complete) throw new AppError('too-large', `the file holds more than ${limits.reconcileRecordsMax} records`);
  const persons = units.filter(({ kind }) => kind === 'person');
  await projectDry(ingest, dry, file.id, persons);
  const keys = new Map<string, RecordKey>();
  for (const record of overlay.records()) {
    if (record.type !== 'assignment') continue;
    const id = practitionerRoleId(tenant.id, record.id);
    const working = roles.get(id);
    keys.set(id, { type: record.type, id: record.id });
    if (working?.department === null) roles.set(id, { ...working, department: departmentOf(tenant.id, record, on) });
  }
  const quarantined = new Set<string>();
  for (const group of bad.filter(({ key }) => key.type === 'assignment')) {
    const id = practitionerRoleId(tenant.id, group.key.id);
    quarantined.add(id);
    keys.set(id, group.key);
    roles.set(id, fromRow(tenant.id, id, group));
  }
  return { roles, keys, quarantined };
}

/** The department that the file names although the store does not know it (yet). */
function departmentOf(tenant: string, record: SourceRecord, on: string): string | null {
  const id = chooseSlice(record.slices, on).slice.fields['organisationId'];
  return typeof id === 'string' ? `Organization/${organizationId(tenant, id)}` : null;
}

/** As far as a quarantined row can be read, its role is one that the file counts. */
function fromRow(tenant: string, role: string, { rows }: StagedGroup): Working {
  const fields = JSON.parse(rows.at(-1)?.fields ?? '{}') as Record<string, unknown>;
  const { organisationId, personId, fte } = fields;
  return {
    role,
    person: typeof personId === 'string' ? `Practitioner/${practitionerId(tenant, personId)}` : role,
    department: typeof organisationId === 'string' ? `Organization/${organizationId(tenant, organisationId)}` : null,
    departmentName: null,
    fte: typeof fte === 'number' ? fte : 0,
  };
}
