import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { present } from '../../server/core/assert.ts';
import { keyRing } from '../../server/keys/key-ring.ts';
import { bindSearch } from '../../server/search/bind.ts';
import { searchParameters } from '../../server/search/parameters.ts';
import { parseSearch } from '../../server/search/parse.ts';
import type { Predicate, Query } from '../../server/search/query.ts';
import { openMongo } from '../../server/store/mongo/open.ts';
import type { Resolver } from '../../server/store/mongo/predicate.ts';
import { type Compiled, compile, resolverOf } from '../../server/store/mongo/query.ts';
import { tenantParts } from '../../server/store/mongo/tenant-parts.ts';
import type { Store } from '../../server/store/port.ts';
import { everySearch, type NamedSearch } from '../support/every-search.ts';
import { dropDatabases, freshDatabase, mongoUri, uriOf } from '../support/mongo-place.ts';
import { needs } from '../support/needs.ts';
import { at, reference, refusal, resource, suiteDisclosures, tenantOf, text, token } from '../support/store-fixture.ts';

const parameters = searchParameters('https://esr-fhir.example');
const every = everySearch(parameters);
const decision = new URL('../../server/decisions/0009-mongodb-store.md', import.meta.url);

describe('Every search shape on MongoDB', function () {
  this.timeout(60_000);
  if (mongoUri === undefined) it('is proved where MONGODB_URI names a server');
  else describeShapes(mongoUri);
});

function describeShapes(base: string): void {
  const database = freshDatabase();
  let store: Store;
  let raw: Connection;
  let life = '';
  let resolver: Resolver;

  before(async () => {
    const uri = uriOf(base, database);
    store = await openMongo({ uri, keys: keyRing(randomBytes(32)), disclosures: suiteDisclosures });
    await store.createTenant('one', 'shared');
    raw = await mongoose.createConnection(uri).asPromise();
    life = (await raw.collection<{ _id: string; life: string }>('tenant').findOne({ _id: 'one' }))?.life ?? '';
    const index = [token('identifier', 'esr', '7'), text('family', 'Owens'), reference('link', 'Practitioner/p1')];
    const many = Array.from({ length: 300 }, (_, n) =>
      resource(`q${n}`, { index: [token('identifier', 'x', `${n}`)] }),
    );
    await tenantOf(store, 'one').transact([resource('p1', { index }), ...many], at(1));
    const connection = raw.useDb(`${database}-shared`);
    const parts = tenantParts({ connection, tenant: `one.${life}`, prefix: '', majorityReads: false });
    resolver = resolverOf('v1', parts.resource, parts.batch);
  });

  after(async () => {
    await store.close();
    await raw.close();
    await dropDatabases(base, database);
  });

  const resources = () => raw.useDb(`${database}-shared`).collection('resource');
  const indexes = async () =>
    new Map((await resources().listIndexes().toArray()).map((one) => [String(one['name']), Object.keys(one['key'])]));
  const compiled = (query: Query) => compile(query, resolver);

  it(`is served by the index that the decision names, of ${every.length} searches with every parameter, modifier and order`, async () => {
    const there = await indexes();
    const used = new Set<string>();
    const wrong: string[] = [];
    for (const search of every) {
      const query = bound(search);
      const index = named(query.where, query.sort.by);
      const serving = servedBy(await compiled(query));
      if (!serving.includes(index) || !serving.every((one) => there.has(one))) {
        wrong.push(`${search.type}?${search.query}: ${serving.join()} instead of ${index}`);
      }
      used.add(index);
    }
    expect(wrong).to.deep.equal([]);
    const table = readFileSync(decision, 'utf8').matchAll(/^\| [^|]+\| `(\w+)` +\|$/gm);
    expect([...used].toSorted()).to.deep.equal([...new Set([...table].map(([, name = '']) => name))].toSorted());
  });

  it('finds what it asks for right behind what every search fixes, led by the tenant', async () => {
    const there = await indexes();
    for (const [name, fields] of there) if (name !== '_id_') expect(fields[0], name).to.equal('tenant');
    expect(there.get('keys')).to.deep.equal(['tenant', 'of', 'keys', 'sequence', '_id']);
    expect(there.get('dates')?.slice(0, 3)).to.deep.equal(['tenant', 'of', 'dates.param']);
    expect(there.get('updated')).to.deep.equal(['tenant', 'of', 'sequence', '_id']);
    expect(there.get('id')).to.deep.equal(['tenant', 'of', '_id']);
  });

  it('is planned on that index, where the server explains', async function () {
    const explained = await refusal(resources().find({}).explain());
    needs(this, 'explain', explained === undefined);
    const seen = new Set<string>();
    for (const search of every) {
      const query = bound(search);
      const { page, reading } = await compiled(query);
      const shape = JSON.stringify([page, reading.sort], (_, value) =>
        Array.isArray(value) || typeof value === 'object' ? value : '',
      );
      if (seen.has(shape)) continue;
      seen.add(shape);
      const plan = await resources()
        .find({ ...page, tenant: `one.${life}` } as never)
        .sort({ ...reading.sort })
        .limit(20)
        .explain('queryPlanner');
      const said = `${search.type}?${search.query}`;
      expect(JSON.stringify(plan), said).to.include(`"indexName":"${named(query.where, query.sort.by)}"`);
      expect(JSON.stringify(plan), said).to.not.include('COLLSCAN');
    }
  });
}

