import { expect } from 'chai';
import { type DeliveryRig, deliveryRig, fastSchedule, type RigClient } from '../support/delivery-rig.ts';
import { type HookReceiver, hookReceiver, notificationOf } from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';

const many = (n: number, prefix = 'p') => Array.from({ length: n }, (_, i) => `${prefix}${i + 1}`);

describe('Delivery under faults', () => {
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

  const told = (path: string) =>
    hook.received
      .filter((one) => one.path === path)
      .map((one) => ({ ...notificationOf(one), received: one }))
      .filter(({ kind }) => kind === 'event-notification');
  /** Numbers that the receiver took, in the order in which it took them first. */
  const numbersAt = (path: string) => [...new Set(told(path).flatMap(({ numbers }) => numbers))];
  const status = (id: string, wanted: string) =>
    until(`${id} is ${wanted}`, 5, async () => {
      const found = await client.subscription(id);
      return found.status === wanted ? found : undefined;
    });
  const numbered = (path: string, n: number) =>
    until(`${n} events at ${path}`, 10, async () => (numbersAt(path).length >= n ? numbersAt(path) : undefined));
  const letters = async () => [...(await rig.house.store('rxx').delivery.notes('dead-letter')).values()];

  it('counts without gaps in commit order, and sends several events at once, up to maxCount', async () => {
    const id = await client.subscribe(`${hook.url}/a`, { maxCount: 4 });
    await status(id, 'active');
    await rig.happen('rxx', many(10));
    expect(await numbered('/a', 10)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(told('/a').map(({ numbers }) => numbers.length)).to.deep.equal([4, 4, 2]);
    const focuses = told('/a').flatMap(({ focuses: some }) => some);
    expect(focuses).to.deep.equal(many(10).map((p) => `https://api.example/t/rxx/fhir/v1/PractitionerRole/${p}`));
  });

  it('has every notification on record before it leaves, those that leave together as one entry with their numbers', async () => {
    const recorded = () =>
      rig.audited
        .filter(({ interaction }) => interaction === 'notification')
        .flatMap(({ numbers }) => {
          const { from = 1, to = 0 } = numbers ?? {};
          return Array.from({ length: to - from + 1 }, (_, n) => from + n);
        });
    const unrecorded: number[] = [];
    hook.behave((one) => {
      const known = new Set(recorded());
      unrecorded.push(...notificationOf({ bytes: one.bytes }).numbers.filter((number) => !known.has(number)));
      return 200;
    });
    await status(await client.subscribe(`${hook.url}/record`, { maxCount: 1 }), 'active');
    await rig.happen('rxx', many(120));
    await numbered('/record', 120);
    expect(unrecorded).to.deep.equal([]);
    expect(recorded()).to.deep.equal(Array.from({ length: 120 }, (_, n) => n + 1));
    const entries = rig.audited.filter(({ interaction }) => interaction === 'notification');
    expect(entries.length).to.be.lessThan(120);
    expect(new Set(entries.map(({ correlationId }) => correlationId)).size).to.equal(1);
  });

  it('sends what failed again as it was, before anything else', async () => {
    hook.behave((one, n) => (n === 1 || one.headers['webhook-id']?.includes('handshake') ? 200 : n < 4 ? 500 : 200));
    const id = await client.subscribe(`${hook.url}/b`, { maxCount: 2 });
    await status(id, 'active');
    await rig.happen('rxx', many(5));
    await until('all', 5, async () => (told('/b').length >= 5 ? true : undefined));
    const sent = told('/b');
    expect(sent.map(({ numbers }) => numbers.join())).to.deep.equal(['1,2', '1,2', '1,2', '3,4', '5']);
    const ids = new Set(sent.slice(0, 3).map(({ received }) => received.headers['webhook-id']));
    expect(ids.size, 'one id').to.equal(1);
    expect(new Set(sent.slice(0, 3).map(({ received }) => received.bytes.toString())).size, 'one body').to.equal(1);
    const attempts = await until('recorded', 5, async () => {
      const found = await rig.house.store('rxx').delivery.attempts(id, 1, 5, 99);
      return found.length === 5 ? found : undefined;
    });
    expect(attempts.map(({ from, to, status: answer, error }) => [from, to, answer, error])).to.deep.equal([
      [1, 2, 500, 'http-5xx'],
      [1, 2, 500, 'http-5xx'],
      [1, 2, 200, null],
      [3, 4, 200, null],
      [5, 5, 200, null],
    ]);
    for (const { bytes, sha256 } of attempts) expect([bytes > 0, sha256.length]).to.deep.equal([true, 64]);
  });

  it('gets every event to receivers that hang, drop connections, answer slowly or are away for a while', async () => {
    hook.behave((one, n) => {
      if (n % 3 === 0) return 'drop';
      if (one.path === '/slow') return { status: 200, afterMs: 30 };
      return one.path === '/hang' && n === 2 ? 'hang' : 200;
    });
    const paths = ['/slow', '/hang', '/fine'];
    for (const path of paths) {
      await status(await client.subscribe(`${hook.url}${path}`, { maxCount: 1, timeout: 1 }), 'active');
    }
    await rig.happen('rxx', many(3));
    await hook.stop();
    await rig.happen('rxx', many(3, 'q'));
    await hook.restart();
    for (const path of paths) expect(await numbered(path, 6), path).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it('puts a subscription into error when its retries are used up, and goes on where it was once it is asked to', async () => {
    const id = await client.subscribe(`${hook.url}/e`);
    await status(id, 'active');
    hook.behave(() => 503);
    await rig.happen('rxx', many(2));
    const failed = await status(id, 'error');
    expect(failed['error']).to.equal('http-5xx');
    expect(JSON.stringify(failed)).to.not.include('the endpoint says');
    await until('a dead letter', 5, async () => ((await letters()).length === 1 ? true : undefined));
    expect(JSON.parse((await letters())[0] ?? '')).to.include({ subscription: id, from: 1, to: 2, attempts: 5 });
    await rig.happen('rxx', ['while-in-error']);
    hook.behave(() => 200);
    await client.put(id, { status: 'requested' });
    await status(id, 'active');
    expect(await numbered('/e', 3)).to.deep.equal([1, 2, 3]);
    await until('no dead letter', 5, async () => ((await letters()).length === 0 ? true : undefined));
    expect(rig.audited.filter(({ interaction }) => interaction === 'notification').length).to.be.greaterThan(0);
  });

  it('refuses a handshake that fails, and stops for good at 410', async () => {
    hook.behave((one) => (one.path === '/no' ? 404 : one.headers['webhook-id']?.includes('handshake') ? 200 : 410));
    await status(await client.subscribe(`${hook.url}/no`), 'error');
    const id = await client.subscribe(`${hook.url}/gone`);
    await status(id, 'active');
    await rig.happen('rxx', ['p1']);
    await status(id, 'off');
    await rig.happen('rxx', ['p2']);
    expect(numbersAt('/gone')).to.deep.equal([1]);
  });

  it('waits as long as the receiver asks, and follows no redirect', async () => {
    hook.behave((one, n) => {
      if (one.headers['webhook-id']?.includes('handshake')) return 200;
      if (one.path === '/wait') return n === 2 ? { status: 429, headers: { 'retry-after': '1' } } : 200;
      return { status: 302, headers: { location: `${hook.url}/elsewhere` } };
    });
    const id = await client.subscribe(`${hook.url}/redirect`);
    await status(id, 'active');
    await status(await client.subscribe(`${hook.url}/wait`), 'active');
    await rig.happen('rxx', ['p1']);
    expect((await status(id, 'error'))['error']).to.equal('http-3xx');
    await until('twice', 5, async () => (told('/wait').length === 2 ? true : undefined));
    const [first, second] = told('/wait').map(({ received }) => received.atMs);
    expect((second ?? 0) - (first ?? 0)).to.be.greaterThan(990);
    expect(hook.received.some(({ path }) => path === '/elsewhere')).to.equal(false);
  });

  it('is done by one process at a time, and by the next one when that ends', async () => {
    const other = await rig.another();
    const id = await client.subscribe(`${hook.url}/two`, { maxCount: 1 });
    await status(id, 'active');
    await rig.happen('rxx', many(20));
    await numbered('/two', 20);
    expect(told('/two')).to.have.length(20);
    await rig.stopDelivery();
    await rig.happen('rxx', many(5, 'q'));
    expect(await numbered('/two', 25)).to.have.length(25);
    expect(numbersAt('/two')).to.deep.equal(Array.from({ length: 25 }, (_, i) => i + 1));
    await other.stop();
    await rig.startDelivery();
  });

  it('goes on after a stop with what was committed meanwhile, and tells nothing that was before the subscription', async () => {
    await rig.happen('rxx', ['before']);
    const id = await client.subscribe(`${hook.url}/later`);
    await status(id, 'active');
    await rig.stopDelivery();
    await rig.happen('rxx', many(3));
    await rig.startDelivery();
    expect(await numbered('/later', 3)).to.deep.equal([1, 2, 3]);
    await client.put(id, { status: 'off' });
    await rig.happen('rxx', ['while-off']);
    await client.put(id, { status: 'requested' });
    await status(id, 'active');
    await rig.happen('rxx', ['after']);
    await numbered('/later', 4);
    expect(told('/later').at(-1)?.focuses[0]).to.match(/after$/);
  });

  it('tells only what the filters let through', async () => {
    const filters = ['PractitionerRole?practitioner=Practitioner/p2,Practitioner/p4&department=d1'];
    const id = await client.subscribe(`${hook.url}/f`, { filters });
    await status(id, 'active');
    await rig.happen('rxx', many(5), 'starter-created');
    await rig.happen('rxx', ['p2'], 'leaver-confirmed');
    await numbered('/f', 2);
    const last = (name = '') => name.split('/').at(-1);
    expect(told('/f').flatMap(({ focuses }) => focuses.map(last))).to.deep.equal(['p2', 'p4']);
  });

  it('sends events again that an operator asks for', async () => {
    const id = await client.subscribe(`${hook.url}/r`, { maxCount: 1 });
    await status(id, 'active');
    await rig.happen('rxx', many(4));
    await numbered('/r', 4);
    await rig.house.store('rxx').delivery.ask('q1', JSON.stringify({ do: 'replay', subscription: id, from: 3 }));
    await until('replayed', 5, async () => (told('/r').length === 6 ? true : undefined));
    expect(told('/r').flatMap(({ numbers }) => numbers)).to.deep.equal([1, 2, 3, 4, 3, 4]);
  });

  it('keeps no tenant waiting for another one’s receivers', async () => {
    const slow = await rig.client('ryy');
    hook.behave((one) =>
      one.path.startsWith('/stuck') && !one.headers['webhook-id']?.includes('handshake') ? 'hang' : 200,
    );
    for (let n = 0; n < 30; n += 1) await slow.subscribe(`${hook.url}/stuck${n}`, { timeout: 20 });
    const id = await client.subscribe(`${hook.url}/quick`);
    await status(id, 'active');
    await until('stuck ones are active', 10, async () => {
      const found = await rig.house.store('ryy').delivery.notes('progress');
      const active = [...found.values()].filter((body) => body.includes('"status":"active"'));
      return active.length === 30 ? true : undefined;
    });
    await rig.happen('ryy', ['p1']);
    await until('hanging', 5, async () =>
      hook.received.some(({ path, headers }) => path.startsWith('/stuck') && headers['webhook-id']?.endsWith('.1-1'))
        ? true
        : undefined,
    );
    const begun = performance.now();
    await rig.happen('rxx', ['p1']);
    await numbered('/quick', 1);
    expect(performance.now() - begun).to.be.lessThan(1500);
  }).timeout(30_000);
});

describe('A receiver that fails for a moment', () => {
  it('is sent the same at once, and what was prepared after it later', async () => {
    const hook = await hookReceiver();
    const rig = await deliveryRig({ ...fastSchedule, delivery: [0, 0, 0, 0], circuitSeconds: 0 });
    try {
      hook.behave((one, n) => (n % 7 === 0 && !one.headers['webhook-id']?.includes('handshake') ? 500 : 200));
      const client = await rig.client('rxx');
      const id = await client.subscribe(`${hook.url}/f`, { maxCount: 1 });
      await until('active', 5, async () => ((await client.subscription(id)).status === 'active' ? true : undefined));
      await rig.happen('rxx', many(100));
      const numbers = () => hook.received.flatMap((one) => notificationOf(one).numbers);
      await until('all', 5, async () => (new Set(numbers()).size === 100 ? true : undefined));
      const sent = numbers();
      expect([...new Set(sent)]).to.deep.equal(Array.from({ length: 100 }, (_, n) => n + 1));
      // Each failure, and nothing else, is followed by the same number.
      const again = sent.filter((number, at) => number === sent[at - 1]);
      expect(again).to.have.length(sent.length - 100);
      expect(again.length).to.be.greaterThan(10);
    } finally {
      await rig.close();
      await hook.stop();
    }
  });
});

describe('Heartbeats', () => {
  it('come when nothing else does, and never unasked', async () => {
    const hook = await hookReceiver();
    const rig = await deliveryRig(fastSchedule, '2026-11-23T12:00:00.000Z');
    try {
      const client = await rig.client('rxx');
      const beating = await client.subscribe(`${hook.url}/beat`, { heartbeat: 60 });
      const silent = await client.subscribe(`${hook.url}/silent`);
      for (const id of [beating, silent]) {
        await until('active', 5, async () => ((await client.subscription(id)).status === 'active' ? true : undefined));
      }
      const kinds = (path: string) =>
        hook.received.filter((one) => one.path === path).map((one) => notificationOf(one).kind);
      rig.house.setTime('2026-11-23T12:01:01.000Z');
      await until('a heartbeat', 5, async () => (kinds('/beat').length === 2 ? true : undefined));
      rig.house.setTime('2026-11-23T12:02:02.000Z');
      await until('another', 5, async () => (kinds('/beat').length === 3 ? true : undefined));
      expect(kinds('/beat')).to.deep.equal(['handshake', 'heartbeat', 'heartbeat']);
      expect(kinds('/silent')).to.deep.equal(['handshake']);
    } finally {
      await rig.close();
      await hook.stop();
    }
  });
});
