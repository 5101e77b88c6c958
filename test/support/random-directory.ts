import { type Dice, dice } from './dice.ts';
import type { TestResource } from './fhir-rig.ts';

const canonical = 'https://esr-fhir.example/StructureDefinition';
const words = [
  'Jones',
  'jones',
  'JONES',
  'Jönsson',
  'O’Brien',
  "O'Brien",
  'Łukasz',
  'Ann',
  'Anna',
  'Tŷ Mawr',
  'straße',
  'STRASSE',
  '%_',
  'a,b',
  'a|b\\c$d',
  '\u{1f600}x',
  '\ufffd',
  '𝒜lpha',
  'x',
  'van der  Berg',
  'Ł',
];
const days = ['2025-03-29', '2025-03-30', '2025-12-31', '2026-01-01', '2026-02-28', '2026-04-01', '2026-04-02'];
const gmc = 'https://fhir.hl7.org.uk/Id/gmc-number';

/** How many resources of each type; ids overlap between types. */
const sizes = { Organization: 60, Location: 40, Basic: 120, Practitioner: 900, PractitionerRole: 1_500 } as const;

/** A directory in which every searched element is absent, single or multiple, and few values are much alike. */
export function randomDirectory(seed: number): readonly TestResource[] {
  const random = dice(seed);
  return (Object.keys(sizes) as (keyof typeof sizes)[]).flatMap((type) =>
    Array.from({ length: sizes[type] }, (_, n) => ({
      resourceType: type,
      id: `${type === 'Basic' ? 'b.' : 'r-'}${n}`,
      ...without(makers[type](random)),
    })),
  );
}

const makers: Readonly<Record<keyof typeof sizes, (random: Dice) => Readonly<Record<string, unknown>>>> = {
  Organization: (random) => ({
    ...common(random),
    active: maybe(random, 0.8, () => random.chance(0.7)),
    name: maybe(random, 0.9, () => random.pick(words)),
    alias: list(random, 2, () => random.pick(words)),
    type: list(random, 2, () => concept(random)),
    address: list(random, 2, () => address(random)),
    partOf: maybe(random, 0.7, () => reference(random, 'Organization')),
  }),
  Location: (random) => ({
    ...common(random),
    status: maybe(random, 0.8, () => random.pick(['active', 'suspended', 'inactive'])),
    name: maybe(random, 0.9, () => random.pick(words)),
    alias: list(random, 2, () => random.pick(words)),
    type: list(random, 2, () => concept(random)),
    address: maybe(random, 0.6, () => address(random)),
    managingOrganization: maybe(random, 0.7, () => reference(random, 'Organization')),
    partOf: maybe(random, 0.5, () => reference(random, 'Location')),
  }),
  Basic: (random) => ({
    ...common(random),
    code: random.chance(0.9) ? concept(random, 1) : undefined,
    extension: extensions(random, ['department', 'job-role', 'position-status', 'position-vacant', 'staff-group']),
  }),
  Practitioner: (random) => ({
    ...common(random),
    active: maybe(random, 0.8, () => random.chance(0.7)),
    name: list(random, 3, () => ({
      text: maybe(random, 0.3, () => random.pick(words)),
      family: maybe(random, 0.8, () => random.pick(words)),
      given: list(random, 2, () => random.pick(words)),
    })),
    telecom: list(random, 2, () => telecom(random)),
    address: list(random, 2, () => address(random)),
    gender: maybe(random, 0.7, () => random.pick(['male', 'female', 'other', 'unknown'])),
    communication: list(random, 2, () => concept(random)),
  }),
  PractitionerRole: (random) => ({
    ...common(random),
    active: maybe(random, 0.8, () => random.chance(0.7)),
    period: maybe(random, 0.8, () => period(random)),
    practitioner: maybe(random, 0.9, () => reference(random, 'Practitioner')),
    organization: maybe(random, 0.8, () => reference(random, 'Organization')),
    code: list(random, 2, () => concept(random)),
    specialty: list(random, 2, () => concept(random)),
    location: list(random, 3, () => reference(random, 'Location')),
    healthcareService: list(random, 2, () => reference(random, 'HealthcareService')),
    telecom: list(random, 2, () => telecom(random)),
    extension: extensions(random, ['department', 'position', 'position-number', 'staff-group', 'assignment-status']),
  }),
};

