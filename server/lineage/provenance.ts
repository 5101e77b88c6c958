import type { Extension, Provenance, ProvenanceAgent, ProvenanceEntity } from '@medplum/fhirtypes';
import { londonDate } from '../core/clock.ts';
import { dateRange } from '../search/date-range.ts';
import type { Lineage, LineageSource } from '../store/lineage.ts';
import type { FileRow, StoredVersion } from '../store/port.ts';
import { provenanceId } from './provenance-id.ts';

/** What a rendering knows besides the rows. */
export interface ProvenanceContext {
  /** Root of our identifier systems and canonical URLs, without a trailing slash. */
  readonly canonicalBase: string;
  /** The tenant's name and the ODS code of its default employer. */
  readonly custodian: { readonly name: string; readonly ods: string | undefined };
}

type Agent = ProvenanceAgent['who'];

const participantType = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';

/**
 * The FHIR R4 Provenance of one resource version (https://hl7.org/fhir/R4/provenance.html): which ESR files, records
 * and lines it shows, by which mapping and software it was made, for which trust.
 *
 * @param files ledger rows by id; a file that is not there any more is named by its id alone
 */
export function renderProvenance(
  version: Omit<StoredVersion, 'body'>,
  lineage: Lineage,
  files: ReadonlyMap<string, FileRow>,
  context: ProvenanceContext,
): Provenance & { id: string } {
  const url = (name: string) => `${context.canonicalBase}/StructureDefinition/${name}`;
  const trigger = lineage.file === null ? undefined : files.get(lineage.file);
  const entities = sourceFiles(lineage).map((file) => fileEntity(file, lineage.sources, files.get(file), context));
  return {
    resourceType: 'Provenance',
    id: provenanceId(version),
    meta: { versionId: '1', lastUpdated: version.at },
    extension: [
      { url: url('provenance-cause'), valueCode: lineage.cause },
      { url: url('provenance-mapping'), valueString: lineage.mapping },
    ],
    target: [{ reference: `${version.type}/${version.id}/_history/${version.version}` }],
    ...occurred(version.at, trigger),
    recorded: version.at,
    activity: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: version.change.toUpperCase() },
      ],
    },
    agent: agents(lineage, context),
    ...(entities.length === 0 ? {} : { entity: entities }),
  };
}

/** The file that made the version first, then the other files whose records it shows. */
export function sourceFiles(lineage: Lineage): readonly string[] {
  const shown = lineage.sources.map((source) => source.file);
  return [...new Set(lineage.file === null ? shown : [lineage.file, ...shown])];
}

/** When the data were so in ESR: the window of the file's extract; without a file, the day that a date came true. */
function occurred(at: string, file: FileRow | undefined): Pick<Provenance, 'occurredDateTime' | 'occurredPeriod'> {
  const from = londonInstant(file?.windowFrom);
  const to = londonInstant(file?.windowTo);
  if (from !== undefined && to !== undefined) return { occurredPeriod: { start: from, end: to } };
  if (to !== undefined) return { occurredDateTime: to };
  return { occurredDateTime: file === undefined ? londonDate(new Date(at)) : file.receivedAt };
}

/** A window's unzoned Europe/London stamp as an instant in UTC. */
function londonInstant(local: string | null | undefined): string | undefined {
  const range = typeof local === 'string' ? dateRange(local) : undefined;
  return range === undefined ? undefined : new Date(range.low).toISOString();
}

function agents(lineage: Lineage, context: ProvenanceContext): ProvenanceAgent[] {
  const { name, ods } = context.custodian;
  const trust: Agent = {
    type: 'Organization',
    ...(ods === undefined
      ? {}
      : { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: ods } }),
    display: name,
  };
  const software: Agent = {
    type: 'Device',
    identifier: { system: `${context.canonicalBase}/Id/software`, value: lineage.software },
    display: lineage.software,
  };
  return [
    { type: { coding: [{ system: participantType, code: 'assembler' }] }, who: software, onBehalfOf: trust },
    { type: { coding: [{ system: participantType, code: 'custodian' }] }, who: trust },
  ];
}

function fileEntity(
  id: string,
  sources: readonly LineageSource[],
  file: FileRow | undefined,
  context: ProvenanceContext,
): ProvenanceEntity {
  const url = (name: string) => `${context.canonicalBase}/StructureDefinition/${name}`;
  const records = sources.filter((source) => source.file === id).map((source) => recordExtension(source, url));
  const extension: Extension[] = [...(file === undefined ? [] : [fileExtension(file, url)]), ...records];
  return {
    role: 'source',
    what: {
      type: 'DocumentReference',
      identifier: { system: `${context.canonicalBase}/Id/file`, value: id },
      ...(file === undefined ? {} : { display: file.name }),
    },
    ...(extension.length === 0 ? {} : { extension }),
  };
}

function fileExtension(file: FileRow, url: (name: string) => string): Extension {
  return {
    url: url('provenance-file'),
    extension: [
      { url: 'name', valueString: file.name },
      { url: 'sha256', valueString: file.sha256 },
      ...(file.sequence === null ? [] : [{ url: 'sequence', valueInteger: file.sequence }]),
      { url: 'received', valueInstant: file.receivedAt },
    ],
  };
}

function recordExtension(source: LineageSource, url: (name: string) => string): Extension {
  return {
    url: url('provenance-record'),
    extension: [
      { url: 'type', valueCode: source.type },
      { url: 'id', valueString: source.id },
      ...source.lines.map((line) => ({ url: 'line', valuePositiveInt: line })),
    ],
  };
}
