import { randomBytes } from 'node:crypto';
import { keyRing } from '../../server/keys/key-ring.ts';
import { openSqlite, type SqliteOptions } from '../../server/store/sqlite/open.ts';
import { suiteDisclosures, suiteSchema, temporaryFolder } from '../support/store-fixture.ts';
import { describeAudit } from '../support/store-suite-audit.ts';
import { describeDelivery } from '../support/store-suite-delivery.ts';
import { describeTenants } from '../support/store-suite-tenants.ts';
import { describeStore } from './describe-store.ts';

const place = (how: Pick<SqliteOptions, 'serving' | 'rowsBeforeThread'>) => async () => {
  const { path, clear } = await temporaryFolder();
  const keys = keyRing(randomBytes(32));
  const shared = { directory: path, keys, schema: suiteSchema, disclosures: suiteDisclosures };
  return { open: () => openSqlite({ ...shared, ...how }), clear };
};

describeStore('SQLite', place({}));
describeStore('SQLite whose audit rows and deliveries threads write', place({ serving: true }), [
  describeAudit,
  describeDelivery,
  describeTenants,
]);
describeStore('SQLite whose batches a thread writes', place({ rowsBeforeThread: 0 }));