function bound({ type, query }: NamedSearch): Query {
  const parsed = parseSearch(query);
  const context = { parameters, contract: 'v1', type, base: 'https://api.example/t/one/fhir/v1', lenient: false };
  const result = parsed.ok ? bindSearch(parsed.value, { ...context, now: Date.UTC(2026, 0, 1) }) : parsed;
  if (!result.ok) throw new Error(`${type}?${query}: ${result.problems.map(({ message }) => message).join()}`);
  return result.value.query;
}

/** What decision 0009 says. A shape without an index of its own walks the type in the order of the page. */
function named(where: Predicate, by: Query['sort']['by']): string {
  switch (where.is) {
    case 'token':
    case 'string':
    case 'reference':
    case 'uri':
    case 'chain':
      return 'keys';
    case 'date':
      return 'dates';
    case 'lastUpdated':
      return 'updated';
    case 'id':
    case 'has':
    case 'none':
      return '_id_';
    case 'or':
      return named(present(where.of[0], 'a branch'), by);
    case 'not':
      return where.of.is === 'missing' ? 'keys' : by === 'id' ? 'id' : 'updated';
    default:
      return by === 'id' ? 'id' : 'updated';
  }
}

/** The indexes that bound what a compiled search looks at; throws for a condition that no index knows of. */
function servedBy({ matching, reading }: Compiled): readonly string[] {
  const { of, ...rest } = matching;
  if (typeof of !== 'string') throw new Error('a search is of one type');
  const bounds = boundsOf(rest);
  if (bounds.length > 0) return bounds;
  return ['sequence' in present(reading.sort, 'an order') ? 'updated' : 'id'];
}

function boundsOf(filter: Compiled['matching']): readonly string[] {
  return Object.entries(filter).flatMap(([field, condition]) => {
    const parts = () => (condition as Compiled['matching'][]).map(boundsOf);
    switch (field) {
      case '$and':
        return parts().flat();
      case '$or':
        // One branch without a bound looks at everything.
        return parts().some((branch) => branch.length === 0) ? [] : parts().flat();
      case '$nor':
        return [];
      case 'keys':
        return boundsKeys(condition) ? ['keys'] : [];
      case 'dates':
        return 'param' in (condition as { $elemMatch: object }).$elemMatch ? ['dates'] : [];
      case 'sequence':
        return ['updated'];
      case '_id':
        return ['_id_'];
      default:
        throw new Error(`${field} is in no index`);
    }
  });
}

/** A pattern bounds the index by what stands before its first mark that is not escaped: a parameter's name at least. */
function boundsKeys(condition: unknown): boolean {
  if (typeof condition === 'string') return true;
  if (condition instanceof RegExp) return /^\^[A-Za-z][\w:-]*\\\^/.test(condition.source) && condition.flags === '';
  return Object.keys(condition as object).join() === '$in';
}
