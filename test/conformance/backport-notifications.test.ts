import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { baseline, fileOfStep } from '../support/event-vector.ts';
import {
  type HookReceiver,
  hookReceiver,
  type Notification,
  notificationOf,
  statusOf,
} from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { serveTestHouse, type TestServer } from '../support/house-server.ts';
import { fileOf, type VectorFile } from '../support/journey-vector.ts';
import { starterRows } from '../support/starter-rows.ts';
import {
  type FhirClient,
  fhirClient,
  type StoredSubscription,
  subscriptionTo,
} from '../support/subscription-client.ts';

const guide = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
const scope = 'system/Subscription.cruds system/PractitionerRole.rs system/Practitioner.rs';
const headers = ['Authorization: Bearer of-the-receiver', 'X-Roster: 7'];
const paths = ['/empty', '/id-only', '/full-resource', '/pairs', '/gone'] as const;
type Path = (typeof paths)[number];

const wishes: Readonly<Record<Path, Parameters<typeof subscriptionTo>[1]>> = {
  '/empty': { content: 'empty' },
  '/id-only': { content: 'id-only', header: headers, payload: 'application/fhir+json; fhirVersion=4.0' },
  '/full-resource': { content: 'full-resource' },
  '/pairs': { maxCount: 2 },
  '/gone': { topic: 'starter-withdrawn', content: 'full-resource' },
};

/**
 * What a receiver gets, by the Subscriptions R5 Backport 1.1 (`conformance/backport.json`), from a running server: five
 * subscriptions, three starters in one file, and one of them whom the next file says never was.
 */
