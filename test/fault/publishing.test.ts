import { expect } from 'chai';
import { headWatch } from '../../server/events/head-watch.ts';
import { type EventPublisher, eventPublishing, type PublishedEvent } from '../../server/events/publishing.ts';
import { registrySnapshot } from '../../server/registry/snapshot.ts';
import { until } from '../support/house-command.ts';
import { type TestHouse, testHouse, trustX, trustY } from '../support/house-open.ts';
import { silentLogger } from '../support/silent-logger.ts';

/** A broker of a second kind: what NATS is to `events/publishing.ts`, another may be. */
function listBroker(refuse: (event: PublishedEvent, n: number) => boolean) {
  const kept: PublishedEvent[] = [];
  let asked = 0;
  const publisher: EventPublisher = {
    async publish(event) {
      asked += 1;
      if (refuse(event, asked)) throw new Error('the broker did not say that it has it');
      kept.push(event);
    },
    close: async () => undefined,
  };
  return { kept, publisher };
}

describe('Publishing to a message broker', () => {
  let house: TestHouse;
  const stops: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    house = await testHouse([{ ...trustX, settings: { publishEvents: true } }, trustY]);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await house.close();
  });

  const publishTo = async (publisher: EventPublisher) => {
    const { store, clock } = house.house;
    const registry = await registrySnapshot(store);
    const watch = headWatch((tenant) => house.store(tenant), 25);
    const parts = { registry, watch, publisher, clock, tenantStore: (tenant: string) => house.store(tenant) };
    const made = eventPublishing({
      ...{ ...parts, leases: store.system.leases, logger: silentLogger, audit: async () => undefined },
    });
    const refresh = setInterval(() => void registry.refresh().catch(() => undefined), 50);
    const stop = async () => {
      clearInterval(refresh);
      watch.close();
      await made.stop();
    };
    stops.push(stop);
    return stop;
  };
  const happen = async (tenant: string, ids: readonly string[]) => {
    const store = house.store(tenant);
    const time = (await store.head()).at;
    const body = (id: string) => JSON.stringify({ id, type: 'starter-created', time, data: { tenant } });
    await store.transact(
      ids.map((id) => ({ op: 'event', tenant, topic: 'starter-created', body: body(id) }) as const),
      time,
    );
  };
  const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`);

  it('gives every event in order, at least once, to a broker that fails and that a second process takes over', async () => {
    const { kept, publisher } = listBroker((_event, n) => n % 7 === 3);
    const stop = await publishTo(publisher);
    await happen('rxx', ids(1, 4));
    await until('the first', 20, async () => (kept.some(({ id }) => id === 'e4') ? true : undefined));
    await stop();
    await happen('rxx', ids(5, 8));
    await publishTo(publisher);
    await until('all', 20, async () => (kept.some(({ id }) => id === 'e8') ? true : undefined));
    expect([...new Set(kept.map(({ id }) => id))]).to.deep.equal(ids(1, 8));
    expect(new Set(kept.map(({ tenant }) => tenant))).to.deep.equal(new Set(['rxx']));
  }).timeout(60_000);

  it('gives nothing of a tenant that did not ask for it, or that is suspended, until it does or is resumed', async () => {
    const { tenants } = house.house;
    await tenants.setStatus('rxx', 'suspended');
    const { kept, publisher } = listBroker(() => false);
    await publishTo(publisher);
    await happen('rxx', ['x1']);
    await happen('ryy', ['y1']);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(kept).to.deep.equal([]);
    await tenants.setStatus('rxx', 'active');
    await tenants.set('ryy', 'publishEvents', 'true');
    await until('both', 10, async () => (kept.length === 2 ? true : undefined));
    expect(new Set(kept.map(({ tenant, id }) => `${tenant}/${id}`))).to.deep.equal(new Set(['rxx/x1', 'ryy/y1']));
  }).timeout(30_000);
});
