import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { until } from '../support/house-command.ts';
import { type TenantDocument, type TestHouse, testHouse, trustX, trustY } from '../support/house-open.ts';
import { serveTestHouse, type TestServer } from '../support/house-server.ts';
import { type NatsServer, natsProgram, natsServer } from '../support/nats-server.ts';
import { needs } from '../support/needs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const names = ['ESR-rxx', 'ESR-ryy'];
const published = (trust: TenantDocument) => ({ ...trust, settings: { publishEvents: true } });
const quiet: TenantDocument = { id: 'rzz', name: 'Quiet Trust', ods: ['RZZ'], vpds: ['500'] };

/** Against the real server: build it with `go install github.com/nats-io/nats-server/v2@latest`. */
describe('Publishing to NATS JetStream', () => {
  const folder = temporaryFolder('nats');
  let nats: NatsServer;
  let connection: NatsConnection;
  let house: TestHouse;
  let server: TestServer;
  let events = 0;

  before(async function () {
    needs(this, 'program nats-server', natsProgram !== undefined);
    nats = await natsServer(present(natsProgram, 'the program'), folder.path);
    house = await testHouse([published(trustX), published(trustY), quiet], undefined, undefined, { nats: nats.url });
    server = await serveTestHouse(house);
    connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  });
  after(async () => {
    await connection?.close();
    await server?.stop();
    await house?.close();
    await nats?.kill();
    folder.remove();
  });

  /** Commits a batch of events; their ids, in order. */
  const happen = async (tenant: string, count: number, topic = 'starter-created') => {
    const store = house.store(tenant);
    const { at } = await store.head();
    const now = new Date().toISOString();
    const time = now < at ? at : now;
    const ids = Array.from({ length: count }, (_, index) => `e${events + index + 1}`);
    events += count;
    const ops = ids.map((id) => {
      const data = {
        tenant,
        contract: 'v1',
        correlationId: 'f1',
        focus: { reference: 'PractitionerRole/p', version: 1 },
      };
      return { op: 'event', tenant, topic, body: JSON.stringify({ id, type: topic, time, data }) } as const;
    });
    await store.transact(ops, time);
    return ids;
  };
  const stored = async () => {
    const manager = await jetstreamManager(connection);
    const streams = await Promise.all(names.map((name) => manager.streams.info(name)));
    return streams.reduce((sum, { state }) => sum + state.messages, 0);
  };
  const messages = async (filter: string, count: number) => {
    const consumer = await jetstream(connection).consumers.get(`ESR-${filter.split('.')[0]}`, {
      filter_subjects: filter,
    });
    const found: { subject: string; id: string; body: { id: string } }[] = [];
    for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) {
      const id = present(message.headers, 'headers').get('Nats-Msg-Id');
      found.push({ subject: message.subject, id, body: message.json<{ id: string }>() });
      if (found.length === count) break;
    }
    return found;
  };
  const storedIs = (count: number) =>
    until(`${count} messages`, 20, async () => ((await stored().catch(() => 0)) === count ? true : undefined));

  it('publishes every event once, in order, under its tenant and topic', async () => {
    const x = [...(await happen('rxx', 30)), ...(await happen('rxx', 5, 'leaver-confirmed'))];
    const y = await happen('ryy', 10);
    await storedIs(45);
    const theirs = await messages('rxx.esr.>', 35);
    expect(theirs.map(({ id }) => id)).to.deep.equal(x);
    expect(theirs.map(({ body }) => body.id)).to.deep.equal(x);
    expect(new Set(theirs.map(({ subject }) => subject))).to.deep.equal(
      new Set(['rxx.esr.starter-created', 'rxx.esr.leaver-confirmed']),
    );
    expect((await messages('ryy.esr.>', 10)).map(({ id }) => id)).to.deep.equal(y);
  });

  it('publishes nothing of a tenant that does not want it, and all of it once it does', async () => {
    const ids = await happen('rzz', 3);
    const manager = await jetstreamManager(connection);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    for await (const { config } of manager.streams.list()) expect(config.name).to.be.oneOf(names);
    await house.house.tenants.set('rzz', 'publishEvents', 'true');
    await until('its stream', 10, () =>
      manager.streams.info('ESR-rzz').then(
        ({ state }) => (state.messages === 3 ? true : undefined),
        () => undefined,
      ),
    );
    expect((await messages('rzz.esr.>', 3)).map(({ id }) => id)).to.deep.equal(ids);
    await house.house.tenants.set('rzz', 'publishEvents', 'false');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await happen('rzz', 1);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await manager.streams.info('ESR-rzz')).state.messages).to.equal(3);
  }).timeout(20_000);

  it('loses nothing while the broker is away, and says nothing twice that it has', async () => {
    const before = await stored();
    await nats.kill();
    await happen('rxx', 20);
    await nats.start();
    await storedIs(before + 20);
    await server.stop();
    const { system } = house.house.store;
    const lease = await system.leases.acquire('publish/rxx', 'test', 30, new Date());
    // As after a crash between the broker's answer and our note.
    await house
      .store('rxx')
      .delivery.write([{ row: 'note', kind: 'matched', id: 'publisher', body: null }], present(lease, 'the lease'));
    await system.leases.release(present(lease, 'the lease'));
    server = await serveTestHouse(house);
    const [more] = await happen('rxx', 1);
    await storedIs(before + 21);
    const all = await messages('rxx.esr.>', 56);
    expect(new Set(all.map(({ id }) => id)).size).to.equal(56);
    expect(all.at(-1)?.id).to.equal(more);
  }).timeout(60_000);
});
