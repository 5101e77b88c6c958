import { auditWriter } from '../../../server/commit/audit-writer.ts';
import type { Lineage, LineageSource } from '../../../server/store/lineage.ts';
import type { FileRow, Op, ResourceOp, TenantStore } from '../../../server/store/port.ts';
import { auditedRead } from '../../support/tenant-rig.ts';

export const context = {
  contract: 'v1',
  canonicalBase: 'https://esr-fhir.example',
  publicUrl: 'https://fhir.trust.example',
  software: 'esr-fhir 0.1.0',
  custodian: { name: 'Example NHS Trust', ods: 'RXX' },
};

export const personSource: LineageSource = { type: 'person', id: '1001', file: 'f1', lines: [2, 3] };
export const assignmentSource: LineageSource = { type: 'assignment', id: '2001', file: 'f2', lines: [7] };

export function fileRow(id: string, more: Partial<FileRow> = {}): FileRow {
  return {
    id,
    name: `GO_277_RXX_GOF_${id}.DAT`,
    format: 'go2',
    kind: 'full',
    sha256: 'ab'.repeat(32),
    bytes: 100,
    source: 'cli',
    receivedAt: '2026-04-01T08:00:00.000Z',
    state: 'applied',
    reason: null,
    vpd: '277',
    sequence: 41,
    windowFrom: '2026-03-30T23:00:00',
    windowTo: '2026-03-31T23:00:00',
    rows: 3,
    dropped: 0,
    quarantined: 0,
    unchanged: 0,
    applied: 3,
    created: 2,
    changed: 0,
    removed: 0,
    warnings: {},
    seconds: 1,
    checkpoint: null,
    finishedAt: '2026-04-01T08:00:01.000Z',
    ...more,
  };
}

export function lineageOf(file: string | null, sources: readonly LineageSource[]): Lineage {
  return { file, cause: file === null ? 'date' : 'file', sources, mapping: 'esr/v1 1', software: 'esr-fhir 0.1.0' };
}

function version(type: string, id: string, number: number, lineage: Lineage, deleted = false): ResourceOp {
  const change = deleted ? 'delete' : number === 1 ? 'create' : 'update';
  return {
    op: 'resource',
    tenant: 'rxx',
    contract: 'v1',
    type,
    id,
    version: number,
    change,
    body: deleted ? '' : JSON.stringify({ resourceType: type, id, meta: { versionId: String(number) } }),
    hash: deleted ? '' : `${id}-${number}`,
    unit: { kind: 'person', id: '1001' },
    index: [],
    lineage,
  };
}

/**
 * Person 1001 in two files: f1 makes p1 and r1, f2 changes r1, a date changes it again. Two clients read: one r1 as
 * f1 made it, one p1 and r1 as f2 made it; a third was refused.
 */
export async function twoFiles(store: TenantStore): Promise<void> {
  const person = { type: 'person', id: '1001', file: 'f1', hash: 'h', slices: [] } as const;
  const slices = [
    { start: '2020-01-01', end: '2025-12-31', line: 2, fields: {} },
    { start: '2026-01-01', end: null, line: 3, fields: {} },
  ];
  const role = [personSource, assignmentSource];
  const first: readonly Op[] = [
    { op: 'file', tenant: 'rxx', file: fileRow('f1') },
    { op: 'record', tenant: 'rxx', record: { ...person, slices }, references: [] },
    version('Practitioner', 'p1', 1, lineageOf('f1', [personSource])),
    version('PractitionerRole', 'r1', 1, lineageOf('f1', [personSource])),
  ];
  const second: readonly Op[] = [
    { op: 'file', tenant: 'rxx', file: fileRow('f2', { kind: 'changes', sequence: 42 }) },
    version('PractitionerRole', 'r1', 2, lineageOf('f2', role)),
  ];
  await store.transact(first, '2026-04-01T08:00:00.000Z');
  await store.transact(second, '2026-04-02T08:00:00.000Z');
  await store.transact([version('PractitionerRole', 'r1', 3, lineageOf(null, role))], '2026-04-03T00:00:00.000Z');
  const writer = auditWriter(store.audit, 'serve');
  const roleRead = { type: 'PractitionerRole', id: 'r1' };
  await writer.write(auditedRead({ ...roleRead, client: 'a', disclosed: ['PractitionerRole/r1/1'] }));
  await writer.write(
    auditedRead({
      at: '2026-04-02T09:00:00.000Z',
      interaction: 'search-type',
      type: 'PractitionerRole',
      id: null,
      client: 'b',
      disclosed: ['PractitionerRole/r1/2', 'Practitioner/p1/1', 'Practitioner/other/1'],
    }),
  );
  const refused = { status: 403, outcome: 4, reason: 'scope', disclosed: [] } as const;
  await writer.write(auditedRead({ ...roleRead, ...refused, at: '2026-04-03T09:00:00.000Z', client: 'c' }));
  await writer.close();
}
