import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { keyRing } from '../../server/keys/key-ring.ts';
import type { Query } from '../../server/search/query.ts';
import { openMongo } from '../../server/store/mongo/open.ts';
import { compile, resolverOf } from '../../server/store/mongo/query.ts';
import { tenantParts } from '../../server/store/mongo/tenant-parts.ts';
import type { Store } from '../../server/store/port.ts';
import { dropDatabases, freshDatabase, mongoUri, uriOf } from '../support/mongo-place.ts';
import { at, reference, refusal, resource, suiteDisclosures, tenantOf, text, token } from '../support/store-fixture.ts';

type Shape = readonly [name: string, where: Query['where'], index: string, by?: 'id' | 'sequence'];

/** Every shape of search and the index that serves it; what has none of its own walks the type in order. */
const shapes: readonly Shape[] = [
  ['everything, in the order of _lastUpdated', { is: 'all' }, 'updated'],
  ['everything, by id', { is: 'all' }, 'id', 'id'],
  ['ids', { is: 'id', ids: ['p1', 'p2'] }, '_id_', 'id'],
  ['a code', { is: 'token', param: 'identifier', code: '7' }, 'keys'],
  ['a code of a system', { is: 'token', param: 'identifier', system: 'esr', code: '7' }, 'keys'],
  ['a system', { is: 'token', param: 'identifier', system: 'esr' }, 'keys'],
  ['a string prefix', { is: 'string', param: 'family', match: 'prefix', value: 'ow' }, 'keys'],
  ['an exact string', { is: 'string', param: 'family', match: 'exact', value: 'Owens' }, 'keys'],
  ['a part of a string', { is: 'string', param: 'family', match: 'contains', value: 'wen' }, 'keys'],
  ['a reference', { is: 'reference', param: 'link', targets: ['Organization/o1'] }, 'keys'],
  ['a URI', { is: 'uri', param: 'url', value: 'http://a' }, 'keys'],
  ['a date', { is: 'date', param: 'date', prefix: 'ge', low: 1, high: 2 }, 'dates', 'id'],
  ['an element that is there', { is: 'not', of: { is: 'missing', param: 'family' } }, 'keys'],
  ['a time of update', { is: 'lastUpdated', prefix: 'ge', low: 1, high: 2 }, 'updated'],
  [
    'a chain, when it is answered',
    { is: 'chain', param: 'link', type: 'Practitioner', where: { is: 'token', param: 'identifier', code: '7' } },
    'keys',
  ],
];

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
  });

  after(async () => {
    await store.close();
    await raw.close();
    await dropDatabases(base, database);
  });

  const resources = () => raw.useDb(`${database}-shared`).collection('resource');
  const compiled = (where: Query['where'], by: 'id' | 'sequence' = 'sequence') => {
    const connection = raw.useDb(`${database}-shared`);
    const parts = tenantParts({ connection, tenant: `one.${life}`, prefix: '', majorityReads: false });
    const sort = { by, descending: false } as const;
    const query: Query = { contract: 'v1', type: 'Practitioner', where, sort, count: 20, total: false };
    return compile(query, resolverOf('v1', parts.resource, parts.batch));
  };

  it(`has an index that is there, led by the tenant (${shapes.length} shapes)`, async () => {
    const indexes = await resources().listIndexes().toArray();
    const byName = new Map(indexes.map(({ name, key }) => [name as string, Object.keys(key as object)]));
    for (const [name, , index] of shapes) expect([...byName.keys()], name).to.include(index);
    for (const [name, fields] of byName) if (name !== '_id_') expect(fields[0], name).to.equal('tenant');
  });

  it('asks by a field that leads its index, right behind what every search fixes', async () => {
    const indexes = await resources().listIndexes().toArray();
    for (const [name, where, index, by] of shapes) {
      const { matching, reading } = await compiled(where, by);
      const fixed = ['tenant', ...Object.keys(matching).filter((field) => field === 'of')];
      const fields = Object.keys(indexes.find((one) => one['name'] === index)?.['key'] ?? {});
      const [next = ''] = fields.filter((field) => !fixed.includes(field));
      const asked = JSON.stringify([matching, reading.sort], (_, value) =>
        value instanceof RegExp ? 'a pattern' : value,
      );
      expect(asked, name).to.include(`"${next.split('.')[0]}"`);
    }
  });

  it('is planned on that index, where the server explains', async function () {
    const explained = await refusal(resources().find({}).explain());
    if (explained !== undefined) this.skip();
    for (const [name, where, index, by] of shapes) {
      const { page, reading } = await compiled(where, by);
      const query = resources().find({ ...page, tenant: `one.${life}` } as never);
      const plan = await query
        .sort({ ...reading.sort })
        .limit(20)
        .explain('queryPlanner');
      expect(JSON.stringify(plan), name).to.include(`"indexName":"${index}"`);
      expect(JSON.stringify(plan), name).to.not.include('COLLSCAN');
    }
  });
}
