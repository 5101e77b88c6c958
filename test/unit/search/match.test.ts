import { expect } from 'chai';
import { bindSearch } from '../../../server/search/bind.ts';
import { compileExtract } from '../../../server/search/extract.ts';
import { type Indexed, matches, type Resolver } from '../../../server/search/match.ts';
import { searchParameters } from '../../../server/search/parameters.ts';
import { parseSearch } from '../../../server/search/parse.ts';
import { canonicalBase, exampleResources } from './example-resources.ts';

const parameters = searchParameters(canonicalBase);
const extract = compileExtract(parameters);
const indexed = exampleResources.map(
  (resource): Indexed => ({
    type: resource.resourceType,
    id: resource.id,
    at: Date.parse('2026-11-23T12:00:00.500Z'),
    index: extract(resource),
  }),
);
const resolver: Resolver = {
  get: (reference) => indexed.find(({ type, id }) => `${type}/${id}` === reference),
  referring: (type, param, target) =>
    indexed.filter(
      (one) =>
        one.type === type && one.index.some((e) => e.kind === 'reference' && e.param === param && e.target === target),
    ),
};

function finds(type: string, raw: string): boolean {
  const parsed = parseSearch(raw);
  if (!parsed.ok) throw new Error(raw);
  const context = { parameters, contract: 'v1', type, base: 'https://api.example', lenient: false, now: 0 };
  const bound = bindSearch(parsed.value, context);
  if (!bound.ok) throw new Error(bound.problems.map(({ message }) => message).join());
  const resource = indexed.find((one) => one.type === type);
  return resource !== undefined && matches(bound.value.query.where, resource, resolver);
}

/** Searches that find the example resource of their type, and searches that do not. */
const found = {
  Practitioner: [
    '',
    '_id=p1',
    'identifier=C1234567',
    'identifier=|no-system',
    'identifier=https://fhir.hl7.org.uk/Id/gmc-number|',
    'family=jon',
    "name=O'B",
    'name=mair',
    'given:exact=Siân',
    'name:contains=ones',
    'email=sian.jones@EXAMPLE.nhs.uk',
    'gender:not=male',
    'address-city=PEN',
    '_has:PractitionerRole:practitioner:active=false',
    '_lastUpdated=2026-11-23',
    '_lastUpdated=ge2026-11-23T12:00:00Z',
    'communication=en&communication=urn:ietf:bcp:47|cy',
  ],
  PractitionerRole: [
    'active=false',
    'date=le2026-03-31&date=ge2026-03-31',
    'date=ge2024-04-01',
    'date=sa2024-03-31',
    'date=eb2026-04-01',
    'date=ne2026',
    'date=eq2024-01-01,ap2025',
    'organization:identifier=RXX',
    'organization.identifier=urn:ods|RXX',
    'practitioner.family=jones',
    'location:missing=false',
    'department:missing=false',
    'position-number=1001',
    'staff-group=urn:sg|2',
    'role=01005',
    'position.code=position',
  ],
  Location: ['status=active', 'name=ty maw', 'name=big', 'organization.active=true', 'address-use=work'],
};
const missed = {
  Practitioner: [
    '_id=p2',
    'identifier=|1234567',
    'family:exact=jones',
    'family=ones',
    'given:exact=Sian',
    'gender:not=female',
    'gender:missing=true',
    '_has:PractitionerRole:practitioner:active=true',
    '_lastUpdated=lt2026-11-23',
    '_lastUpdated=gt2026-11-23T12:00:00Z',
  ],
  PractitionerRole: [
    'active=true',
    'date=le2026-04-01&date=ge2026-04-01',
    'date=2025',
    'date=gt2026-03-31',
    'date=lt2024-04-01',
    'date=sa2024-04-01',
    'organization=o2',
    'organization.active=false',
    'department.name=x',
    'organization=Location/o1',
  ],
  Location: ['status=inactive', 'partof=l1', 'type:missing=true'],
};

describe('search/match', () => {
  for (const [type, queries] of Object.entries(found)) {
    for (const query of queries) it(`${type}?${query} finds`, () => expect(finds(type, query)).to.equal(true));
  }
  for (const [type, queries] of Object.entries(missed)) {
    for (const query of queries) it(`${type}?${query} does not find`, () => expect(finds(type, query)).to.equal(false));
  }
});
