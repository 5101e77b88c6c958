import type { Unit, UnitKind } from '../record/unit.ts';
import { type CompiledMapping, compileDocuments, type MappingFiles } from './compile.ts';
import type { MappedPath } from './compile-template.ts';
import { projectLocation } from './project-location.ts';
import { projectEmployer, projectOrganisation } from './project-organisation.ts';
import { projectPerson } from './project-person.ts';
import { projectPosition } from './project-position.ts';
import type { ProjectedResource, Projection, ProjectionContext, RecordSet } from './projection.ts';
import { Reader } from './reading.ts';

/** A compiled contract version: records in force on a date → resources. Pure, and safe to share. */
export interface Mapping {
  readonly contract: string;
  /** Names the documents that made a resource, for lineage. */
  readonly version: string;
  /** Every element and the input it comes from. */
  readonly mapped: readonly MappedPath[];
  /**
   * The resources of a unit as `context.today` shows them; none where its record is not there. `records` must hold what
   * `loadRecords` loads for the unit.
   */
  project(unit: Unit, records: RecordSet, context: ProjectionContext): Projection;
}

const projectors = {
  location: projectLocation,
  employer: projectEmployer,
  organisation: projectOrganisation,
  position: projectPosition,
  person: projectPerson,
} as const satisfies Record<
  UnitKind,
  (mapping: CompiledMapping, reader: Reader, id: string) => readonly ProjectedResource[]
>;

/** Compiles a contract's documents; throws AppError `invalid` naming file, JSON pointer and reason. */
export function compileMapping(files: MappingFiles): Mapping {
  const compiled = compileDocuments(files);
  return {
    contract: compiled.contract,
    version: compiled.version,
    mapped: compiled.mapped,
    project(unit, records, context) {
      const reader = new Reader(records, context);
      const resources = projectors[unit.kind](compiled, reader, unit.id);
      return { unit, resources, warnings: reader.warnings, due: reader.due };
    },
  };
}
