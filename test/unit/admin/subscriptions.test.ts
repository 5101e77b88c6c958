import { expect } from 'chai';
import { type AdminRig, adminRig } from '../../support/admin-rig.ts';
import { type HookReceiver, hookReceiver, notificationOf } from '../../support/hook-receiver.ts';
import { until } from '../../support/house-command.ts';
import { trustX } from '../../support/house-open.ts';
import { subscriptionTo } from '../../support/subscription-client.ts';

const subscriptions = '/admin/v1/tenants/rxx/subscriptions';

describe('Subscriptions in the management API', () => {
  let rig: AdminRig;
  let hook: HookReceiver;
  let token: string;
  let id: string;

  const call = (method: string, path: string, body?: object) =>
    rig.call(method, path, token, body === undefined ? undefined : JSON.stringify(body));
  const state = async () => (await call('GET', `${subscriptions}/${id}`)).body;
  const becomes = (what: string, holds: (found: { subscription: { [name: string]: unknown } }) => boolean) =>
    until(what, 10, async () => (holds(await state()) ? true : undefined));
  const happen = async (...people: readonly string[]) => {
    const store = rig.store('rxx');
    const now = new Date().toISOString();
    const { at } = await store.head();
    const time = now < at ? at : now;
    const ops = people.map((person) => {
      const focus = { reference: `PractitionerRole/${person}`, version: 1 };
      const dates = { effectiveDate: '2026-12-01', receivedDate: '2026-11-23' };
      const data = { contract: 'v1', focus, ...dates, correlationId: 'f1', filters: {} };
      return {
        op: 'event',
        tenant: 'rxx',
        topic: 'starter-created',
        body: JSON.stringify({ id: person, time, data }),
      } as const;
    });
    await store.transact(ops, time);
  };

  before(async () => {
    rig = await adminRig([trustX]);
    rig.server.startDelivery();
    hook = await hookReceiver();
    token = await rig.token('rxx', 'admin/subscriptions.read admin/subscriptions.write');
    const client = await rig.token('rxx', 'system/Subscription.cruds system/PractitionerRole.rs');
    const made = await fetch(`${rig.url}/t/rxx/fhir/v1/Subscription`, {
      method: 'POST',
      headers: { authorization: `Bearer ${client}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify(subscriptionTo(`${hook.url}/a`)),
    });
    expect(made.status).to.equal(201);
    id = ((await made.json()) as { id: string }).id;
    await becomes('active', ({ subscription }) => subscription['status'] === 'active');
  });
  after(async () => {
    await rig.close();
    await hook.stop();
  });

  it('shows how far each is, and its attempts', async () => {
    const { subscriptions: all } = (await call('GET', subscriptions)).body;
    expect(all).to.have.length(1);
    expect(all[0]).to.include({ id, status: 'active', events: 0, delivered: 0, lag: 0, paused: null });
    expect((await state()).attempts.map(({ kind }: { kind: string }) => kind)).to.deep.equal(['handshake']);
    expect((await call('GET', `${subscriptions}/nobody`)).status).to.equal(404);
    expect((await call('GET', '/admin/v1/tenants/rxx/dead-letters')).body).to.deep.equal({ dead_letters: [] });
  });

  it('pauses and resumes', async () => {
    expect((await call('POST', `${subscriptions}/${id}/pause`)).status).to.equal(202);
    await becomes('paused', ({ subscription }) => subscription['paused'] !== null);
    await happen('p1', 'p2');
    await becomes('counted', ({ subscription }) => subscription['lag'] === 2);
    expect((await call('POST', `${subscriptions}/${id}/resume`)).status).to.equal(202);
    await becomes('told', ({ subscription }) => subscription['lag'] === 0);
  });

  it('replays, from a number or a time', async () => {
    const told = () => hook.received.flatMap((one) => notificationOf(one).numbers).length;
    const before = told();
    const answer = await call('POST', `${subscriptions}/${id}/replay`, { from: 2 });
    expect(answer.body).to.deep.equal({ subscription: id, from: 2, to: 2 });
    await until('again', 5, async () => (told() === before + 1 ? true : undefined));
    expect((await call('POST', `${subscriptions}/${id}/replay`, { since: '2026-01-01T00:00:00Z' })).status).to.equal(
      202,
    );
    for (const wrong of [{}, { from: 1, since: '2026-01-01T00:00:00Z' }, { from: 9 }, { from: 0 }]) {
      expect((await call('POST', `${subscriptions}/${id}/replay`, wrong)).status).to.equal(400);
    }
  });

  it('tests an endpoint', async () => {
    expect((await call('POST', `${subscriptions}/${id}/test`)).status).to.equal(202);
    await until('told', 5, async () =>
      hook.received.some((one) => notificationOf(one).kind === 'heartbeat') ? true : undefined,
    );
  });

  it('answered every one of these operations as its OpenAPI document promises', () => {
    const wanted = rig.api.operations.filter((name) => /subscription|dead-letter/.test(name));
    expect(wanted.length).to.equal(7);
    expect(wanted.filter((name) => !rig.api.answered.has(name))).to.deep.equal([]);
  });
});
