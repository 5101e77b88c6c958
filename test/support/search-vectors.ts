import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { bindSearch } from '../../server/search/bind.ts';
import { matchedPage, type Placed, type Resolver } from '../../server/search/match.ts';
import { parseSearch } from '../../server/search/parse.ts';
import type { Query } from '../../server/search/query.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { bearer, type FhirRig, fhirRig, type OpenStore, parameters, publicUrl, type TestResource } from './fhir-rig.ts';
import { placed, resolverOf } from './search-resolver.ts';

const folder = fileURLToPath(new URL('../../conformance/vectors/search/', import.meta.url));
const base = `${publicUrl}/t/rxx/fhir/v1`;
const authorization = bearer('rxx', 'system/*.rs');

/** Batches are written one second apart, the first at 2026-11-23T12:00:00Z, which is also the time of asking. */
interface VectorFile {
  readonly title: string;
  readonly batches: readonly (readonly TestResource[])[];
  readonly cases: readonly Case[];
}

interface Case {
  readonly it: string;
  readonly type: string;
  /** Values as they are, not percent-encoded; `{base}` stands for the FHIR base. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Matches in order; absent where the search is refused. */
  readonly ids?: readonly string[];
  /** Of all matches where it is not the number of `ids`. */
  readonly total?: number;
  /** `Type/id` of what is included, in any order. */
  readonly included?: readonly string[];
  /** Names of the elements of a resource in the answer, in order. */
  readonly elements?: Readonly<Record<string, string>>;
  /** 400 where the search is refused. */
  readonly status?: number;
}

interface Bundle {
  readonly total?: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource: TestResource; readonly search: { readonly mode: string } }[];
}

/** Runs `conformance/vectors/search/*.json` over HTTP on a store, and by `search/match.ts`. */
export function describeSearchVectors(name: string, open: OpenStore): void {
  for (const file of readdirSync(folder).toSorted()) {
    const vector = JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as VectorFile;
    describe(`${vector.title} (${file}), on ${name}`, () => {
      let rig: FhirRig;
      let resources: readonly Placed[];

      before(async () => {
        rig = await fhirRig(['rxx'], {}, open);
        for (const batch of vector.batches) await rig.put('rxx', batch);
        const keys = vector.batches.flat().map(({ resourceType: type, id }) => ({ contract: 'v1', type, id }));
        resources = placed(await rig.store.tenant(grantTenant('rxx', 'operator')).resources.readMany(keys));
      });
      after(() => rig.close());

      for (const one of vector.cases) {
        it(`${one.it}: ${one.type}?${written(one)}`, async () => {
          if (one.status !== undefined) {
            expect((await ask(rig, 'GET', one)).statusCode).to.equal(one.status);
          } else {
            await overHttp(rig, one);
            inMemory(rig, one, resources);
          }
        });
      }
    });
  }
}

function pairs({ query }: Case): readonly (readonly [string, string])[] {
  return Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value.replace('{base}', base)] as const),
  );
}

function written(one: Case): string {
  return pairs(one)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function encoded(one: Case): string {
  return pairs(one)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}

function ask(rig: FhirRig, method: 'GET' | 'POST', one: Case, more = '') {
  const query = `${encoded(one)}${more}`;
  const url = `/t/rxx/fhir/v1/${one.type}`;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  return method === 'GET'
    ? rig.app.inject({ url: `${url}?${query}`, headers: { authorization } })
    : rig.app.inject({ method, url: `${url}/_search`, headers: { authorization, ...form }, payload: query });
}

async function overHttp(rig: FhirRig, one: Case): Promise<void> {
  for (const method of ['GET', 'POST'] as const) {
    const response = await ask(rig, method, one, '&_total=accurate');
    expect(response.statusCode, response.body).to.equal(200);
    const bundle = response.json() as Bundle;
    expect(names(bundle, 'match')).to.deep.equal(expected(one));
    expect(bundle.total).to.equal(one.total ?? one.ids?.length);
    expect(names(bundle, 'include')).to.have.members(one.included ?? names(bundle, 'include'));
    for (const [name, elements] of Object.entries(one.elements ?? {})) {
      const found = bundle.entry?.find(({ resource }) => `${resource.resourceType}/${resource.id}` === name);
      expect(Object.keys(found?.resource ?? {}).toSorted()).to.deep.equal(elements.split(' '));
    }
  }
  if ((one.ids ?? []).length < 2) return;
  for (const count of [1, 2]) {
    const seen: string[] = [];
    let bundle = (await ask(rig, 'GET', one, `&_count=${count}`)).json() as Bundle;
    for (;;) {
      seen.push(...names(bundle, 'match'));
      const next = bundle.link.find(({ relation }) => relation === 'next')?.url;
      if (next === undefined) break;
      const response = await rig.app.inject({ url: next.slice(publicUrl.length), headers: { authorization } });
      bundle = response.json() as Bundle;
    }
    expect(seen, `in pages of ${count}`).to.deep.equal(expected(one));
  }
}

function names({ entry = [] }: Bundle, mode: string): readonly string[] {
  return entry
    .filter(({ search }) => search.mode === mode)
    .map(({ resource }) => `${resource.resourceType}/${resource.id}`);
}

function expected({ type, ids = [] }: Case): readonly string[] {
  return ids.map((id) => `${type}/${id}`);
}

function inMemory(rig: FhirRig, one: Case, resources: readonly Placed[]): void {
  const parsed = parseSearch(encoded(one));
  const context = { parameters, contract: 'v1', type: one.type, base, lenient: false, now: rig.now.getTime() };
  const bound = parsed.ok ? bindSearch(parsed.value, context) : parsed;
  if (!bound.ok) throw new Error(bound.problems.map(({ message }) => message).join());
  const resolver = resolverOf(resources);
  const whole = matchedPage(bound.value.query, resources, resolver);
  expect(whole.ids).to.deep.equal(one.ids);
  expect(whole.total).to.equal(one.total ?? one.ids?.length);
  if (bound.value.query.count > 0) expect(inPages(bound.value.query, resources, resolver)).to.deep.equal(one.ids);
}

function inPages(query: Query, resources: readonly Placed[], resolver: Resolver): readonly string[] {
  const seen: string[] = [];
  let page = matchedPage({ ...query, count: 1 }, resources, resolver);
  for (;;) {
    seen.push(...page.ids);
    if (page.next === undefined) return seen;
    page = matchedPage({ ...query, count: 1, after: page.next }, resources, resolver);
  }
}
