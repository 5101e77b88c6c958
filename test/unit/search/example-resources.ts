/** Resources that use every element a search parameter looks at. */
export const canonicalBase = 'https://esr-fhir.example';

const extension = (name: string, value: Readonly<Record<string, unknown>>) => ({
  url: `${canonicalBase}/StructureDefinition/${name}`,
  ...value,
});

const address = {
  use: 'work',
  text: 'Ward 7, Bro Morgannwg',
  line: ['Ward 7', 'North Wing'],
  city: 'Pen-y-bont',
  district: 'Bridgend',
  state: 'Wales',
  postalCode: 'ZZ99 3VZ',
  country: 'GB',
};

const telecom = [
  { system: 'email', value: 'Sian.Jones@example.nhs.uk' },
  { system: 'phone', value: '01234 567890' },
  { system: 'phone' },
];

export const practitioner = {
  resourceType: 'Practitioner',
  id: 'p1',
  identifier: [
    { system: 'https://fhir.hl7.org.uk/Id/gmc-number', value: '1234567' },
    { value: 'no-system' },
    { system: 'urn:no-value' },
  ],
  active: true,
  name: [
    {
      use: 'official',
      text: 'Dr Siân Jones',
      family: 'Jones',
      given: ['Siân', 'Mair'],
      prefix: ['Dr'],
      suffix: ['MBE'],
    },
    { use: 'maiden', family: "O'Brien" },
    { use: 'usual', family: 'Jones', given: ['Siân'] },
  ],
  telecom,
  address: [address],
  gender: 'female',
  communication: [{ coding: [{ system: 'urn:ietf:bcp:47', code: 'cy' }, { code: 'en' }], text: 'Welsh' }],
};

export const practitionerRole = {
  resourceType: 'PractitionerRole',
  id: 'r1',
  extension: [
    extension('department', { valueReference: { reference: 'Organization/dept', display: 'Domestic' } }),
    extension('position', { valueReference: { reference: 'Basic/pos' } }),
    extension('position-number', { valueIdentifier: { system: 'urn:positions', value: '1001' } }),
    extension('staff-group', { valueCodeableConcept: { coding: [{ system: 'urn:sg', code: '2' }], text: 'Nursing' } }),
    extension('assignment-status', { valueCodeableConcept: { coding: [{ system: 'urn:st', code: 'A' }] } }),
    { url: 'https://elsewhere.example/department', valueReference: { reference: 'Organization/other' } },
  ],
  identifier: [{ system: 'urn:assignments', value: '7' }],
  active: false,
  period: { start: '2024-04-01', end: '2026-03-31' },
  practitioner: { reference: 'Practitioner/p1/_history/3', identifier: { system: 'urn:people', value: '11' } },
  organization: { reference: 'Organization/o1', identifier: { system: 'urn:ods', value: 'RXX' } },
  code: [
    {
      coding: [
        { system: 'urn:roles', code: '01005' },
        { system: 'urn:roles', code: '01005' },
      ],
    },
  ],
  specialty: [{ coding: [{ system: 'urn:specialties', code: '320' }] }, { text: 'no coding' }],
  location: [{ reference: 'Location/l1' }, { display: 'somewhere' }, { reference: '#contained' }],
  healthcareService: [{ reference: 'HealthcareService/h1' }],
  telecom,
  endpoint: [{ reference: 'Endpoint/e1' }],
};

export const organization = {
  resourceType: 'Organization',
  id: 'o1',
  identifier: [{ system: 'urn:ods', value: 'RXX' }],
  active: true,
  type: [{ coding: [{ system: 'urn:types', code: 'dept' }] }],
  name: 'Domestic (BRO)',
  alias: ['070 6 Domestic (BRO)'],
  telecom,
  address: [address],
  partOf: { reference: 'Organization/o0' },
  endpoint: [{ reference: 'Endpoint/e1' }],
};

export const location = {
  resourceType: 'Location',
  id: 'l1',
  identifier: [{ system: 'urn:locations', value: '9' }],
  status: 'active',
  operationalStatus: { system: 'urn:beds', code: 'O' },
  name: 'Tŷ Mawr',
  alias: ['Big House'],
  type: [{ coding: [{ code: 'HOSP' }] }],
  address,
  managingOrganization: { reference: 'Organization/o1' },
  partOf: { reference: 'Location/l0' },
  endpoint: [{ reference: 'Endpoint/e1' }],
};

export const basic = {
  resourceType: 'Basic',
  id: 'pos',
  extension: [
    extension('department', { valueReference: { reference: 'Organization/dept' } }),
    extension('staff-group', { valueCodeableConcept: { coding: [{ system: 'urn:sg', code: '2' }] } }),
    extension('job-role', {
      valueCodeableConcept: {
        coding: [
          { system: 'urn:roles', code: '03007' },
          { system: 'urn:occupations', code: 'N6A' },
        ],
      },
    }),
    extension('position-status', { valueCodeableConcept: { coding: [{ system: 'urn:hiring', code: 'active' }] } }),
    extension('position-vacant', { valueBoolean: true }),
  ],
  identifier: [{ system: 'urn:positions', value: '1001' }],
  code: { coding: [{ system: 'urn:kinds', code: 'position' }] },
};

const subscription = {
  resourceType: 'Subscription',
  id: 's1',
  status: 'requested',
  contact: [{ system: 'email', value: 'Roster@Example.org' }],
  reason: 'Roster changes',
  criteria: `${canonicalBase}/SubscriptionTopic/starter-created`,
  channel: { type: 'rest-hook', endpoint: 'https://hook.example/a', payload: 'application/fhir+json' },
};

export const exampleResources = [practitioner, practitionerRole, organization, location, basic, subscription];
