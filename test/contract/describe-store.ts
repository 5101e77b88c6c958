import type { Store } from '../../server/store/port.ts';
import { type StoreContext, type StorePlace, tenantOf } from '../support/store-fixture.ts';
import { describeAudit } from '../support/store-suite-audit.ts';
import { describeBlobs } from '../support/store-suite-blobs.ts';
import { describeDelivery } from '../support/store-suite-delivery.ts';
import { describeLedger } from '../support/store-suite-ledger.ts';
import { describePaging } from '../support/store-suite-paging.ts';
import { describeRecords } from '../support/store-suite-records.ts';
import { describeResources } from '../support/store-suite-resources.ts';
import { describeSearch } from '../support/store-suite-search.ts';
import { describeSorting } from '../support/store-suite-sorting.ts';
import { describeStage } from '../support/store-suite-stage.ts';
import { describeSystem } from '../support/store-suite-system.ts';
import { describeTenants } from '../support/store-suite-tenants.ts';
import { describeTransact } from '../support/store-suite-transact.ts';

/** What every adapter must do, group by group. */
const everyGroup: readonly ((context: StoreContext) => void)[] = [
  describeTenants,
  describeTransact,
  describeResources,
  describeSearch,
  describePaging,
  describeSorting,
  describeRecords,
  describeLedger,
  describeStage,
  describeDelivery,
  describeAudit,
  describeBlobs,
  describeSystem,
];

/**
 * What every adapter must do, whatever it is made of. `place` makes a fresh, empty place whose stores are opened with
 * the suite's schema and disclosures (`test/support/store-fixture.ts`).
 */
export function describeStore(name: string, place: () => Promise<StorePlace>, groups = everyGroup): void {
  describe(`the store contract, on ${name}`, () => {
    let here: StorePlace;
    let stores: Store[] = [];

    const another = async () => {
      const store = await here.open();
      stores.push(store);
      return store;
    };
    const store = () => {
      const [first] = stores;
      if (first === undefined) throw new Error('the store is not open');
      return first;
    };
    const close = async () => {
      for (const each of stores) await each.close();
      stores = [];
    };

    beforeEach(async () => {
      here = await place();
      await another();
      await context.create('one');
      await context.create('two');
    });

    afterEach(async () => {
      await close();
      await here.clear();
    });

    const context: StoreContext = {
      store,
      tenant: (id = 'one') => tenantOf(store(), id),
      another,
      proves: (what) => here.unproved?.includes(what) !== true,
      create: (id) => store().createTenant(id, here.isolation),
      async reopen() {
        await close();
        await another();
      },
    };

    for (const describeGroup of groups) describeGroup(context);
  });
}
