import { expect } from 'chai';
import { WebSocket } from 'ws';
import { baseline, fileOfStep } from '../support/event-vector.ts';
import { type Notification, notificationOf } from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';
import { type TestHouse, testHouse, trustX, trustY } from '../support/house-open.ts';
import { serveTestHouse, type TestServer } from '../support/house-server.ts';
import { fileOf, type VectorFile } from '../support/journey-vector.ts';
import { starterRows } from '../support/starter-rows.ts';
import { type FhirClient, fhirClient, subscriptionTo } from '../support/subscription-client.ts';

interface Listener {
  readonly told: Notification[];
  /** Code and reason of the close, once it is closed. */
  readonly closed: () => string | undefined;
  say(text: string): void;
  close(): void;
}

function listener(url: string): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const told: Notification[] = [];
    let closed: string | undefined;
    socket.on('message', (data) => told.push(notificationOf({ bytes: Buffer.from(String(data)) })));
    socket.on('close', (code, reason) => {
      closed = `${code} ${reason}`;
    });
    socket.on('open', () => {
      resolve({ told, closed: () => closed, say: (text) => socket.send(text), close: () => socket.close() });
    });
    socket.on('error', reject);
  });
}

const scope = 'system/Subscription.cruds system/PractitionerRole.rs system/Practitioner.rs';

describe('The websocket channel', () => {
  let house: TestHouse;
  let server: TestServer;
  let client: FhirClient;
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
  const websocketTo = (wish: Parameters<typeof subscriptionTo>[1] = {}) => {
    const { channel, ...rest } = subscriptionTo('unused', wish) as { channel: Record<string, unknown> };
    const { endpoint: _, ...others } = channel;
    return { ...rest, channel: { ...others, type: 'websocket' } };
  };
  const subscribed = async (wish?: Parameters<typeof subscriptionTo>[1], as = client) => {
    const { id } = await as.subscribe(websocketTo(wish));
    await until('active', 5, async () => ((await as.subscription(id)).status === 'active' ? true : undefined));
    return id;
  };
  const tokenFor = async (...ids: readonly string[]) => {
    const query = ids.length === 1 ? `/${ids[0]}/$get-ws-binding-token` : `/$get-ws-binding-token?id=${ids.join(',')}`;
    const { status, body } = await client.send('GET', `Subscription${query}`);
    expect(status, body).to.equal(200);
    const parameter = (JSON.parse(body) as { parameter: Record<string, string>[] }).parameter;
    const of = (name: string) => parameter.find((one) => one['name'] === name) ?? {};
    return { token: of('token')['valueString'] ?? '', url: of('websocket-url')['valueUrl'] ?? '', parameter };
  };
  const bound = async (...ids: readonly string[]) => {
    const { token, url } = await tokenFor(...ids);
    const one = await listener(url);
    one.say(`bind-with-token: ${token}`);
    await until('shaken hands', 5, async () => (one.told.length === ids.length ? true : undefined));
    return one;
  };
  const numbers = ({ told }: Listener) => told.flatMap((one) => one.numbers);

  before(async () => {
    house = await testHouse([trustX, trustY]);
    server = await serveTestHouse(house);
    client = await fhirClient(server, 'rxx', scope);
    await bring(baseline.file);
  });
  after(async () => {
    await server.stop();
    await house.close();
  });

  it('binds by a token, shakes hands, and tells every socket of every event, in order', async () => {
    const id = await subscribed();
    const { parameter } = await tokenFor(id);
    expect(parameter.map(({ name }) => name)).to.deep.equal(['token', 'expiration', 'subscription', 'websocket-url']);
    const [one, two] = [await bound(id), await bound(id)];
    expect([one, two].map(({ told }) => told[0]?.kind)).to.deep.equal(['handshake', 'handshake']);
    await changes(starterRows(1, 2));
    await changes(starterRows(3));
    for (const each of [one, two]) await until('told', 5, async () => (numbers(each).length === 3 ? true : undefined));
    expect(numbers(one)).to.deep.equal([1, 2, 3]);
    expect(one.told.at(-1)?.focuses[0]).to.match(new RegExp(`^${server.url}/t/rxx/fhir/v1/PractitionerRole/`));
    two.close();
    await changes(starterRows(4));
    await until('told', 5, async () => (numbers(one).length === 4 ? true : undefined));
    expect(numbers(two)).to.deep.equal([1, 2, 3]);
    const missed = await client.send('GET', `Subscription/${id}/$events?eventsSinceNumber=4`);
    expect(missed.body).to.include('"valueString":"4"');
    one.close();
  });

  it('takes several subscriptions on one socket', async () => {
    const ids = [await subscribed({ content: 'full-resource' }), await subscribed({ topic: 'starter-effective' })];
    const one = await bound(...ids);
    await changes(starterRows(5));
    await until('told', 5, async () => (numbers(one).length === 2 ? true : undefined));
    expect(JSON.stringify(one.told)).to.include('"resourceType":"PractitionerRole"');
    one.close();
  });

  it('takes a token once, and none that is made up or of another base', async () => {
    const id = await subscribed();
    const { token, url } = await tokenFor(id);
    const attempts = [
      [url, `bind-with-token: ${token}`, undefined],
      [url, `bind-with-token: ${token}`, '1008'],
      [url, 'bind-with-token: made.up', '1008'],
      [url, 'hello', '1008'],
      [url.replace('/t/rxx/', '/t/ryy/'), `bind-with-token: ${(await tokenFor(id)).token}`, '1008'],
      [url.replace('/t/rxx/', '/t/zzz/'), `bind-with-token: ${(await tokenFor(id)).token}`, '1008'],
    ] as const;
    for (const [at, text, code] of attempts) {
      const one = await listener(at);
      one.say(text);
      if (code === undefined) await until('bound', 5, async () => (one.told.length === 1 ? true : undefined));
      else await until('closed', 5, async () => (one.closed()?.startsWith(code) === true ? true : undefined));
      one.close();
    }
    const other = await fhirClient(server, 'rxx', scope);
    expect((await other.send('GET', `Subscription/${id}/$get-ws-binding-token`)).status).to.equal(404);
    expect((await client.send('GET', 'Subscription/$get-ws-binding-token')).status).to.equal(400);
    const elsewhere = await listener(`${server.url.replace('http', 'ws')}/t/rxx/fhir/v1/websocket`).catch(String);
    expect(elsewhere).to.include('404');
  });

  it('refuses what a websocket has no use for', async () => {
    const plain = {
      ...websocketTo(),
      criteria: 'PractitionerRole?active=true',
      channel: { type: 'websocket', payload: 'application/fhir+json' },
    };
    const withEndpoint = { ...websocketTo(), channel: { ...websocketTo().channel, endpoint: 'https://hook.example/' } };
    for (const wrong of [plain, withEndpoint]) {
      expect((await client.send('POST', 'Subscription', wrong)).status).to.equal(422);
    }
  });

  it('closes when the subscription is switched off, and when its client is disabled', async () => {
    const other = await fhirClient(server, 'rxx', scope);
    const id = await subscribed();
    const theirs = await subscribed({}, other);
    const one = await bound(id);
    const kept = client;
    client = other;
    const two = await bound(theirs);
    client = kept;
    const stored = await client.subscription(id);
    await client.send('PUT', `Subscription/${id}`, { ...stored, status: 'off' });
    const { clients } = house.house;
    await clients.put({ ...(await clients.get(other.client.id, 'rxx')), status: 'disabled' });
    for (const each of [one, two]) {
      await until('closed', 10, async () => (each.closed()?.startsWith('1008') === true ? true : undefined));
    }
  });
});