describe('Subscriptions R5 Backport 1.1: what a receiver gets', () => {
  let house: TestHouse;
  let server: TestServer;
  let hook: HookReceiver;
  let client: FhirClient;
  const made = new Map<Path, StoredSubscription>();

  before(async function () {
    this.timeout(60_000);
    house = await testHouse([trustX]);
    server = await serveTestHouse(house);
    hook = await hookReceiver();
    client = await fhirClient(server, 'rxx', scope);
    await bring(baseline.file);
    for (const path of paths) made.set(path, await client.subscribe(subscriptionTo(hook.url + path, wishes[path])));
    for (const path of paths) await until('active', 10, async () => (await isActive(path)) || undefined);
    await bring(fileOfStep('2026-04-02', starterRows(1, 2, 3), { sequence: 1, to: '20260401 000000' }));
    for (const path of paths.slice(0, 4)) await until('three', 10, async () => numbers(path).length === 3 || undefined);
    await bring(fileOfStep('2026-04-03', ['ASD~920002'], { sequence: 2, to: '20260402 000000' }));
    await until('withdrawn', 10, async () => numbers('/gone').length === 1 || undefined);
  });
  after(async () => {
    await server?.stop();
    await house?.close();
    await hook?.stop();
  });

  const bring = async (file: VectorFile) => {
    const { name, text } = fileOf(file);
    const [report] = await house.ingest(name, text, 'rxx');
    expect(report?.state, report?.reason ?? '').to.equal('applied');
  };
  const idOf = (path: Path) => made.get(path)?.id ?? '';
  const isActive = async (path: Path) => (await client.subscription(idOf(path))).status === 'active';
  const base = () => `${server.url}/t/rxx/fhir/v1`;
  const received = (path: Path) => hook.received.filter((one) => one.path === path);
  const told = (path: Path, kind = 'event-notification') =>
    received(path)
      .map((one) => ({ ...notificationOf(one), received: one }))
      .filter((one) => one.kind === kind);
  const numbers = (path: Path) => told(path).flatMap((one) => one.numbers);
  const parameters = ({ bundle }: Notification) => bundle.entry[0]?.resource?.parameter ?? [];
  const hasTopic = (one: Notification) => parameters(one).some(({ name }) => name === 'topic');
  const parts = (one: Notification) => one.events.flatMap(({ part = [] }) => part.map(({ name }) => name));

  it('B-29, subscriptions_r4_server_creation_response_conformance: is answered as it was sent, and requested', () => {
    const { id, status, meta, channel, ...rest } = made.get('/id-only') ?? ({} as StoredSubscription);
    expect(id).to.match(/^[A-Za-z0-9.-]{1,64}$/);
    expect(status).to.equal('requested');
    expect(meta).to.deep.include({ versionId: '1', profile: [`${guide}/backport-subscription`] });
    const sent = subscriptionTo(`${hook.url}/id-only`, wishes['/id-only']);
    expect(channel).to.deep.equal(sent['channel']);
    expect(rest).to.deep.include({ criteria: sent['criteria'], reason: sent['reason'] });
  });

  it('B-20, B-30, subscriptions_r4_server_handshake_conformance: shakes hands while requested, then is active', async () => {
    for (const path of paths) {
      const [first, ...more] = told(path, 'handshake');
      expect(first).to.include({ status: 'requested', count: 0 });
      expect([first?.events, first?.bundle.entry.length, more]).to.deep.equal([[], 1, []]);
      expect((await client.subscription(idOf(path))).status).to.equal('active');
    }
  });

  it('B-25, B-26, B-27, subscriptions_r4_server_notification_delivery: is POSTed as payload and header say', () => {
    const all = received('/id-only');
    expect(all).to.have.length.greaterThan(1);
    for (const one of all) {
      expect(one.method).to.equal('POST');
      expect(one.headers['content-type']).to.equal('application/fhir+json; fhirVersion=4.0');
      expect(one.headers).to.include({ authorization: 'Bearer of-the-receiver', 'x-roster': '7' });
    }
  });

  it('subscriptions_r4_server_subscription_conformance, subscriptions_r4_server_notification_presence: both came', () => {
    for (const path of paths) expect(told(path), path).to.have.length.greaterThan(0);
  });

  it('B-14, B-15, B-28, B-69, B-70, subscriptions_r4_server_notification_conformance: is a history Bundle that begins with the status', () => {
    const profile = `${guide}/backport-subscription-notification-r4`;
    for (const path of paths) {
      for (const one of received(path)) {
        const bundle = JSON.parse(one.bytes.toString());
        expect(bundle).to.deep.include({ resourceType: 'Bundle', type: 'history', meta: { profile: [profile] } });
        expect(bundle.timestamp).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        const [first, ...others] = bundle.entry;
        expect(first.fullUrl).to.match(/^urn:uuid:/);
        expect(first.resource.meta.profile).to.deep.equal([`${guide}/backport-subscription-status-r4`]);
        expect(first.request).to.deep.equal({ method: 'GET', url: `${base()}/Subscription/${idOf(path)}/$status` });
        for (const { request, response } of bundle.entry) {
          expect(request).to.have.all.keys('method', 'url');
          expect(response.status).to.match(/^2\d\d$/);
        }
        for (const { fullUrl } of others) expect(fullUrl).to.match(/^http:.*\/[A-Z]\w+\/[^/]+$/);
        isStatus(first.resource.parameter);
      }
    }
  });

  it('B-38, B-39, subscriptions_r4_server_empty_conformance: empty has no focus, no context and no other entry', () => {
    for (const one of told('/empty')) {
      expect(new Set(parts(one))).to.deep.equal(new Set(['event-number', 'timestamp']));
      expect(one.bundle.entry).to.have.length(1);
      expect(JSON.stringify(one.bundle)).to.not.include('PractitionerRole');
    }
  });

  it('B-40, B-42, subscriptions_r4_server_id_only_conformance: id-only has the focus, and entries without resources', () => {
    for (const one of told('/id-only')) {
      expect(parts(one).filter((name) => name === 'focus')).to.have.length(one.events.length);
      const others = one.bundle.entry.slice(1);
      expect(others.map(({ fullUrl }) => fullUrl)).to.have.members(one.focuses);
      for (const entry of others) {
        expect(entry).to.not.have.property('resource');
        expect(entry.request).to.include({ method: 'POST', url: 'PractitionerRole' });
      }
    }
  });

  it('B-43, B-44, B-45, B-35, subscriptions_r4_server_full_resource_conformance: full-resource has each resource, where there is one', () => {
    for (const one of told('/full-resource')) {
      const entries = one.bundle.entry.slice(1);
      expect(entries.map(({ fullUrl }) => fullUrl)).to.have.members(one.focuses);
      for (const { resource, fullUrl } of entries) {
        expect(resource).to.include({ resourceType: 'PractitionerRole', id: fullUrl.split('/').at(-1) });
      }
    }
    const [withdrawn] = told('/gone');
    const [entry] = withdrawn?.bundle.entry.slice(1) ?? [];
    expect(entry?.fullUrl).to.equal(withdrawn?.focuses[0]);
    expect(entry).to.not.have.property('resource');
    expect([entry?.request.method, entry?.response.status]).to.deep.equal(['DELETE', '204']);
  });

  it('tells of an event what the definition of its topic says', () => {
    const cases: readonly (readonly [Path, string])[] = [
      ['/empty', 'starter-created'],
      ['/id-only', 'starter-created'],
      ['/full-resource', 'starter-created'],
      ['/gone', 'starter-withdrawn'],
    ];
    for (const [path, topic] of cases) {
      const { notification } = JSON.parse(readFileSync(`conformance/topics/${topic}.json`, 'utf8'));
      for (const { part = [], extension = [] } of told(path).flatMap(({ events }) => events)) {
        const [names, about] =
          path === '/empty' ? [notification.empty, []] : [notification.others, notification.extension];
        expect(part.map(({ name }) => name)).to.deep.equal(names);
        expect(extension.flatMap((one) => one.extension.map(({ url }) => url))).to.deep.equal(about);
      }
    }
  });

  it('B-99, B-100, B-101: the topic is named, but not where the content is empty', () => {
    for (const kind of ['handshake', 'event-notification']) {
      expect(told('/empty', kind).map(hasTopic), kind).to.not.include(true);
      for (const path of ['/id-only', '/full-resource'] as const) {
        expect(told(path, kind).map(hasTopic), kind).to.not.include(false);
      }
    }
  });

  it('B-102, B-103: numbers follow each other, and all events are counted but no handshake', () => {
    for (const path of paths.slice(0, 4)) {
      expect(numbers(path)).to.deep.equal([1, 2, 3]);
      expect(told(path).at(-1)?.count).to.equal(3);
      expect(told(path, 'handshake')[0]?.count).to.equal(0);
    }
  });

  it('B-97: no notification tells of more events than maxCount', () => {
    expect(told('/pairs').map((one) => one.numbers)).to.deep.equal([[1, 2], [3]]);
  });

  it('B-115 to B-119: $events answers for a range of numbers, with no more than the subscription may have', async () => {
    const ask = async (path: Path, query: string) => {
      const { status, body } = await client.send('GET', `Subscription/${idOf(path)}/$events${query}`);
      expect(status, body).to.equal(200);
      const bundle = JSON.parse(body) as Notification['bundle'];
      expect(bundle.type).to.equal('history');
      return { bundle, ...statusOf(bundle.entry[0]?.resource?.parameter ?? []) };
    };
    expect(await ask('/id-only', '')).to.deep.include({ kind: 'query-event', numbers: [1, 2, 3], count: 3 });
    expect((await ask('/id-only', '?eventsSinceNumber=2')).numbers).to.deep.equal([2, 3]);
    expect((await ask('/id-only', '?eventsUntilNumber=2')).numbers).to.deep.equal([1, 2]);
    expect((await ask('/id-only', '?eventsSinceNumber=2&eventsUntilNumber=2')).numbers).to.deep.equal([2]);
    expect((await ask('/id-only', '?eventsSinceNumber=9')).numbers).to.deep.equal([]);
    expect((await ask('/full-resource', '?content=empty')).focuses).to.deep.equal([]);
    const whole = await ask('/full-resource', '?eventsSinceNumber=1&eventsUntilNumber=1');
    expect(whole.bundle.entry[1]?.resource?.resourceType).to.equal('PractitionerRole');
    const more = await ask('/id-only', '?content=full-resource');
    for (const entry of more.bundle.entry.slice(1)) expect(entry).to.not.have.property('resource');
    expect((await client.send('GET', `Subscription/${idOf('/id-only')}/$events?eventsSinceNumber=x`)).status).to.equal(
      400,
    );
  });
});

/** The slices of backport-subscription-status-r4: which there are, how often, and of which type. */
function isStatus(parameter: Notification['events']): void {
  const types: Readonly<Record<string, readonly [type: string, min: number, max: number]>> = {
    subscription: ['valueReference', 1, 1],
    topic: ['valueCanonical', 0, 1],
    status: ['valueCode', 1, 1],
    type: ['valueCode', 1, 1],
    'events-since-subscription-start': ['valueString', 1, 1],
    'notification-event': ['part', 0, 999],
    error: ['valueCodeableConcept', 0, 999],
  };
  for (const [name, [type, min, max]] of Object.entries(types)) {
    const found = parameter.filter((one) => one.name === name);
    expect(found.length, name).to.be.within(min, max);
    for (const one of found) expect(one, name).to.have.property(type);
  }
  expect(Object.keys(types)).to.include.members(parameter.map(({ name }) => name));
}
