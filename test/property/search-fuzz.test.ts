import { expect } from 'chai';
import { bindSearch } from '../../server/search/bind.ts';
import { matchedPage, type Placed, type Resolver } from '../../server/search/match.ts';
import { parseSearch } from '../../server/search/parse.ts';
import type { Query } from '../../server/search/query.ts';
import type { TenantStore } from '../../server/store/port.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { type FhirRig, fhirRig, parameters } from '../support/fhir-rig.ts';
import { randomDirectory } from '../support/random-directory.ts';
import { type RandomSearch, randomSearches } from '../support/random-search.ts';
import { placed, resolverOf } from '../support/search-resolver.ts';
import { onEmbeddedStore, provable } from '../support/store-under-test.ts';

const whole = process.env['VERIFY'] === '1';
/** A server without indexes answers slowly; it is asked fewer. */
const searches = whole ? 5_000 : onEmbeddedStore ? 300 : 120;
const seed = 20_261_123;
/** Of each search, so many pages are compared. */
const pagesMax = 5;

describe('search: the store and match.ts agree', () => {
  let rig: FhirRig;
  let store: TenantStore;
  let resources: readonly Placed[];
  let resolver: Resolver;

  before(async function () {
    this.timeout(120_000);
    rig = await fhirRig(['rxx']);
    const directory = await provable(randomDirectory(seed));
    for (let from = 0; from < directory.length; from += 90) await rig.put('rxx', directory.slice(from, from + 90));
    const again = await provable(randomDirectory(seed + 1));
    await rig.put(
      'rxx',
      again.filter((_, n) => n % 11 === 0),
    );
    await rig.put(
      'rxx',
      again.filter((_, n) => n % 23 === 0),
      true,
    );
    store = rig.store.tenant(grantTenant('rxx', 'operator'));
    const keys = directory.map(({ resourceType: type, id }) => ({ contract: 'v1', type, id }));
    resources = placed(await store.resources.readMany(keys));
    resolver = resolverOf(resources);
  });
  after(() => rig.close());

  function bound({ type, query }: RandomSearch): Query {
    const parsed = parseSearch(query);
    const base = 'https://api.example/t/rxx/fhir/v1';
    const context = { parameters, contract: 'v1', type, base, lenient: false, now: rig.now.getTime() };
    const result = parsed.ok ? bindSearch(parsed.value, context) : parsed;
    if (!result.ok) throw new Error(`${type}?${query}: ${result.problems.map(({ message }) => message).join()}`);
    return result.value.query;
  }

  it(`on ids, order, pages and totals of ${searches} searches that use the whole grammar`, async function () {
    this.timeout(whole ? 1_800_000 : onEmbeddedStore ? 120_000 : 600_000);
    const made = randomSearches(parameters, resources, seed);
    const used = new Set<string>();
    const wrong: string[] = [];
    let found = 0;
    for (let n = 0; n < searches; n++) {
      const search = made.nth(n);
      for (const use of search.uses) used.add(use);
      const asked = bound(search);
      const { total } = matchedPage({ ...asked, count: 0 }, resources, resolver);
      found += Number(total > 0);
      const count = Math.max(1, Math.ceil(total / (1 + (n % pagesMax))));
      let query: Query = { ...asked, count, total: true };
      for (;;) {
        const page = await store.resources.search(query);
        const expected = matchedPage(query, resources, resolver);
        const got = { ids: page.matches.map(({ id }) => id), next: page.next, total: page.total };
        const same = JSON.stringify(got) === JSON.stringify({ ...expected, total: query.total ? total : undefined });
        if (!same) wrong.push(`${n} ${search.type}?${decodeURIComponent(search.query)}`);
        if (!same || page.next === undefined) break;
        query = { ...query, total: false, after: page.next };
      }
    }
    expect(wrong).to.deep.equal([]);
    if (searches >= 300) expect(made.all.filter((use) => !used.has(use))).to.deep.equal([]);
    expect(found / searches).to.be.greaterThan(0.5);
  });
});
