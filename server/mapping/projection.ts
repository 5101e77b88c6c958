import type { RecordKey, SourceRecord } from '../record/record.ts';
import type { Unit } from '../record/unit.ts';

/** What a projection knows besides the records. */
export interface ProjectionContext {
  readonly tenant: string;
  /** `YYYY-MM-DD`, Europe/London: the slices in force on this date are shown. */
  readonly today: string;
  /** The tenant's ODS codes, the default employer's first, and its name. */
  readonly ods: readonly string[];
  readonly name: string;
  /** Root of our identifier systems and canonical URLs, without a trailing slash. */
  readonly canonicalBase: string;
  readonly workingStatuses: readonly string[];
  readonly publishBirthDate: boolean;
}

/** The records that a unit's projection may need, loaded beforehand; a miss answers undefined. */
export interface RecordSet {
  get(key: RecordKey): SourceRecord | undefined;
  /** Assignments and registrations that name a person, assignments that name a position, organisations a NACS code. */
  referring(to: RecordKey, type: RecordKey['type']): readonly SourceRecord[];
  /** The organisation record that carries this NACS (ODS) code: of several, the one with the smallest id. */
  organisationByNacs(code: string): SourceRecord | undefined;
  /** Every person whose slices, past and future ones too, hold this NHS CRS UUID. */
  personsWithCrsUuid(uuid: string): readonly SourceRecord[];
}

export interface ProjectedResource {
  readonly type: string;
  readonly id: string;
  /** The resource with `id`, `meta.profile`, without `meta.versionId` and `meta.lastUpdated`; keys in FHIR order. */
  readonly resource: FhirResource;
  /** Every record that was shown, in reading order, once each. */
  readonly sources: readonly RecordKey[];
  /** Of a position: ids of the roles that hold it today, which the resource does not show. */
  readonly holders?: readonly string[];
}

export interface FhirResource {
  readonly resourceType: string;
  readonly id: string;
  readonly meta?: { readonly profile?: readonly string[] };
  readonly [element: string]: unknown;
}

/** A doubt that does not stop publication (unknown code, missing parent, overlap …). No personal data. */
export interface Warning {
  readonly rule: string;
  readonly record: RecordKey;
  readonly field: string | null;
  readonly message: string;
  /** The record whose coming cures it. */
  readonly waitsFor: RecordKey | null;
}

export interface Projection {
  readonly unit: Unit;
  readonly resources: readonly ProjectedResource[];
  readonly warnings: readonly Warning[];
  /** The next date (`YYYY-MM-DD`, after today) on which the same records may show something else. */
  readonly due: string | null;
}
