import { expect } from 'chai';
import type { ProjectedUnit } from '../../../server/commit/projected.ts';
import { present } from '../../../server/core/assert.ts';
import { underIngestLease } from '../../../server/ingest/ingest-lease.ts';
import { receivedFile } from '../../../server/ingest/ledger.ts';
import type { IngestParts } from '../../../server/ingest/parts.ts';
import { publishResources } from '../../../server/ingest/publish-resources.ts';
import type { Unit } from '../../../server/record/unit.ts';
import type { FileRow, TenantStore } from '../../../server/store/port.ts';
import { grantTenant } from '../../../server/tenancy/grant.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';

/** Enough for several batches, the last of which a thread writes. */
const units = Array.from({ length: 1_500 }, (_, at): Unit => ({ kind: 'person', id: `p${String(at + 10_000)}` }));
const idOf = (at: number) => present(units[at], 'a unit').id;

/** Ids of the resources that a unit shows, beside the one that has its own id. */
type Shown = Readonly<Record<string, readonly string[]>>;

const projected = (unit: Unit, shown: Shown): ProjectedUnit => ({
  unit,
  resources: [unit.id, ...(shown[unit.id] ?? [])].map((id) => ({
    type: 'Practitioner',
    id,
    resource: { resourceType: 'Practitioner', id, meta: { profile: ['urn:p'] }, shownBy: unit.id },
    sources: [],
  })),
  warnings: [],
  due: null,
});

describe('publishing the resources of a file', () => {
  let house: TestHouse;
  let store: TenantStore;

  beforeEach(async () => {
    house = await testHouse([trustX]);
    store = house.house.ingest.store.tenant(grantTenant('rxx', 'operator'));
  });
  afterEach(() => house.close());

  const about = { name: 'f', source: 'test', receivedAt: '2026-11-23T09:00:00.000Z', bytes: 1, sha256: '' };
  const publish = async (id: string, shown: Shown): Promise<FileRow> => {
    const file = receivedFile({ ...about, id });
    const { ingest } = house.house;
    const projector = {
      mapping: 'test',
      project: async (some: readonly Unit[]) => some.map((unit) => projected(unit, shown)),
      origin: () => undefined,
    };
    const parts: IngestParts = { ...ingest, parameters: new Map(), projectors: () => [{ contract: 'v1', projector }] };
    const tenant = present((await parts.tenants())[0], 'a tenant');
    return underIngestLease(parts, { tenant, store }, 1_000, async (running) => {
      const { at } = await store.head();
      const now = at > parts.clock.now().toISOString() ? at : parts.clock.now().toISOString();
      await store.transact([{ op: 'work-add', tenant: 'rxx', units, file: id }], now);
      return publishResources(running, file);
    });
  };
  const read = async (id: string) => {
    const found = await store.resources.read({ contract: 'v1', type: 'Practitioner', id });
    const { shownBy } = JSON.parse(found?.body.toString() ?? '') as { readonly shownBy: string };
    return { version: found?.version, shownBy };
  };

  it('makes one version of every unit’s resource, and counts them all', async () => {
    expect(await publish('f1', {})).to.include({ created: units.length, changed: 0, removed: 0 });
    expect((await store.resources.counts('v1'))['Practitioner']).to.equal(units.length);
    expect(await store.records.work(1)).to.deep.equal([]);
    expect(await publish('f2', {})).to.include({ created: 0, changed: 0, removed: 0 });
  }).timeout(20_000);

  it('looks again at a resource that the batch under way makes a version of', async () => {
    // Neighbours of two batches: the first ones are written by the caller, the last ones by a thread.
    for (const [first, second] of [
      [399, 400],
      [799, 800],
      [1199, 1200],
    ] as const) {
      const shared = `x${first}`;
      await publish(`f${first}`, { [idOf(first)]: [shared], [idOf(second)]: [shared] });
      expect(await read(shared)).to.deep.equal({ version: 2, shownBy: idOf(second) });
    }
  }).timeout(20_000);

  it('lets a resource move between units that are far apart', async () => {
    await publish('f1', { [idOf(3)]: ['x'], [idOf(1_490)]: ['y'] });
    const moved = await publish('f2', { [idOf(1_490)]: ['x'], [idOf(3)]: ['y'] });
    expect(moved.created + moved.changed).to.be.at.least(2);
    expect((await read('x')).shownBy).to.equal(idOf(1_490));
    expect((await read('y')).shownBy).to.equal(idOf(3));
  }).timeout(20_000);
});
