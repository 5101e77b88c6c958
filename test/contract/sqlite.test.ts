import { randomBytes } from 'node:crypto';
import { keyRing } from '../../server/keys/key-ring.ts';
import { openSqlite } from '../../server/store/sqlite/open.ts';
import { suiteDisclosures, suiteSchema, temporaryFolder } from '../support/store-fixture.ts';
import { describeStore } from './describe-store.ts';

describeStore('SQLite', async () => {
  const { path, clear } = await temporaryFolder();
  const keys = keyRing(randomBytes(32));
  return {
    open: () => openSqlite({ directory: path, keys, schema: suiteSchema, disclosures: suiteDisclosures }),
    clear,
  };
});
