import { expect } from 'chai';
import { newClient } from '../../server/auth/new-client.ts';
import { present } from '../../server/core/assert.ts';
import { type HookReceiver, hookReceiver, notificationOf } from '../support/hook-receiver.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { send } from '../support/house-server.ts';
import { type ServeProcess, serveProcess, until } from '../support/serve-process.ts';
import { subscriptionTo } from '../support/subscription-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const kills = process.env['VERIFY'] === '1' ? 10 : 3;
const eventsPerKill = process.env['VERIFY'] === '1' ? 500 : 60;
const paths = ['/one', '/few', '/slow'];

/** Receivers take what they get while the server is killed again and again; nothing may be missing or out of order. */
describe('A server that is killed while it delivers', () => {
  const folder = temporaryFolder('killed-delivery');
  let hook: HookReceiver;
  let house: TestHouse;
  let server: ServeProcess;

  before(async () => {
    hook = await hookReceiver();
    house = await testHouse([trustX], undefined, folder.path);
  });
  after(async () => {
    await server.stop();
    await house.close();
    await hook.stop();
    folder.remove();
  });

  const subscribe = async () => {
    const scope = 'system/Subscription.cruds system/PractitionerRole.rs';
    const wish = { name: 'c', tenant: 'rxx', scope, contracts: ['v1'] };
    const { client, secret } = newClient(wish, house.house.keys, new Date().toISOString());
    await house.house.clients.add(client);
    const authorization = `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;
    const form = { 'content-type': 'application/x-www-form-urlencoded', authorization };
    const answer = await send(server.url, '/oauth/token', {
      method: 'POST',
      headers: form,
      body: 'grant_type=client_credentials',
    });
    const token = present((JSON.parse(answer.body) as { access_token?: string }).access_token, answer.body);
    for (const path of paths) {
      const resource = subscriptionTo(hook.url + path, { maxCount: path === '/few' ? 7 : path === '/one' ? 1 : 100 });
      const headers = { 'content-type': 'application/fhir+json' };
      const made = await send(server.url, '/t/rxx/fhir/v1/Subscription', {
        method: 'POST',
        token,
        headers,
        body: JSON.stringify(resource),
      });
      expect(made.status, made.body).to.equal(201);
    }
    await until(
      () => paths.every((path) => hook.received.some((one) => one.path === path)),
      'hands are shaken',
      10_000,
    );
  };
  const happen = async (from: number) => {
    const store = house.store('rxx');
    const { at } = await store.head();
    const now = new Date().toISOString();
    const time = now < at ? at : now;
    const ops = Array.from({ length: eventsPerKill }, (_, index) => {
      const data = { effectiveDate: '2026-12-01', receivedDate: '2026-11-23', correlationId: 'f1', contract: 'v1' };
      const focus = { reference: `PractitionerRole/p${from + index}`, version: 1 };
      const body = JSON.stringify({ id: `e${from + index}`, time, data: { ...data, focus } });
      return { op: 'event', tenant: 'rxx', topic: 'starter-created', body } as const;
    });
    await store.transact(ops, time);
  };
  /** Numbers with what they told of, in the order of their first arrival. */
  const firstArrivals = (path: string) => {
    const seen = new Map<number, string>();
    for (const one of hook.received.filter((received) => received.path === path)) {
      const { numbers, focuses } = notificationOf(one);
      for (const [index, number] of numbers.entries()) {
        const focus = focuses[index]?.split('/').at(-1) ?? '';
        if (seen.has(number)) expect(seen.get(number), 'a number means one event').to.equal(focus);
        else seen.set(number, focus);
      }
    }
    return seen;
  };

  it('tells every subscriber of every event, in order, under one number each', async () => {
    server = await serveProcess(folder.path);
    await subscribe();
    hook.behave((one) => (one.path === '/slow' ? { status: 200, afterMs: 20 } : 200));
    for (let round = 0; round < kills; round += 1) {
      await happen(round * eventsPerKill + 1);
      const before = hook.received.length;
      await until(() => hook.received.length > before + 2, 'some of it is delivered', 10_000);
      await server.kill();
      server = await serveProcess(folder.path);
    }
    const all = kills * eventsPerKill;
    await until(() => paths.every((path) => firstArrivals(path).size === all), 'all is delivered', 60_000);
    for (const path of paths) {
      const expected = Array.from({ length: all }, (_, index) => [index + 1, `p${index + 1}`]);
      expect([...firstArrivals(path)], path).to.deep.equal(expected);
    }
  }).timeout(process.env['VERIFY'] === '1' ? 300_000 : 90_000);
});
