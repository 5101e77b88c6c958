import { randomBytes } from 'node:crypto';
import { keyRing } from '../../server/keys/key-ring.ts';
import { openSqlite } from '../../server/store/sqlite/open.ts';
import { suiteDisclosures, suiteSchema, temporaryFolder } from '../support/store-fixture.ts';
import { describeAudit } from '../support/store-suite-audit.ts';
import { describeTenants } from '../support/store-suite-tenants.ts';
import { describeStore } from './describe-store.ts';

const place = (auditThread: boolean) => async () => {
  const { path, clear } = await temporaryFolder();
  const keys = keyRing(randomBytes(32));
  const shared = { directory: path, keys, schema: suiteSchema, disclosures: suiteDisclosures };
  return { open: () => openSqlite({ ...shared, auditThread }), clear };
};

describeStore('SQLite', place(false));
describeStore('SQLite whose audit rows a thread appends', place(true), [describeAudit, describeTenants]);
