import { expect } from 'chai';
import fc from 'fast-check';
import { compileExtract } from '../../../server/search/extract.ts';
import { type Indexed, matches, type Resolver } from '../../../server/search/match.ts';
import { datePrefixes, type Predicate, type Query } from '../../../server/search/query.ts';
import type { TenantStore } from '../../../server/store/port.ts';
import { grantTenant } from '../../../server/tenancy/grant.ts';
import { type FhirRig, fhirRig, parameters, type TestResource } from '../../support/fhir-rig.ts';

const extract = compileExtract(parameters);
const families = ['Jones', 'jones', 'Jönsson', 'O’Brien', "O'Brien", 'Łukasz', 'Ann', 'Anna', '%_', 'x'];
const days = ['2026-01-01', '2026-06-30', '2026-07-01', '2026-12-31'];

const pick = <T>(from: readonly T[], at: number): T => from[at % from.length] as T;

/** A small town in which every combination of present, absent, single and multiple values occurs. */
function town(): readonly TestResource[] {
  const resources: TestResource[] = [];
  for (let n = 0; n < 6; n++) {
    const partOf = n % 3 === 0 ? {} : { partOf: { reference: `Organization/o${n - 1}` } };
    resources.push({
      resourceType: 'Organization',
      id: `o${n}`,
      name: pick(families, n),
      active: n % 2 === 0,
      ...partOf,
    });
  }
  for (let n = 0; n < 16; n++) {
    const identifier = [{ system: `urn:s${n % 3}`, value: String(n % 4) }, { value: String(n % 3) }].slice(0, n % 3);
    resources.push({
      resourceType: 'Practitioner',
      id: `p${n}`,
      ...(n % 4 === 0 ? {} : { active: n % 2 === 0 }),
      ...(n % 5 === 0
        ? {}
        : { name: [{ family: pick(families, n) }, { family: pick(families, n * 7 + 3), given: ['Ann'] }] }),
      ...(identifier.length === 0 ? {} : { identifier }),
      ...(n % 3 === 0 ? { gender: 'female' } : {}),
    });
  }
  for (let n = 0; n < 24; n++) {
    const period = [{}, { start: pick(days, n) }, { end: pick(days, n) }, { start: pick(days, n), end: '2026-12-31' }];
    resources.push({
      resourceType: 'PractitionerRole',
      id: `r${n}`,
      active: n % 3 === 0,
      practitioner: { reference: `Practitioner/p${n % 18}` },
      ...(n % 4 === 3
        ? {}
        : { organization: { reference: `Organization/o${n % 7}`, identifier: { value: String(n % 3) } } }),
      ...(n % 5 === 0 ? {} : { period: pick(period, n) }),
      ...(n % 2 === 0 ? { location: [{ reference: `Location/l${n % 3}` }, { reference: 'Location/l9' }] } : {}),
      code: [{ coding: [{ system: 'urn:r', code: String(n % 4) }, { code: String(n % 2) }] }],
    });
  }
  return resources;
}

const number = (max: number) => fc.integer({ min: 0, max });
const text = (from: readonly string[]) => fc.constantFrom(...from);

function token(params: readonly string[]): fc.Arbitrary<Predicate> {
  return fc
    .tuple(
      text(params),
      fc.constantFrom(undefined, null, 'urn:s1', 'urn:r'),
      fc.constantFrom(undefined, '0', '1', '2', 'true', 'female'),
    )
    .map(
      ([param, system, code]): Predicate => ({
        is: 'token',
        param,
        ...(system === undefined ? {} : { system }),
        ...(code === undefined && typeof system === 'string' ? {} : { code: code ?? '1' }),
      }),
    );
}

function string(params: readonly string[]): fc.Arbitrary<Predicate> {
  return fc
    .tuple(
      text(params),
      fc.constantFrom('prefix', 'contains', 'exact'),
      text(['jo', 'jones', 'Jones', 'ann', "o'b", 'n', '%', '_', 'lukasz']),
    )
    .map(([param, match, value]): Predicate => ({ is: 'string', param, match, value }));
}

const range = fc.tuple(fc.constantFrom(...datePrefixes), text(days), number(3)).map(([prefix, day, length]) => ({
  prefix,
  low: Date.parse(day),
  high: Date.parse(day) + (length + 1) * 86_400_000,
}));

