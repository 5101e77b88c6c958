import { keyRing } from '../../server/keys/key-ring.ts';
import { openSqlite } from '../../server/store/sqlite/open.ts';
import { at, resource, suiteDisclosures, suiteSchema, tenantOf } from './store-fixture.ts';

/**
 * One of several processes on one folder: opens it at once with the others, makes the tenant if it is the first, then
 * writes `count` resources of its own. Arguments: folder, master key (hex), name, count.
 */
const [, , folder = '', master = '', name = '', count = '0'] = process.argv;

const store = await openSqlite({
  directory: folder,
  keys: keyRing(Buffer.from(master, 'hex')),
  schema: suiteSchema,
  disclosures: suiteDisclosures,
});
await store.createTenant('one').catch(() => undefined);
for (let n = 0; n < Number(count); n += 1) {
  await tenantOf(store, 'one').transact([resource(`${name}-${n}`)], at(0));
  await store.system.documents.put('child', `${name}-${n}`, '{}');
}
await store.close();
