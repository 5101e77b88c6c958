import { expect } from 'chai';
import { type DeliveryRig, deliveryRig, deliveryScope, type RigClient } from '../support/delivery-rig.ts';
import { bearer, fhirRig } from '../support/fhir-rig.ts';
import { type HookReceiver, hookReceiver, notificationOf } from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';
import { subscriptionTo } from '../support/subscription-client.ts';

describe('Subscriptions of two tenants, and lost rights', () => {
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
      .map(notificationOf)
      .filter(({ kind }) => kind === 'event-notification');
  const status = (of: RigClient, id: string, wanted: string) =>
    until(`${id} is ${wanted}`, 5, async () => ((await of.subscription(id)).status === wanted ? true : undefined));
  const subscribed = async (of: RigClient, path: string, wish = {}) => {
    const id = await of.subscribe(`${hook.url}${path}`, wish);
    await status(of, id, 'active');
    return id;
  };

  it('T21: what happens in one tenant is no event, no number and no gap in another', async () => {
    const other = await rig.client('ryy');
    const mine = await subscribed(client, '/mine');
    const theirs = await subscribed(other, '/theirs');
    await rig.happen('ryy', ['p1', 'p2', 'p3']);
    await rig.happen('rxx', ['p1']);
    await rig.happen('ryy', ['p4']);
    await rig.happen('rxx', ['p2']);
    await until('both', 5, async () => (told('/mine').length > 0 && told('/theirs').length > 0 ? true : undefined));
    await until('all', 5, async () =>
      told('/mine').flatMap(({ numbers }) => numbers).length === 2 ? true : undefined,
    );
    expect(told('/mine').flatMap(({ numbers }) => numbers)).to.deep.equal([1, 2]);
    for (const { focuses } of told('/mine')) for (const focus of focuses) expect(focus).to.include('/t/rxx/');
    for (const { focuses } of told('/theirs')) for (const focus of focuses) expect(focus).to.include('/t/ryy/');
    expect(await rig.house.store('rxx').delivery.lastEvent(theirs)).to.equal(undefined);
    expect(await rig.house.store('ryy').delivery.lastEvent(mine)).to.equal(undefined);
  });

  it('T21: a subscription of another tenant is to every operation what never was', async () => {
    const fhir = await fhirRig(['rxx', 'ryy']);
    const ask = (tenant: string, path: string, resource?: object) =>
      fhir.app.inject({
        method: resource === undefined ? 'GET' : 'POST',
        url: `/t/${tenant}/fhir/v1/Subscription${path}`,
        headers: {
          authorization: bearer(tenant, `${deliveryScope} system/AuditEvent.rs`),
          ...(resource === undefined ? {} : { 'content-type': 'application/fhir+json' }),
        },
        ...(resource === undefined ? {} : { payload: JSON.stringify(resource) }),
      });
    try {
      const { id } = (await ask('ryy', '', subscriptionTo('https://hook.example/'))).json();
      const never = '00000000-0000-4000-8000-000000000000';
      for (const path of ['', '/$status', '/$events', '/$webhook-secret', '/$get-ws-binding-token', '/_history']) {
        const [theirs, none] = [await ask('rxx', `/${id}${path}`), await ask('rxx', `/${never}${path}`)];
        expect([theirs.statusCode, theirs.body], path).to.deep.equal([404, none.body]);
      }
      for (const path of ['', '/$status', `?_id=${id}`, `/$status?id=${id}`]) {
        expect((await ask('rxx', path)).json().total, path).to.equal(0);
      }
      expect((await ask('rxx', `/$get-ws-binding-token?id=${id}`)).statusCode).to.equal(404);
    } finally {
      await fhir.close();
    }
  });

  /** One notification fails, events wait behind it; then the right goes, and the receiver comes back. */
  const queuedThen = async (path: string, lose: () => Promise<unknown>) => {
    const id = await subscribed(client, path, { maxCount: 1 });
    hook.behave(() => ({ status: 503, headers: { 'retry-after': '1' } }));
    await rig.happen('rxx', ['p1', 'p2']);
    await until('a failure', 5, async () => (told(path).length === 1 ? true : undefined));
    await lose();
    hook.behave(() => 200);
    await rig.happen('rxx', ['p3']);
    return id;
  };
  const clients = () => rig.house.house.clients;

  it('T22: nothing is sent to a client that was disabled, not even what was queued', async () => {
    const id = await queuedThen('/disabled', async () => {
      await clients().put({ ...(await clients().get(client.id, 'rxx')), status: 'disabled' });
    });
    await status(client, id, 'off');
    expect(told('/disabled')).to.have.length(1);
    const audited = await rig.house.store('rxx').outbox.audits(99);
    expect(
      audited.some(({ row }) => row.includes('subscription-status') && row.includes('client-not-active')),
    ).to.equal(true);
  });

  it('T22: nor what was built ahead for a receiver that keeps up', async () => {
    const id = await subscribed(client, '/ahead', { maxCount: 1 });
    const people = Array.from({ length: 500 }, (_, n) => `p${n}`);
    await rig.happen('rxx', people);
    await until('some of it', 5, async () => (told('/ahead').length > 20 ? true : undefined));
    await clients().put({ ...(await clients().get(client.id, 'rxx')), status: 'disabled' });
    // Makes the process that delivers look at the registry.
    await rig.client('ryy');
    const { length } = told('/ahead');
    await status(client, id, 'off');
    expect(told('/ahead').length - length, 'what was on its way').to.be.at.most(1);
    expect(length).to.be.lessThan(people.length);
  });

  it('T22: nor to one whose scope was narrowed', async () => {
    const id = await queuedThen('/narrowed', async () => {
      const scope = deliveryScope.replace(' system/PractitionerRole.rs', '');
      await clients().put({ ...(await clients().get(client.id, 'rxx')), scope });
    });
    await status(client, id, 'off');
    expect(told('/narrowed')).to.have.length(1);
  });

  it('T22: a right that goes while nothing waits turns its subscription off as well', async () => {
    const id = await subscribed(client, '/idle');
    const found = await clients().get(client.id, 'rxx');
    await clients().put({ ...found, status: 'disabled' });
    await status(client, id, 'off');
    await rig.happen('rxx', ['p1']);
    await clients().put(found);
    await rig.happen('rxx', ['p2']);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(told('/idle')).to.deep.equal([]);
    expect(await rig.house.store('rxx').delivery.lastEvent(id)).to.equal(undefined);
  });

  it('T22: nor while the tenant is suspended; all of it comes when it is resumed', async () => {
    await queuedThen('/suspended', () => rig.house.house.tenants.setStatus('rxx', 'suspended'));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(told('/suspended')).to.have.length(1);
    await rig.house.house.tenants.setStatus('rxx', 'active');
    await until('all', 15, async () => (told('/suspended').length >= 4 ? true : undefined));
    expect([...new Set(told('/suspended').flatMap(({ numbers }) => numbers))]).to.deep.equal([1, 2, 3]);
  });

  it('T22: nor once the client has deleted the subscription', async () => {
    const id = await subscribed(client, '/deleted', { maxCount: 1 });
    hook.behave(() => 503);
    await rig.happen('rxx', ['p1', 'p2']);
    await until('a failure', 5, async () => (told('/deleted').length >= 1 ? true : undefined));
    await client.remove(id);
    const sent = told('/deleted').length;
    hook.behave(() => 200);
    await rig.happen('rxx', ['p3']);
    await until('forgotten', 5, async () => {
      const notes = await rig.house.store('rxx').delivery.notes('progress');
      return notes.has(id) ? undefined : true;
    });
    expect(told('/deleted').length - sent).to.be.at.most(1);
    expect((await rig.house.store('rxx').delivery.notes('dead-letter')).size).to.equal(0);
  });
});