function leaf(type: string): fc.Arbitrary<Predicate> {
  const id = type === 'Organization' ? 'o' : type === 'Practitioner' ? 'p' : 'r';
  const common: fc.Arbitrary<Predicate>[] = [
    fc.constantFrom<Predicate>({ is: 'all' }, { is: 'none' }),
    fc
      .array(number(30), { minLength: 1, maxLength: 4 })
      .map((ns): Predicate => ({ is: 'id', ids: ns.map((n) => `${id}${n}`) })),
    fc.tuple(fc.constantFrom(...datePrefixes), number(60)).map(([prefix, seconds]): Predicate => {
      const low = Date.parse('2026-11-23T12:00:00Z') + seconds * 1000;
      return { is: 'lastUpdated', prefix, low, high: low + 1000 };
    }),
  ];
  if (type === 'Organization') {
    return fc.oneof(
      ...common,
      string(['name']),
      token(['active']),
      missing(['partof', 'name', 'type']),
      reference('partof', 'Organization/o'),
    );
  }
  if (type === 'Practitioner') {
    return fc.oneof(
      ...common,
      string(['family', 'given', 'name']),
      token(['identifier', 'active', 'gender']),
      missing(['family', 'gender', 'active', 'identifier']),
    );
  }
  const date = range.map((r): Predicate => ({ is: 'date', param: 'date', ...r }));
  return fc.oneof(
    ...common,
    date,
    token(['role', 'active', 'organization:identifier']),
    missing(['date', 'organization', 'location', 'role']),
    reference('organization', 'Organization/o'),
    reference('location', 'Location/l'),
  );
}

const missing = (params: readonly string[]) => text(params).map((param): Predicate => ({ is: 'missing', param }));

const reference = (param: string, prefix: string) =>
  fc.array(number(9), { minLength: 1, maxLength: 3 }).map(
    (ns): Predicate => ({
      is: 'reference',
      param,
      targets: ns.map((n) => `${prefix}${n}`),
    }),
  );

function tree(type: string, depth: number): fc.Arbitrary<Predicate> {
  if (depth === 0) return leaf(type);
  const inner = tree(type, depth - 1);
  const list = fc.array(inner, { minLength: 1, maxLength: 3 });
  const branches: fc.Arbitrary<Predicate>[] = [
    leaf(type),
    list.map((of): Predicate => ({ is: 'and', of })),
    list.map((of): Predicate => ({ is: 'or', of })),
    inner.map((of): Predicate => ({ is: 'not', of })),
  ];
  const chain = (param: string, to: string) =>
    tree(to, depth - 1).map((where): Predicate => ({ is: 'chain', param, type: to, where }));
  const has = (from: string, param: string) =>
    tree(from, depth - 1).map((where): Predicate => ({ is: 'has', type: from, param, where }));
  if (type === 'PractitionerRole')
    branches.push(chain('practitioner', 'Practitioner'), chain('organization', 'Organization'));
  if (type === 'Practitioner') branches.push(has('PractitionerRole', 'practitioner'));
  if (type === 'Organization') branches.push(chain('partof', 'Organization'), has('PractitionerRole', 'organization'));
  return fc.oneof(...branches);
}

describe('search: the compiled query and match.ts agree', () => {
  let rig: FhirRig;
  let store: TenantStore;
  let indexed: readonly Indexed[];

  before(async () => {
    rig = await fhirRig(['rxx']);
    const resources = town();
    for (let at = 0; at < resources.length; at += 3) await rig.put('rxx', resources.slice(at, at + 3));
    const gone = resources.filter(({ id }) => ['p2', 'r5', 'o4'].includes(id));
    await rig.put('rxx', gone, true);
    store = rig.store.tenant(grantTenant('rxx', 'operator'));
    const stored = await store.resources.readMany(
      resources.map(({ resourceType: type, id }) => ({ contract: 'v1', type, id })),
    );
    indexed = stored.map(({ type, id, at, body }) => ({
      type,
      id,
      at: Date.parse(at),
      index: extract(JSON.parse(body.toString())),
    }));
    expect(indexed).to.have.length(resources.length - 3);
  });
  after(() => rig.close());

  const resolver: Resolver = {
    get: (name) => indexed.find(({ type, id }) => `${type}/${id}` === name),
    referring: (type, param, target) =>
      indexed.filter(
        (one) =>
          one.type === type &&
          one.index.some((e) => e.kind === 'reference' && e.param === param && e.target === target),
      ),
  };

  for (const type of ['Organization', 'Practitioner', 'PractitionerRole']) {
    it(`on ${type}, for random trees, in every order and in pages`, async () => {
      const sorts = fc.record({ by: fc.constantFrom('sequence' as const, 'id' as const), descending: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(tree(type, 3), sorts, fc.constantFrom(3, 50), async (where, sort, count) => {
          const query: Query = { contract: 'v1', type, where, sort, count, total: true };
          const expected = indexed
            .filter((one) => one.type === type && matches(where, one, resolver))
            .map(({ id }) => id);
          const found: string[] = [];
          let page = await store.resources.search(query);
          expect(page.total).to.equal(expected.length);
          for (;;) {
            found.push(...page.matches.map(({ id }) => id));
            if (page.next === undefined) break;
            page = await store.resources.search({ ...query, total: false, after: page.next });
          }
          expect(found).to.have.members(expected).and.to.have.length(expected.length);
        }),
        { numRuns: 150 },
      );
    });
  }
});
