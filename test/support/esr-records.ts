import { readdirSync, readFileSync } from 'node:fs';
import type { MappingFile, MappingFiles } from '../../server/mapping/compile.ts';
import { compileMapping, type Mapping } from '../../server/mapping/mapping.ts';
import type { ProjectedResource, Projection, ProjectionContext } from '../../server/mapping/projection.ts';
import { recordSet } from '../../server/mapping/record-set.ts';
import type { Fields, RecordType, Slice, SourceRecord } from '../../server/record/record.ts';
import type { UnitKind } from '../../server/record/unit.ts';

const root = new URL('../../mappings/', import.meta.url);

function folder(path: string): readonly MappingFile[] {
  return readdirSync(new URL(path, root))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => file(path + name));
}

function file(path: string): MappingFile {
  return { path, text: readFileSync(new URL(path, root), 'utf8') };
}

/** The project's own mapping files of contract v1. */
export function mappingFiles(): MappingFiles {
  return {
    contract: 'v1',
    resources: folder('esr/v1/'),
    codes: folder('codes/'),
    recordSchema: file('esr/record.schema.json'),
  };
}

export const mapping: Mapping = compileMapping(mappingFiles());

export const context: ProjectionContext = {
  tenant: 'rxx',
  today: '2026-04-01',
  ods: ['RXX'],
  name: 'Example NHS Trust',
  canonicalBase: 'https://esr-fhir.example',
  workingStatuses: ['Active Assignment', 'Acting Up', 'Internal Secondment', 'Maternity'],
  publishBirthDate: false,
};

/** A record with slices `[start, end, fields]`. */
export function record(
  type: RecordType,
  id: string,
  ...slices: readonly (readonly [start: string | null, end: string | null, fields: Fields])[]
): SourceRecord {
  return {
    type,
    id,
    file: 'file-1',
    hash: '',
    slices: slices.map(([start, end, fields], index): Slice => ({ start, end, line: index + 2, fields })),
  };
}

/** Projects a unit from exactly these records. */
export function project(
  kind: UnitKind,
  id: string,
  records: readonly SourceRecord[],
  change: Partial<ProjectionContext> = {},
): Projection {
  return mapping.project({ kind, id }, recordSet(records), { ...context, ...change });
}

/** The resources of one type in a projection. */
export function ofType(projection: Projection, type: string): readonly ProjectedResource['resource'][] {
  return projection.resources.filter((one) => one.type === type).map((one) => one.resource);
}
