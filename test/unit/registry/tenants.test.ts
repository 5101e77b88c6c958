import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keyRing } from '../../../server/keys/key-ring.ts';
import { registrySnapshot } from '../../../server/registry/snapshot.ts';
import { type TenantRegistry, tenantRegistry } from '../../../server/registry/tenants.ts';
import type { Store } from '../../../server/store/port.ts';
import { needs } from '../../support/needs.ts';
import { rejection } from '../../support/rejection.ts';
import { openUnderTest, removeStore } from '../../support/store-under-test.ts';

const document = { id: 'red', name: 'Red', ods: ['RRR'], vpds: ['277'] };

describe('the registry of tenants', () => {
  let directory: string;
  let store: Store;
  let tenants: TenantRegistry;
  const open = () =>
    openUnderTest({ directory, keys: keyRing(Buffer.alloc(32, 5)), schema: {}, disclosures: () => [] });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'esr-fhir-registry-'));
    store = await open();
    tenants = tenantRegistry(store);
  });
  afterEach(async () => {
    await store.close();
    await removeStore(directory);
    rmSync(directory, { recursive: true, force: true });
  });

  it('keeps tenants over a restart', async () => {
    await tenants.add(document);
    await store.close();
    store = await open();
    expect(await tenantRegistry(store).get('red')).to.include({ name: 'Red' });
  });

  it('refuses a second tenant of the same id, and a VPD that is taken', async () => {
    await tenants.add(document);
    expect(await rejection(tenants.add(document))).to.include({ code: 'conflict' });
    const other = { ...document, id: 'blue', vpds: ['0277'] };
    expect(await rejection(tenants.add(other))).to.include({ code: 'conflict' });
    expect(await tenants.list()).to.have.length(1);
  });

  it('refuses an isolation model that the store does not have, and says which it has', async function () {
    const { isolationModels } = store.capabilities;
    needs(this, 'a store without the other isolation models', !isolationModels.includes('shared'));
    const failure = await rejection(tenants.add({ ...document, isolation: 'shared' }));
    expect(failure.message).to.match(/cannot isolate a tenant by shared, only by database/);
  });

  it('changes no isolation model by a document: the data would stay where they are', async () => {
    await tenants.add(document);
    const capabilities = { ...store.capabilities, isolationModels: ['database', 'shared'] as const };
    const able = tenantRegistry({ ...store, capabilities });
    const failure = await rejection(able.apply({ ...document, isolation: 'shared' }));
    expect(failure.message).to.match(/stand apart by database/);
    expect(await tenants.get('red')).to.include({ isolation: 'database' });
  });

  it('applies a document again without a change', async () => {
    await tenants.apply(document);
    const counter = await store.system.documents.counter();
    await tenants.apply(document);
    expect(await store.system.documents.counter()).to.equal(counter);
    await tenants.apply({ ...document, name: 'Crimson' });
    expect(await tenants.get('red')).to.include({ name: 'Crimson' });
  });

  it('forgets a removed tenant and destroys its data', async () => {
    await tenants.add(document);
    await tenants.remove('red');
    expect(await rejection(tenants.get('red'))).to.include({ code: 'not-found' });
    await tenants.add(document);
    expect(await tenants.list()).to.have.length(1);
  });

  it('is seen by a snapshot of another process after a refresh', async () => {
    const other = await open();
    const snapshot = await registrySnapshot(other);
    await tenants.add(document);
    expect(snapshot.tenant('red')).to.equal(undefined);
    await snapshot.refresh();
    expect(snapshot.tenant('red')).to.include({ name: 'Red' });
    await tenants.setStatus('red', 'suspended');
    await snapshot.refresh();
    expect(snapshot.tenant('red')).to.include({ status: 'suspended' });
    await other.close();
  });
});
