import type { TestResource } from './fhir-rig.ts';

const base = 'https://esr-fhir.example';
const extension = (name: string) => `${base}/StructureDefinition/${name}`;
export const personSystem = `${base}/Id/rxx/esr-person-id`;
export const gmcSystem = 'https://fhir.hl7.org.uk/Id/gmc-number';

interface Person {
  readonly id: string;
  readonly gender: string;
  readonly department: string;
  readonly group: string;
  readonly site: string;
}

/** Four people, one in each of the wards a (with a1 below) and b; every element that can be masked is there. */
export const people: readonly Person[] = [
  { id: 'p1', gender: 'female', department: 'a', group: 'nursing', site: 's1' },
  { id: 'p2', gender: 'male', department: 'a1', group: 'nursing', site: 's2' },
  { id: 'p3', gender: 'female', department: 'b', group: 'medical', site: 's3' },
  { id: 'p4', gender: 'other', department: 'a', group: 'medical', site: 's1' },
];

export function practitioner({ id, gender }: Pick<Person, 'id' | 'gender'>): TestResource {
  return {
    ...{ resourceType: 'Practitioner', id, active: true, gender, birthDate: `198${id[1]}-01-01` },
    identifier: [
      { system: personSystem, value: id },
      { system: gmcSystem, value: `123456${id[1]}` },
    ],
    name: [{ family: `Family${id}`, given: ['Ann'], prefix: ['Dr'] }],
    telecom: [{ system: 'email', value: `${id}@example.org` }],
    address: [{ city: `City${id}` }],
    qualification: [{ code: { text: 'GMC' } }],
  };
}

export function role({ id, department, group, site }: Person): TestResource {
  return {
    ...{ resourceType: 'PractitionerRole', id: id.replace('p', 'r'), active: true },
    extension: [
      { url: extension('department'), valueReference: { reference: `Organization/${department}` } },
      { url: extension('position'), valueReference: { reference: `Basic/${id.replace('p', 'b')}` } },
      {
        url: extension('staff-group'),
        valueCodeableConcept: { coding: [{ system: 'urn:groups', code: group }], text: group },
      },
      { url: extension('grade'), valueCodeableConcept: { text: `grade of ${id}` } },
    ],
    period: { start: '2020-01-01' },
    practitioner: { reference: `Practitioner/${id}`, identifier: { system: personSystem, value: id } },
    organization: { reference: 'Organization/e' },
    location: [{ reference: `Location/${site}` }],
    telecom: [{ system: 'phone', value: `0${id[1]}` }],
  };
}

function position({ id, department, group }: Person): TestResource {
  return {
    ...{ resourceType: 'Basic', id: id.replace('p', 'b'), code: { coding: [{ code: 'position' }] } },
    extension: [
      { url: extension('department'), valueReference: { reference: `Organization/${department}` } },
      { url: extension('staff-group'), valueCodeableConcept: { coding: [{ system: 'urn:groups', code: group }] } },
    ],
  };
}

function part(resourceType: string, id: string, above?: string): TestResource {
  const partOf = above === undefined ? {} : { partOf: { reference: `${resourceType}/${above}` } };
  return { resourceType, id, name: `Name ${id}`, ...partOf };
}

/** A small trust: employer e with wards a (a1 below) and b, sites s1 (s2 in it) and s3. */
export const wardDirectory: readonly TestResource[] = [
  ...[part('Organization', 'e'), part('Organization', 'a', 'e'), part('Organization', 'a1', 'a')],
  ...[part('Organization', 'b', 'e'), part('Location', 's1'), part('Location', 's2', 's1'), part('Location', 's3')],
  ...people.flatMap((person) => [practitioner(person), role(person), position(person)]),
];