const values: Readonly<Record<string, (random: Dice) => Readonly<Record<string, unknown>>>> = {
  department: (random) => ({ valueReference: reference(random, 'Organization') }),
  position: (random) => ({ valueReference: reference(random, 'Basic') }),
  'position-number': (random) => ({ valueIdentifier: identifier(random) }),
  'job-role': (random) => ({ valueCodeableConcept: concept(random) }),
  'position-status': (random) => ({ valueCodeableConcept: concept(random, 1) }),
  'position-vacant': (random) => ({ valueBoolean: random.chance(0.3) }),
  'staff-group': (random) => ({ valueCodeableConcept: concept(random, 1) }),
  'assignment-status': (random) => ({ valueCodeableConcept: concept(random, 1) }),
};

function extensions(random: Dice, names: readonly string[]): readonly object[] | undefined {
  const chosen = names.filter(() => random.chance(0.7));
  return chosen.length === 0
    ? undefined
    : chosen.map((name) => ({ url: `${canonical}/${name}`, ...values[name]?.(random) }));
}

function common(random: Dice): Readonly<Record<string, unknown>> {
  return {
    identifier: list(random, 3, () => identifier(random)),
    endpoint: list(random, 2, () => reference(random, 'Endpoint')),
  };
}

function identifier(random: Dice): object {
  const system = random.pick([undefined, 'urn:a', 'urn:b', gmc]);
  const digits = String(1_000_000 + random.number(40));
  return without({
    system,
    value: maybe(random, 0.95, () => (random.chance(0.2) ? `C${digits}` : digits)),
    type: maybe(random, 0.4, () => concept(random)),
  });
}

function concept(random: Dice, codings = 2): object {
  const coding = Array.from({ length: codings }, () =>
    without({
      system: random.pick([undefined, 'urn:x', 'urn:y']),
      code: maybe(random, 0.95, () => String(random.number(12))),
      display: maybe(random, 0.5, () => random.pick(words)),
    }),
  );
  return without({
    coding: codings === 1 || random.chance(0.8) ? coding.slice(0, 1 + random.number(codings)) : undefined,
    text: maybe(random, 0.5, () => random.pick(words)),
  });
}

function telecom(random: Dice): object {
  const system = random.pick(['email', 'phone', 'fax']);
  return without({ system, value: maybe(random, 0.9, () => `${random.pick(['A', 'a', 'B'])}${random.number(9)}@x`) });
}

function address(random: Dice): object {
  const text = (share: number) => maybe(random, share, () => random.pick(words));
  return without({
    use: maybe(random, 0.6, () => random.pick(['home', 'work', 'temp'])),
    line: list(random, 2, () => random.pick(words)),
    city: text(0.6),
    state: text(0.4),
    postalCode: text(0.4),
    country: text(0.3),
  });
}

function period(random: Dice): object {
  const [start, end] = [random.pick(days), random.pick(days)].toSorted();
  const exact = random.chance(0.1);
  return without({
    start: maybe(random, 0.8, () => (exact ? `${start}T09:00:00+01:00` : start)),
    end: maybe(random, 0.6, () => (exact ? `${end}T23:30:00Z` : end)),
  });
}

/** Some point at nothing, some are logical alone. */
function reference(random: Dice, type: string): object {
  const size = sizes[type as keyof typeof sizes] ?? 5;
  const id = `${type === 'Basic' ? 'b.' : 'r-'}${random.number(Math.min(size, 60) + 4)}`;
  return without({
    reference: maybe(random, 0.9, () => `${type}/${id}`),
    identifier: maybe(random, 0.5, () => identifier(random)),
  });
}

function maybe<T>(random: Dice, share: number, make: () => T): T | undefined {
  return random.chance(share) ? make() : undefined;
}

function list<T>(random: Dice, max: number, make: () => T): readonly T[] | undefined {
  const length = random.number(max + 1);
  return length === 0 ? undefined : Array.from({ length }, make);
}

function without(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
