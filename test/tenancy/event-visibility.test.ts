import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { readsOf } from '../../server/lineage/reads.ts';
import { permissionSets } from '../../server/registry/permission-sets.ts';
import { baseline, fileOfStep } from '../support/event-vector.ts';
import { type HookReceiver, hookReceiver, notificationOf } from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';
import type { KeptEvent } from '../support/house-events.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { serveTestHouse, type TestServer } from '../support/house-server.ts';
import { liveResources } from '../support/house-state.ts';
import { fileOf, type VectorFile } from '../support/journey-vector.ts';
import { starterRows } from '../support/starter-rows.ts';
import { fhirClient, subscriptionTo } from '../support/subscription-client.ts';

const scope = 'system/Subscription.cruds system/PractitionerRole.rs system/Practitioner.rs system/Provenance.rs';

/** What a permission set withholds from reads, it withholds from whoever is told (architecture.md, invariant 2). */
describe('What a permission set shows, where events are told', () => {
  let house: TestHouse;
  let server: TestServer;
  let hook: HookReceiver;
  let sequence = 1;

  const bring = async (file: VectorFile) => {
    const { name, text } = fileOf(file);
    const [report] = await house.ingest(name, text, 'rxx');
    expect(report?.state, report?.reason ?? '').to.equal('applied');
  };
  const changes = (rows: Parameters<typeof fileOfStep>[1]) => {
    sequence += 1;
    const to = `202604${String(sequence - 1).padStart(2, '0')} 000000`;
    return bring(fileOfStep(`2026-04-${String(sequence).padStart(2, '0')}`, rows, { sequence: sequence - 1, to }));
  };
  type Under = Awaited<ReturnType<typeof under>>;
  const under = async (permissionSet: string) => {
    const { clients } = house.house;
    const made = await fhirClient(server, 'rxx', scope);
    await clients.put({ ...(await clients.get(made.client.id, 'rxx')), permissionSet });
    const token = await server.token(made.client);
    const subscribed = async (path: string, wish: Parameters<typeof subscriptionTo>[1]) => {
      const { id } = await made.subscribe(subscriptionTo(`${hook.url}${path}`, wish));
      await until('active', 5, async () => ((await made.subscription(id)).status === 'active' ? true : undefined));
      return id;
    };
    const events = async () => {
      const { body } = await server.ask('/t/rxx/events/v1?count=1000', { token });
      return JSON.parse(body) as KeptEvent[];
    };
    const types = async () => (await events()).map(({ type }) => type);
    return { ...made, subscribed, events, types };
  };
  const told = (path: string) =>
    hook.received
      .filter((one) => one.path === path)
      .map((one) => ({ ...notificationOf(one), text: one.bytes.toString() }))
      .filter(({ kind }) => kind === 'event-notification');

  before(async () => {
    house = await testHouse([trustX]);
    const sets = permissionSets(house.house.store.system.documents, house.house.clients);
    await sets.put('rxx', { name: 'nobody', rows: { staffGroups: ['none-has-this'] } });
    await sets.put('rxx', {
      name: 'masked',
      mask: ['Practitioner.name', 'PractitionerRole.telecom', 'PractitionerRole.practitioner'],
    });
    hook = await hookReceiver();
    server = await serveTestHouse(house);
    await bring(baseline.file);
  });
  after(async () => {
    await server.stop();
    await house.close();
    await hook.stop();
  });

  it('is told to those alone who see the row, by notification, by criteria and by stream', async () => {
    const all = await under('full');
    const none = await under('nobody');
    for (const [client, name] of [
      [all, 'all'],
      [none, 'none'],
    ] as const) {
      await client.subscribed(`/${name}`, { content: 'full-resource' });
      await client.subscribed(`/${name}-plain`, { criteria: 'PractitionerRole?active=true', payload: null });
    }
    await changes(starterRows(1));
    await until('told', 5, async () => (told('/all').length > 0 ? true : undefined));
    await until('told', 5, async () => (hook.received.some(({ path }) => path === '/all-plain') ? true : undefined));
    expect(await all.types()).to.include('starter-created');
    expect((await none.types()).filter((type) => type !== 'file-ingested')).to.deep.equal([]);
    expect(told('/none')).to.deep.equal([]);
    expect(hook.received.filter(({ path }) => path === '/none-plain')).to.deep.equal([]);
  });

  it('leaves masked elements out of what is sent, and refuses to filter by them', async () => {
    const client = await under('masked');
    await client.subscribed('/masked', { content: 'full-resource' });
    await changes(starterRows(2));
    await until('told', 5, async () => (told('/masked').length > 0 ? true : undefined));
    expect(told('/masked')[0]?.text).to.include('"resourceType":"PractitionerRole"').and.include('SUBSETTED');
    expect(told('/masked')[0]?.text).to.not.include('"practitioner":');
    for (const wish of [
      { criteria: 'PractitionerRole?practitioner=Practitioner/1' },
      { filters: ['PractitionerRole?practitioner=Practitioner/1'] },
    ]) {
      const refused = await client.send('POST', 'Subscription', subscriptionTo(`${hook.url}/no`, wish));
      expect(refused.status, refused.body).to.be.oneOf([403, 422]);
    }
  });

  it('is on record with what was left out: of a notification, a batch, a stream item, $events, a read and a search', async () => {
    const client = await under('masked');
    const id = await client.subscribed('/recorded', { content: 'full-resource' });
    await client.subscribed('/recorded-id', { content: 'id-only' });
    await changes(starterRows(3));
    await until('told', 5, async () =>
      told('/recorded').length > 0 && told('/recorded-id').length > 0 ? true : undefined,
    );
    const role = present(
      (await client.events()).findLast(({ type }) => type === 'starter-created'),
      'a starter',
    ).subject;
    const token = await server.token(client.client);
    const asked = [
      role,
      `PractitionerRole?_id=${role.split('/')[1]}`,
      `Subscription/${id}/$events`,
      `${role}/_history`,
    ];
    for (const path of asked)
      expect((await server.ask(`/t/rxx/fhir/v1/${path}`, { token })).status, path).to.equal(200);
    const wanted = [
      'event-batch',
      'history-instance',
      'notification',
      'notification',
      'operation',
      'read',
      'search-type',
    ];
    const mine = async () => {
      const { reads } = await readsOf(house.store('rxx').audit, [role]);
      return reads.filter((one) => one.client === client.client.id);
    };
    const reads = await until('indexed', 5, async () => {
      const found = await mine();
      return found.length >= wanted.length ? found : undefined;
    });
    expect(reads.map(({ interaction }) => interaction).sort()).to.deep.equal(wanted);
    const mask = ['Practitioner.name', 'PractitionerRole.practitioner', 'PractitionerRole.telecom'];
    for (const one of reads) expect(one, one.interaction).to.deep.include({ versions: [`${role}/1`], mask });
  });

  it('says nothing of a change of masked elements alone', async () => {
    const client = await under('masked');
    await client.subscribed('/renamed', { topic: 'person-changed' });
    const other = await under('full');
    await other.subscribed('/renamed-all', { topic: 'person-changed' });
    await changes([{ eve: { '2': '910002', '5': '930002', '7': 'Renamed' } }]);
    await until('told', 5, async () => (told('/renamed-all').length > 0 ? true : undefined));
    expect(told('/renamed')).to.deep.equal([]);
    expect(await client.types()).to.not.include('person-changed');
    expect(await other.types()).to.include('person-changed');
  });

  it('tells who sees one department of who came there, not whence, nor how much else there is', async () => {
    const departments = await liveResources(house.store('rxx'), 'Organization');
    const department = (name: string) =>
      present([...departments].find(([, { name: of }]) => `${of}`.includes(name))?.[0], name);
    const [ward, clinic] = [department('Ward 1'), department('Clinic')];
    const sets = permissionSets(house.house.store.system.documents, house.house.clients);
    await sets.put('rxx', { name: 'clinic', rows: { departments: [clinic] } });
    const client = await under('clinic');
    const other = await under('full');
    const filter = (id: string) => ({
      topic: 'assignment-changed',
      filters: [`PractitionerRole?department=Organization/${id}`],
    });
    await client.subscribed('/from', filter(ward));
    await client.subscribed('/to', filter(clinic));
    await other.subscribed('/from-all', filter(ward));
    await changes([{ 'ada-job': { '28': '503' } }]);
    await until('told', 5, async () => (told('/to').length > 0 && told('/from-all').length > 0 ? true : undefined));
    expect(told('/from')).to.deep.equal([]);
    const moved = async ({ events }: Under) =>
      present(
        (await events()).findLast(({ type }) => type === 'assignment-changed'),
        'a move',
      );
    expect((await moved(other)).data).to.have.nested.property('before.department', `Organization/${ward}`);
    const seen = await moved(client);
    expect(seen.data).to.deep.include({ before: null, after: null, filters: {} });
    expect(JSON.stringify(seen)).to.not.include(ward);
    const file = async ({ events }: Under) =>
      present(
        (await events()).findLast(({ type }) => type === 'file-ingested'),
        'a file',
      );
    expect((await file(other)).data).to.include.keys('rows', 'changed');
    expect((await file(client)).data)
      .to.include({ state: 'applied' })
      .and.not.have.any.keys('rows', 'changed', 'created');
    const count = async ({ events }: Under) => (await events()).length;
    expect(await count(client)).to.be.below(await count(other));
  });
});
