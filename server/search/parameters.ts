import type { IndexKind } from './query.ts';

/** FHIR R4 data types that a search parameter of ours points at; they decide how a value becomes index entries. */
export type ElementType =
  | 'boolean'
  | 'code'
  | 'string'
  | 'Identifier'
  | 'CodeableConcept'
  | 'ContactPoint'
  | 'HumanName'
  | 'Address'
  | 'Reference'
  | 'Period'
  | 'uri';

/** https://hl7.org/fhir/R4/searchparameter.html, as far as a server needs it at run time. */
export interface SearchParameter {
  readonly code: string;
  readonly kind: IndexKind;
  /** FHIRPath of the elements, for this one type. */
  readonly path: string;
  readonly of: ElementType;
  /** May a resource have several values? */
  readonly multiple: boolean;
  /** Types that a reference may point at. */
  readonly targets: readonly string[];
  /** The system that the values of a `code` element have by their binding. */
  readonly system: string | undefined;
  /** Of identifiers that a client sees in part: how the systems begin that it may name, and must. */
  readonly systems?: readonly string[];
  /** Canonical URL of the SearchParameter. */
  readonly definition: string;
}

/** By resource type, then by code. */
export type SearchParameters = ReadonlyMap<string, ReadonlyMap<string, SearchParameter>>;

/**
 * `*` after the type: several values. `->` names the targets of a reference. `=` names the system of a code. A path or
 * definition that begins with a slash is of ours: that extension, that SearchParameter.
 */
type Row = readonly [code: string, of: string, path: string, definition?: string];

const address: readonly Row[] = [
  ['address', 'Address*', '.address'],
  ['address-city', 'string*', '.address.city'],
  ['address-country', 'string*', '.address.country'],
  ['address-postalcode', 'string*', '.address.postalCode'],
  ['address-state', 'string*', '.address.state'],
  ['address-use', 'code* = http://hl7.org/fhir/address-use', '.address.use'],
];

const telecom: readonly Row[] = [
  ['email', 'ContactPoint*', ".telecom.where(system='email')", 'individual-email'],
  ['phone', 'ContactPoint*', ".telecom.where(system='phone')", 'individual-phone'],
  ['telecom', 'ContactPoint*', '.telecom', 'individual-telecom'],
];

/**
 * R4's parameters of the types that we publish (https://hl7.org/fhir/R4/searchparameter-registry.html) and our own.
 * Left out: `phonetic` (needs an algorithm for Welsh and English names alike) and `near` (ESR has no coordinates).
 */
const table: Readonly<Record<string, readonly Row[]>> = {
  Practitioner: [
    ['active', 'boolean', '.active'],
    ...address.map(([code, of, path]): Row => [code, of, path, `individual-${code}`]),
    ['communication', 'CodeableConcept*', '.communication'],
    ['family', 'string*', '.name.family', 'individual-family'],
    ['gender', 'code = http://hl7.org/fhir/administrative-gender', '.gender', 'individual-gender'],
    ['given', 'string*', '.name.given', 'individual-given'],
    ['identifier', 'Identifier*', '.identifier'],
    ['name', 'HumanName*', '.name'],
    ...telecom,
  ],
  PractitionerRole: [
    ['active', 'boolean', '.active'],
    ['date', 'Period', '.period'],
    ['endpoint', 'Reference* -> Endpoint', '.endpoint'],
    ['identifier', 'Identifier*', '.identifier'],
    ['location', 'Reference* -> Location', '.location'],
    ['organization', 'Reference -> Organization', '.organization'],
    ['practitioner', 'Reference -> Practitioner', '.practitioner'],
    ['role', 'CodeableConcept*', '.code'],
    ['service', 'Reference* -> HealthcareService', '.healthcareService'],
    ['specialty', 'CodeableConcept*', '.specialty'],
    ...telecom,
    ['department', 'Reference -> Organization', '/department'],
    ['position', 'Reference -> Basic', '/position'],
    ['position-number', 'Identifier', '/position-number'],
    ['staff-group', 'CodeableConcept', '/staff-group'],
    ['assignment-status', 'CodeableConcept', '/assignment-status'],
  ],
  Organization: [
    ['active', 'boolean', '.active'],
    ...address,
    ['endpoint', 'Reference* -> Endpoint', '.endpoint'],
    ['identifier', 'Identifier*', '.identifier'],
    ['name', 'string*', '.name|.alias'],
    ['partof', 'Reference -> Organization', '.partOf'],
    ['type', 'CodeableConcept*', '.type'],
  ],
  Location: [
    ...address,
    ['endpoint', 'Reference* -> Endpoint', '.endpoint'],
    ['identifier', 'Identifier*', '.identifier'],
    ['name', 'string*', '.name|.alias'],
    ['organization', 'Reference -> Organization', '.managingOrganization'],
    ['partof', 'Reference -> Location', '.partOf'],
    ['status', 'code = http://hl7.org/fhir/location-status', '.status'],
    ['type', 'CodeableConcept*', '.type'],
  ],
  Basic: [
    ['code', 'CodeableConcept', '.code'],
    ['identifier', 'Identifier*', '.identifier'],
    ['department', 'Reference -> Organization', '/department'],
    ['job-role', 'CodeableConcept*', '/job-role'],
    ['position-status', 'CodeableConcept', '/position-status'],
    ['position-vacant', 'boolean', '/position-vacant'],
    ['staff-group', 'CodeableConcept', '/staff-group'],
  ],
  Subscription: [
    ['contact', 'ContactPoint*', '.contact'],
    ['criteria', 'string', '.criteria'],
    ['payload', 'code', '.channel.payload'],
    ['status', 'code = http://hl7.org/fhir/subscription-status', '.status'],
    ['type', 'code = http://hl7.org/fhir/subscription-channel-type', '.channel.type'],
    ['url', 'uri', '.channel.endpoint'],
    ['topic', 'uri', '.criteria', '/topic'],
  ],
};

const kinds: Readonly<Record<ElementType, IndexKind>> = {
  boolean: 'token',
  code: 'token',
  string: 'string',
  Identifier: 'token',
  CodeableConcept: 'token',
  ContactPoint: 'token',
  HumanName: 'string',
  Address: 'string',
  Reference: 'reference',
  Period: 'date',
  uri: 'uri',
};

/**
 * Every search parameter that is served. `canonicalBase`: root of our own canonical URLs, without a trailing slash.
 */
export function searchParameters(canonicalBase: string): SearchParameters {
  const byType = new Map<string, ReadonlyMap<string, SearchParameter>>();
  for (const [type, rows] of Object.entries(table)) {
    byType.set(type, new Map(rows.map((row) => [row[0], parameter(type, row, canonicalBase)])));
  }
  return byType;
}

function parameter(type: string, [code, of, path, definition]: Row, base: string): SearchParameter {
  const match = /^([A-Za-z]+)(\*?)(?: -> (\S+))?(?: = (\S+))?$/.exec(of);
  const element = match?.[1] as ElementType;
  const own = path.startsWith('/');
  return {
    code,
    kind: kinds[element],
    path: own
      ? `${type}.extension.where(url='${base}/StructureDefinition${path}').value`
      : path
          .split('|')
          .map((part) => `${type}${part}`)
          .join(' | '),
    of: element,
    multiple: match?.[2] === '*',
    targets: match?.[3]?.split(',') ?? [],
    system: match?.[4],
    definition:
      own || definition?.startsWith('/') === true
        ? `${base}/SearchParameter/${code}`
        : `http://hl7.org/fhir/SearchParameter/${definition ?? `${type}-${code}`}`,
  };
}
