import type { RecordKey } from '../record/record.ts';
import type { Unit } from '../record/unit.ts';

/** What is to be published for a unit: the shape that `mapping` makes, restated because commit knows no mapping. */
export interface ProjectedUnit {
  readonly unit: Unit;
  readonly resources: readonly {
    readonly type: string;
    readonly id: string;
    readonly resource: PublishedResource;
    readonly sources: readonly RecordKey[];
    /** Of a position: ids of the roles that hold it today. */
    readonly holders?: readonly string[];
  }[];
  readonly warnings: readonly PublishedWarning[];
  readonly due: string | null;
}

/** A FHIR resource whose first keys are `resourceType`, `id`, `meta`. */
export interface PublishedResource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

export interface PublishedWarning {
  readonly rule: string;
  readonly record: RecordKey;
  readonly field: string | null;
  readonly message: string;
  readonly waitsFor: RecordKey | null;
}

/** Projects units of one tenant in one contract, and says which file and lines each record came from. */
export interface Projector {
  project(units: readonly Unit[]): Promise<readonly ProjectedUnit[]>;
  origin(key: RecordKey): { readonly file: string; readonly lines: readonly number[] } | undefined;
  /** Version string of the mapping, for lineage. */
  readonly mapping: string;
}
