import { expect } from 'chai';
import { subscriptionOperator } from '../../server/events/operator.ts';
import { shownEvents } from '../../server/events/shown-events.ts';
import { type DeliveryRig, deliveryRig, type RigClient } from '../support/delivery-rig.ts';
import { type HookReceiver, hookReceiver, notificationOf } from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';

describe('What an operator does about delivery', () => {
  let rig: DeliveryRig;
  let hook: HookReceiver;
  let client: RigClient;

  beforeEach(async () => {
    hook = await hookReceiver();
    rig = await deliveryRig();
    client = await rig.client('rxx');
  });
  afterEach(async () => {
    await rig.close();
    await hook.stop();
  });

  const operator = () => {
    const { clock, settings } = rig.house.house;
    return subscriptionOperator(rig.house.store('rxx'), ['v1'], { clock, canonicalBase: settings.canonicalBase });
  };
  const told = (path: string, kind = 'event-notification') =>
    hook.received.filter((one) => one.path === path).filter((one) => notificationOf(one).kind === kind);
  const numbersAt = (path: string) => told(path).flatMap((one) => notificationOf(one).numbers);
  const active = async (path: string) => {
    const id = await client.subscribe(`${hook.url}${path}`, { maxCount: 1 });
    await until('active', 5, async () => ((await client.subscription(id)).status === 'active' ? true : undefined));
    return id;
  };

  it('pauses a subscription, whose events are counted and wait, and resumes it', async () => {
    const id = await active('/p');
    await operator().pause(id);
    await until('paused', 5, async () => ((await operator().get(id)).subscription.paused === null ? undefined : true));
    await rig.happen('rxx', ['p1', 'p2']);
    const waiting = await until('counted', 5, async () => {
      const { subscription } = await operator().get(id);
      return subscription.lag === 2 ? subscription : undefined;
    });
    expect(waiting.waitingSince).to.match(/^\d{4}-/);
    expect(numbersAt('/p')).to.deep.equal([]);
    await operator().resume(id);
    await until('told', 5, async () => (numbersAt('/p').length === 2 ? true : undefined));
    expect(numbersAt('/p')).to.deep.equal([1, 2]);
    await until('none waits', 5, async () => ((await operator().get(id)).subscription.lag === 0 ? true : undefined));
  });

  it('obeys in the order in which it was asked', async () => {
    const id = await active('/o');
    for (let n = 0; n < 5; n += 1) for (const ask of ['pause', 'resume'] as const) await operator()[ask](id);
    const { delivery } = rig.house.store('rxx');
    const asked = () => delivery.asked();
    const order = [...(await asked()).values()].map((body) => JSON.parse(body).do);
    expect(order.join()).to.match(/^(?:resume,)?(?:pause,resume,?)*$/);
    await until('obeyed', 5, async () => ((await asked()).size === 0 ? true : undefined));
    expect((await operator().get(id)).subscription.paused).to.equal(null);
  });

  it('tests an endpoint without an event, also while it is paused, and sees what came of it', async () => {
    const id = await active('/t');
    await operator().pause(id);
    hook.behave(() => 418);
    await operator().test(id);
    const last = await until('noted', 5, async () => {
      const { attempts } = await operator().get(id);
      return attempts.find(({ kind }) => kind === 'heartbeat');
    });
    expect(last).to.include({ status: 418, error: 'http-4xx', from: 0 });
    expect(told('/t', 'heartbeat')).to.have.length(1);
    expect((await client.subscription(id)).status).to.equal('active');
    expect((await operator().get(id)).subscription.failing).to.equal(null);
  });

  it('replays from a number or a time, and refuses what is not there', async () => {
    const id = await active('/r');
    await rig.happen('rxx', ['p1', 'p2', 'p3']);
    await until('told', 5, async () => (numbersAt('/r').length === 3 ? true : undefined));
    expect(await operator().replay(id, { from: 2 })).to.deep.equal({ from: 2, to: 3 });
    await until('again', 5, async () => (numbersAt('/r').length === 5 ? true : undefined));
    expect(await operator().replay(id, { since: '2026-01-01T00:00:00Z' })).to.deep.equal({ from: 1, to: 3 });
    await until('all', 5, async () => (numbersAt('/r').length === 8 ? true : undefined));
    expect(numbersAt('/r')).to.deep.equal([1, 2, 3, 2, 3, 1, 2, 3]);
    for (const wrong of [operator().replay(id, { from: 9 }), operator().replay('nobody', { from: 1 })]) {
      const error = await wrong.catch((thrown: Error) => thrown);
      expect(error).to.be.instanceOf(Error);
    }
  });

  it('is told by a dead letter of an event that cannot be read, whose number keeps no other one waiting', async () => {
    const id = await active('/x');
    const { delivery } = rig.house.store('rxx');
    await rig.happen('rxx', ['p1']);
    await until('told', 5, async () => (numbersAt('/x').length === 1 ? true : undefined));
    const [event] = await delivery.events(id, 1, 1, 1);
    if (event === undefined) throw new Error('no event');
    const whole = { resources: rig.house.store('rxx').resources, whole: () => true, allRows: false, hidden: undefined };
    const shown = await shownEvents('v1', [{ ...event, about: 'no JSON' }, event], 'full-resource', whole);
    expect(shown.map(({ withheld, unreadable }) => [withheld, unreadable])).to.deep.equal([
      [true, true],
      [false, undefined],
    ]);
    // What was told once is told again, but never of another contract or of another life of the tenant.
    const versions = { vread: async ({ contract }: { contract: string }) => ({ contract, body: Buffer.alloc(0) }) };
    const seen = { ...whole, allRows: true, resources: versions as unknown as typeof whole.resources };
    const plain = { ...event, about: '{"event":"e","correlationId":"c"}' };
    const found = async (contract: string, at: string) =>
      (await shownEvents(contract, [{ ...plain, at }], 'id-only', seen))[0]?.version;
    const first = await found('v1', event.at);
    expect(await found('v1', event.at)).to.equal(first);
    expect((await found('v2', event.at))?.contract).to.equal('v2');
    expect((await found('v1', event.at))?.contract).to.equal('v1');
    expect(await found('v1', '2030-01-01T00:00:00.000Z')).to.not.equal(first);
    // A store that is away for a moment is no event that cannot be read.
    const away = { ...whole.resources, vread: () => Promise.reject(new Error('connection closed')) };
    const failed = shownEvents('v1', [event], 'full-resource', { ...whole, resources: away });
    expect(
      await failed.then(
        () => 'shown',
        () => 'tried again',
      ),
    ).to.equal('tried again');
  });
});
