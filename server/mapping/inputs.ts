import type { RecordKey, RecordType } from '../record/record.ts';
import type { Reading } from './reading.ts';

/**
 * What a template may name. An input holds the fields of a record slice (names of the record schema) and facts that
 * TypeScript computes; the compiler refuses any other name.
 */
export interface Input {
  readonly key: RecordKey | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly facts: Readonly<Record<string, unknown>>;
}

export type Scope = Readonly<Record<string, Input | readonly Input[] | undefined>>;

/** An input of a record's slice and facts about it; absent where the record is. */
export function recordInput(reading: Reading, facts: Input['facts'] = noFacts): Input {
  return { key: reading.key, fields: reading.fields, facts };
}

/** An input of facts alone. */
export function factInput(facts: Input['facts']): Input {
  return { key: undefined, fields: noFacts, facts };
}

const noFacts: Readonly<Record<string, unknown>> = {};

interface InputDeclaration {
  readonly record?: RecordType;
  /** The only fields that a template may name: a change of others leaves the resource alone (`unseen.ts`). */
  readonly fields?: readonly string[];
  /** Fact name → what it says. */
  readonly facts: Readonly<Record<string, string>>;
  readonly list?: true;
}

const reference = 'relative reference to the resource, e.g. `Location/…`';

/** The inputs of each resource. A field of a record and a fact of the same input never share a name. */
export const inputs = {
  Practitioner: {
    person: {
      record: 'person',
      facts: {
        id: 'id of the Practitioner',
        personId: 'ESR Person ID (PRA 2)',
        active: 'some role of theirs has not ended',
        publishBirthDate: 'the tenant switched birth dates on',
      },
    },
    identifiers: {
      list: true,
      facts: { system: 'identifier system of a professional body', value: 'number in its shape' },
    },
    registrations: {
      list: true,
      record: 'registration',
      facts: {
        text: 'part of the register or body; the stated number too where its shape is wrong',
        issuer: 'name of the body',
        system: 'identifier system of the body, where the number has its shape',
        value: 'number in the shape of the body',
      },
    },
  },
  PractitionerRole: {
    assignment: {
      record: 'assignment',
      facts: {
        id: 'id of the PractitionerRole',
        assignmentId: 'ESR Assignment ID (ASA 3)',
        active: 'works in it today',
        periodStart: 'first day',
        periodEnd: 'last day, once known',
      },
    },
    person: { record: 'person', facts: { reference, personId: 'ESR Person ID (PRA 2)' } },
    employer: { facts: { reference, ods: 'ODS code', display: 'name' } },
    department: { record: 'organisation', facts: { reference, display: 'name without VPD prefix and level' } },
    location: { record: 'location', facts: { reference, display: 'description, else code without prefixes' } },
    position: {
      record: 'position',
      fields: [
        'jobRole',
        'occupationCode',
        'positionNumber',
        'positionTitle',
        'positionTitleOccupationCode',
        'staffGroup',
      ],
      facts: { reference },
    },
  },
  Organization: {
    organisation: {
      record: 'organisation',
      facts: {
        id: 'id of the Organization',
        organisationId: 'ESR Organisation ID (ORA 2)',
        active: 'a slice is in force today',
        ods: 'ODS code, on the one Organization that carries it',
        kind: '`prov` for an employer, `dept` for a department',
        display: 'name without VPD prefix and level',
        alias: 'the raw name, where it differs',
      },
    },
    parent: { facts: { reference, display: 'name without VPD prefix and level' } },
    location: { record: 'location', facts: { reference, display: 'description, else code without prefixes' } },
  },
  Location: {
    location: {
      record: 'location',
      facts: {
        id: 'id of the Location',
        locationId: 'ESR Location ID (LCA 2)',
        status: '`inactive` once the Inactive Date has passed, else `active`',
        display: 'description, else code without prefixes',
        alias: 'the raw code, where it differs',
      },
    },
    employer: { facts: { reference, ods: 'ODS code' } },
  },
  Basic: {
    position: {
      record: 'position',
      facts: {
        id: 'id of the Basic',
        positionId: 'ESR Position ID (POA 2)',
        vacant: 'nobody holds it today',
      },
    },
    department: { record: 'organisation', facts: { reference, display: 'name without VPD prefix and level' } },
  },
} as const satisfies Record<string, Readonly<Record<string, InputDeclaration>>>;

export type MappedResource = keyof typeof inputs;

/** The declarations of a resource's inputs, for the compiler. */
export function inputsOf(resource: MappedResource): Readonly<Record<string, InputDeclaration>> {
  return inputs[resource];
}
