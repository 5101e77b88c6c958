/** What the CapabilityStatement says of a type besides its interactions and parameters. */
export interface PublishedType {
  readonly type: string;
  /** Canonical URLs; `{base}` stands for the root of our own. */
  readonly profiles: readonly string[];
}

/** Types whose resources are stored. UK Core is claimed, NHS England's closed profiles are not (nhs-fhir.md, D1). */
export const storedTypes: readonly PublishedType[] = [
  { type: 'Practitioner', profiles: ['https://fhir.hl7.org.uk/StructureDefinition/UKCore-Practitioner'] },
  { type: 'PractitionerRole', profiles: ['https://fhir.hl7.org.uk/StructureDefinition/UKCore-PractitionerRole'] },
  { type: 'Organization', profiles: ['https://fhir.hl7.org.uk/StructureDefinition/UKCore-Organization'] },
  { type: 'Location', profiles: ['https://fhir.hl7.org.uk/StructureDefinition/UKCore-Location'] },
  { type: 'Basic', profiles: ['{base}/StructureDefinition/ESRPosition'] },
];

/** Types whose resources clients make, each seen by its owner. */
export const clientOwnedTypes: readonly PublishedType[] = [
  {
    type: 'Subscription',
    profiles: ['http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription'],
  },
];

/** Types that are rendered when they are read, with the search parameters that their readers know. */
export const renderedTypes: readonly (PublishedType & {
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
})[] = [
  {
    type: 'AuditEvent',
    profiles: [],
    parameters: [
      { name: '_id', type: 'token' },
      { name: '_lastUpdated', type: 'date' },
      { name: 'action', type: 'token' },
      { name: 'agent', type: 'reference' },
      { name: 'date', type: 'date' },
      { name: 'entity', type: 'reference' },
      { name: 'entity-type', type: 'token' },
      { name: 'outcome', type: 'token' },
      { name: 'source', type: 'reference' },
      { name: 'subtype', type: 'token' },
      { name: 'type', type: 'token' },
    ],
  },
  { type: 'Provenance', profiles: [], parameters: [{ name: 'target', type: 'reference' }] },
];
