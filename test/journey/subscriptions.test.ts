import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { sha256 } from '../../server/core/hash.ts';
import { traceFile } from '../../server/lineage/trace.ts';
import { baseline, fileOfStep } from '../support/event-vector.ts';
import { type HookReceiver, hookReceiver, notificationOf, statusOf } from '../support/hook-receiver.ts';
import { runLines, until } from '../support/house-command.ts';
import { eventsOf } from '../support/house-events.ts';
import { type TestHouse, testHouse, trustX, trustY } from '../support/house-open.ts';
import { serveTestHouse, type TestServer } from '../support/house-server.ts';
import { fileOf, type VectorFile } from '../support/journey-vector.ts';
import { starterRows } from '../support/starter-rows.ts';
import { type FhirClient, fhirClient, subscriptionTo } from '../support/subscription-client.ts';

const scope = 'system/Subscription.cruds system/PractitionerRole.rs system/Practitioner.rs';

describe('Subscriptions, from a file to a receiver', () => {
  let house: TestHouse;
  let server: TestServer;
  let hook: HookReceiver;
  let client: FhirClient;
  let sequence = 1;
  let traced = '';

  before(async () => {
    house = await testHouse([trustX, trustY]);
    server = await serveTestHouse(house);
    hook = await hookReceiver();
    client = await fhirClient(server, 'rxx', scope);
    await bring(baseline.file);
  });
  after(async () => {
    await server.stop();
    await house.close();
    await hook.stop();
  });

  const bring = async (file: VectorFile) => {
    const { name, text } = fileOf(file);
    const [report] = await house.ingest(name, text, 'rxx');
    expect(report?.state).to.equal('applied');
    return report;
  };
  const changes = (rows: Parameters<typeof fileOfStep>[1]) => {
    sequence += 1;
    const day = (n: number) => `202604${String(n).padStart(2, '0')}`;
    const file = fileOfStep(`2026-04-${String(sequence).padStart(2, '0')}`, rows, {
      sequence: sequence - 1,
      to: `${day(sequence - 1)} 000000`,
    });
    return bring(file);
  };
  const at = (path: string) => hook.received.filter((one) => one.path === path);
  const notified = (path: string, kind: string) =>
    until(`${kind} at ${path}`, 10, async () =>
      at(path)
        .map((one) => ({ ...notificationOf(one), received: one }))
        .find((one) => one.kind === kind),
    );

  it('shakes hands, becomes active, and tells of a starter in a signed notification of ids', async () => {
    const wish = { header: ['Authorization: Bearer of-the-receiver', 'X-Roster: 7'] };
    const made = await client.subscribe(subscriptionTo(`${hook.url}/starters`, wish));
    expect(made.status).to.equal('requested');
    const handshake = await notified('/starters', 'handshake');
    expect(handshake).to.include({ status: 'requested', count: 0 });
    expect(handshake.received.headers).to.include({ authorization: 'Bearer of-the-receiver', 'x-roster': '7' });
    await until('active', 5, async () => ((await client.subscription(made.id)).status === 'active' ? true : undefined));

    const report = await changes(starterRows(1));
    const { bundle, received, ...told } = await notified('/starters', 'event-notification');
    expect(told).to.include({ status: 'active', count: 1 });
    expect(told.numbers).to.deep.equal([1]);
    expect(bundle.type).to.equal('history');
    expect(bundle.entry[0]?.request).to.deep.equal({
      method: 'GET',
      url: `${server.url}/t/rxx/fhir/v1/Subscription/${made.id}/$status`,
    });
    for (const { request, response } of bundle.entry) expect([request.method, response.status].length).to.equal(2);
    const [focus = ''] = told.focuses;
    expect(focus).to.match(new RegExp(`^${server.url}/t/rxx/fhir/v1/PractitionerRole/`));
    expect(bundle.entry[1]?.fullUrl).to.equal(focus);
    expect(bundle.entry[1]).to.not.have.property('resource');
    expect(received.headers['content-type']).to.equal('application/fhir+json');
    expect(received.headers['x-correlation-id']).to.equal(report?.id);

    const { parameter } = JSON.parse((await client.send('GET', `Subscription/${made.id}/$webhook-secret`)).body);
    const secret = Buffer.from(String(parameter[0].valueString).replace('whsec_', ''), 'base64');
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = received.headers;
    const signed = Buffer.concat([Buffer.from(`${id}.${time}.`), received.bytes]);
    expect(signature).to.equal(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
    expect(id).to.equal(`${made.id}.1-1`);
  });

  it('answers $status and $events, and lineage knows who was told', async () => {
    const made = await client.subscribe(subscriptionTo(`${hook.url}/status`, { content: 'full-resource' }));
    await until('active', 5, async () => ((await client.subscription(made.id)).status === 'active' ? true : undefined));
    await changes(starterRows(2));
    const { bundle, focuses } = await notified('/status', 'event-notification');
    expect(bundle.entry[1]?.resource).to.include({ resourceType: 'PractitionerRole' });
    const status = JSON.parse((await client.send('GET', `Subscription/${made.id}/$status`)).body);
    expect(status.type).to.equal('searchset');
    expect(statusOf(status.entry[0].resource.parameter)).to.include({
      kind: 'query-status',
      status: 'active',
      count: 1,
    });
    const all = JSON.parse((await client.send('GET', 'Subscription/$status')).body);
    expect(all.total).to.equal(2);
    const one = JSON.parse((await client.send('GET', `Subscription/$status?id=${made.id}&status=active`)).body);
    expect(one.total).to.equal(1);
    const events = await client.send('GET', `Subscription/${made.id}/$events?eventsSinceNumber=1&content=id-only`);
    const queried = JSON.parse(events.body);
    expect(statusOf(queried.entry[0].resource.parameter)).to.deep.include({
      kind: 'query-event',
      numbers: [1],
      focuses,
    });
    expect(queried.entry[1]).to.not.have.property('resource');
    const kept = await eventsOf(house.store('rxx'));
    expect(kept.filter(({ type }) => type === 'starter-created').length).to.equal(2);
  });

  it('sends plain R4 subscriptions the resource itself, or an empty request', async () => {
    const criteria = 'PractitionerRole?active=true';
    const full = await client.subscribe(subscriptionTo(`${hook.url}/plain`, { criteria }));
    const bare = await client.subscribe(subscriptionTo(`${hook.url}/bare`, { criteria, payload: null }));
    for (const { id } of [full, bare]) {
      await until('active', 5, async () => ((await client.subscription(id)).status === 'active' ? true : undefined));
    }
    const before = at('/plain').length + at('/bare').length;
    await changes(starterRows(3));
    const sent = await until('both', 10, async () => {
      const found = [...hook.received]
        .filter(({ path }) => path.startsWith('/plain') || path === '/bare')
        .slice(before);
      return found.some(({ path }) => path === '/bare') && found.some(({ method }) => method === 'PUT')
        ? found
        : undefined;
    });
    const put = sent.find(({ method, bytes }) => method === 'PUT' && bytes.includes('920003'));
    expect(put?.path).to.match(/^\/plain\/PractitionerRole\//);
    expect(JSON.parse(String(put?.bytes))).to.deep.include({ resourceType: 'PractitionerRole', active: true });
    const empty = sent.find(({ path }) => path === '/bare');
    expect([empty?.method, empty?.bytes.length]).to.deep.equal(['POST', 0]);
  });

  it('keeps one correlation id from the file to the event, the notification, the read that follows and the lineage', async () => {
    const made = await client.subscribe(subscriptionTo(`${hook.url}/traced`));
    traced = made.id;
    await until('active', 5, async () => ((await client.subscription(made.id)).status === 'active' ? true : undefined));
    const report = await changes(starterRows(4));
    const { received, events } = await notified('/traced', 'event-notification');
    expect(received.headers['x-correlation-id']).to.equal(report?.id);
    expect(JSON.stringify(events)).to.include(report?.id);
    const trace = await until('the attempt is written down', 5, async () => {
      const found = await traceFile(house.store('rxx'), report?.id ?? '');
      const mine = found?.notifications.find(({ subscription }) => subscription === made.id);
      return mine?.attempts.length === 1 ? mine : undefined;
    });
    expect(trace).to.include({ topic: 'starter-created', number: 1, correlationId: report?.id });
    const [attempt] = trace.attempts;
    expect(attempt).to.include({
      status: 200,
      error: null,
      bytes: received.bytes.length,
      sha256: sha256(received.bytes),
    });
    // The receiver reads what it was told of, and says why.
    const [focus = ''] = notificationOf(received).focuses;
    const correlated = { 'x-correlation-id': received.headers['x-correlation-id'] ?? '' };
    const read = await client.send('GET', focus.slice(`${server.url}/t/rxx/fhir/v1/`.length), undefined, correlated);
    expect([read.status, read.headers['x-correlation-id']]).to.deep.equal([200, report?.id]);
    const whole = await traceFile(house.store('rxx'), report?.id ?? '');
    const reads = whole?.reads.filter(({ correlationId }) => correlationId === report?.id) ?? [];
    expect(reads.map(({ interaction, client: by }) => [interaction, by])).to.deep.include(['read', client.client.id]);
  });

  it('is listed, paused, resumed, tested and replayed from the command line', async () => {
    const args = ['--tenant', 'rxx', '--data', house.data, '--json'];
    const acts = ['pause', 'resume', 'test'];
    const ran = await runLines(house.data, [
      ['subscription', 'list', ...args],
      ['subscription', 'status', traced, ...args],
      ['subscription', 'dead-letters', ...args],
      ...acts.map((act) => ['subscription', act, traced, ...args]),
      ['subscription', 'replay', traced, '--since', '2026-01-01T00:00:00Z', ...args],
    ]);
    expect(ran.map(({ status, stderr }) => [status, stderr])).to.deep.equal(Array(7).fill([0, '']));
    const [listed, status, letters, ...asked] = ran.map(({ stdout }) => JSON.parse(stdout));
    const one = listed.subscriptions.find(({ id }: { id: string }) => id === traced);
    expect(one).to.include({ events: 1, delivered: 1, status: 'active', client: client.client.id });
    expect(status.attempts.map(({ kind }: { kind: string }) => kind)).to.deep.equal([
      'handshake',
      'event-notification',
    ]);
    expect(letters).to.deep.equal({ dead_letters: [] });
    expect(asked).to.deep.equal([
      ...acts.map((act) => ({ subscription: traced, asked: act })),
      { subscription: traced, from: 1, to: 1 },
    ]);
    const told = () => at('/traced').filter((received) => notificationOf(received).kind === 'event-notification');
    await until('sent again', 10, async () => (told().length === 2 ? true : undefined));
    const [first, second] = told();
    expect(second?.headers['webhook-id']).to.equal(first?.headers['webhook-id']);
    expect(second?.bytes.equals(first?.bytes ?? Buffer.alloc(0))).to.equal(true);
    await until('tested', 10, async () =>
      at('/traced').some((one) => notificationOf(one).kind === 'heartbeat') ? true : undefined,
    );
  }).timeout(60_000);
});
