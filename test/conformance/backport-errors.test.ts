import { expect } from 'chai';
import { type DeliveryRig, deliveryRig, fastSchedule, type RigClient } from '../support/delivery-rig.ts';
import { type HookReceiver, hookReceiver, notificationOf } from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';

/** Filters and failures by the Subscriptions R5 Backport 1.1 (`conformance/backport.json`); retries take no time. */
describe('Subscriptions R5 Backport 1.1: failures and heartbeats', () => {
  let rig: DeliveryRig;
  let hook: HookReceiver;
  let client: RigClient;

  let nowMs: number;
  /** Time passes where a test waits, or is made to. */
  const pass = (seconds: number) => {
    nowMs += seconds * 1000;
    rig.house.setTime(new Date(nowMs).toISOString());
  };

  beforeEach(async () => {
    nowMs = Date.parse('2026-11-23T12:00:00.000Z');
    hook = await hookReceiver();
    rig = await deliveryRig(fastSchedule, new Date(nowMs).toISOString());
    client = await rig.client('rxx');
  });
  afterEach(async () => {
    await rig.close();
    await hook.stop();
  });

  const told = (path: string, kind = 'event-notification') =>
    hook.received.filter((one) => one.path === path).filter((one) => notificationOf(one).kind === kind);
  const becomes = (id: string, wanted: string) =>
    until(`${id} is ${wanted}`, 10, async () => {
      pass(0.05);
      return (await client.subscription(id)).status === wanted || undefined;
    });
  const active = async (path: string, wish: Parameters<RigClient['subscribe']>[1] = {}) => {
    const id = await client.subscribe(`${hook.url}${path}`, wish);
    await becomes(id, 'active');
    return id;
  };

  it('B-21, B-31: a handshake that is not accepted makes it error', async () => {
    hook.behave(() => 403);
    const id = await client.subscribe(`${hook.url}/refused`);
    await becomes(id, 'error');
    expect((await client.subscription(id))['error']).to.equal('http-4xx');
  });

  it('B-95, B-135, B-136: every filter must hold, of the values of one any', async () => {
    const both = ['PractitionerRole?practitioner=Practitioner/p2,Practitioner/p3', 'department=d1'];
    await active('/both', { filters: both });
    await active('/neither', { filters: [...both, 'staff-group=none'] });
    await rig.happen('rxx', ['p1', 'p2', 'p3']);
    await until(
      'two',
      5,
      async () => told('/both').flatMap((one) => notificationOf(one).numbers).length === 2 || undefined,
    );
    expect(
      told('/both').flatMap((one) => notificationOf(one).focuses.map((name) => name.split('/').at(-1))),
    ).to.deep.equal([...['p2', 'p3']]);
    expect(told('/neither')).to.deep.equal([]);
  });

  it('B-98: an attempt ends after timeout seconds', async () => {
    const id = await active('/slow', { timeout: 1 });
    hook.behave((_one, n) => (n === 2 ? 'hang' : 200));
    await rig.happen('rxx', ['p1']);
    const [first] = await until('two attempts', 10, async () => {
      pass(0.05);
      const found = await rig.house.store('rxx').delivery.attempts(id, 1, 1, 9);
      return found.length === 2 ? found : undefined;
    });
    expect(first).to.include({ status: null, error: 'timeout' });
    expect(first?.milliseconds).to.be.within(990, 3000);
  });

  it('B-93, B-94, subscriptions_r4_server_heartbeat_conformance: heartbeats come where they were asked for alone', async () => {
    await active('/beat', { heartbeat: 60 });
    await active('/silent');
    pass(61);
    await until('a heartbeat', 5, async () => told('/beat', 'heartbeat').length === 1 || undefined);
    const [beat] = told('/beat', 'heartbeat').map(notificationOf);
    expect(beat).to.deep.include({ status: 'active', count: 0, numbers: [], focuses: [] });
    expect(beat?.bundle.entry).to.have.length(1);
    expect(told('/silent', 'heartbeat')).to.deep.equal([]);
  });

  it('B-16, B-77, B-78, B-79, B-80, B-81, B-82: in error it counts, says so and rests, until its client asks', async () => {
    const id = await active('/down', { heartbeat: 60 });
    hook.behave(() => 503);
    await rig.happen('rxx', ['p1']);
    await becomes(id, 'error');
    await rig.happen('rxx', ['p2', 'p3']);
    await until('counted', 5, async () => (await client.status(id)).count === 3 || undefined);
    expect(await client.status(id)).to.deep.include({ kind: 'query-status', status: 'error', count: 3 });
    hook.behave(() => 200);
    const before = hook.received.length;
    pass(300);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(hook.received.length, 'neither events nor heartbeats').to.equal(before);
    expect((await client.subscription(id)).status).to.equal('error');
    await client.put(id, { status: 'requested' });
    await becomes(id, 'active');
    const numbers = () => hook.received.slice(before).flatMap((one) => notificationOf(one).numbers);
    await until('told', 5, async () => numbers().length === 3 || undefined);
    expect(numbers()).to.deep.equal([1, 2, 3]);
  });
});
