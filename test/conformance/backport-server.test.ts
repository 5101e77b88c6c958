import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { bearer, type FhirRig, fhirRig } from '../support/fhir-rig.ts';
import { subscriptionTo } from '../support/subscription-client.ts';

interface Backport {
  readonly requirements: readonly { readonly ids: readonly string[]; readonly test: string }[];
  readonly inferno: readonly { readonly id: string; readonly test: string }[];
}

const guide = 'http://hl7.org/fhir/uv/subscriptions-backport';
const hook = 'https://hook.example/notify';
const requested = subscriptionTo(hook);
const canonical = 'https://esr-fhir.example/SubscriptionTopic/starter-created';

type Body = Readonly<Record<string, unknown>>;

/** What the server says of itself and takes, by the Subscriptions R5 Backport 1.1 (`conformance/backport.json`). */
describe('Subscriptions R5 Backport 1.1: what is offered and what is refused', () => {
  let rig: FhirRig;
  before(async () => {
    rig = await fhirRig(['rxx']);
  });
  after(() => rig.close());

  const ask = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, client = 'c1') =>
    rig.app.inject({
      method,
      url: `/t/rxx/fhir/v1/${path}`,
      headers: {
        authorization: bearer('rxx', 'system/Subscription.cruds system/PractitionerRole.rs', client),
        ...(body === undefined
          ? {}
          : { 'content-type': method === 'PATCH' ? 'application/json-patch+json' : 'application/fhir+json' }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
  const make = async (resource: object = requested, client = 'c1') => {
    const made = await ask('POST', 'Subscription', resource, client);
    expect(made.statusCode, made.body).to.equal(201);
    return made.json() as Body & { readonly id: string };
  };
  const statement = async () => (await ask('GET', 'metadata')).json();
  const entry = async () =>
    (await statement()).rest[0].resource.find(({ type }: { type: string }) => type === 'Subscription');
  const interactions = async () => (await entry()).interaction.map(({ code }: { code: string }) => code);
  const operations = async () => (await entry()).operation.map(({ name }: { name: string }) => name);
  /** Neither made nor made into something else, and the reason is about the element. */
  const isRefused = async (resource: object, element: RegExp) => {
    const before = (await ask('GET', 'Subscription?_summary=count')).json().total;
    const answer = await ask('POST', 'Subscription', resource);
    expect(answer.statusCode, answer.body).to.equal(422);
    const [issue] = answer.json().issue;
    expect(issue.severity).to.equal('error');
    expect(issue.expression[0]).to.match(element);
    expect(issue.diagnostics).to.match(/\w+ \w+/);
    expect((await ask('GET', 'Subscription?_summary=count')).json().total).to.equal(before);
  };
  const channel = (change: object) => ({ ...requested, channel: { ...(requested['channel'] as object), ...change } });

  it('B-124, B-134: a Subscription can be read', async () => {
    const made = await make();
    expect((await ask('GET', `Subscription/${made.id}`)).json()).to.deep.equal(made);
    expect(await interactions()).to.include('read');
  });

  it('B-125, B-126, B-127, B-133: it can be created, updated, patched and deleted', async () => {
    const made = await make();
    const put = await ask('PUT', `Subscription/${made.id}`, { ...made, reason: 'another' });
    expect([put.statusCode, put.json().reason]).to.deep.equal([200, 'another']);
    const off = [{ op: 'replace', path: '/status', value: 'off' }];
    expect((await ask('PATCH', `Subscription/${made.id}`, off)).json().status).to.equal('off');
    expect((await ask('DELETE', `Subscription/${made.id}`)).statusCode).to.equal(204);
    expect(await interactions()).to.include.members(['create', 'update', 'patch', 'delete']);
  });

  it('B-129, B-130: it is searched by url and status', async () => {
    const { id } = await make(subscriptionTo('https://hook.example/by-url'));
    for (const query of ['url=https://hook.example/by-url', 'url=https://hook.example/by-url&status=requested']) {
      const found = (await ask('GET', `Subscription?${query}`)).json();
      expect(found.entry.map((one: { resource: { id: string } }) => one.resource.id)).to.deep.equal([id]);
    }
    expect((await ask('GET', 'Subscription?url=https://hook.example/by-url&status=off')).json().total).to.equal(0);
    const names = (await entry()).searchParam.map(({ name }: { name: string }) => name);
    expect(names).to.include.members(['url', 'status']);
  });

  it('B-47, B-121, B-122, B-123: $status, $events and $get-ws-binding-token are offered', async () => {
    expect(await operations()).to.include.members(['status', 'events', 'get-ws-binding-token']);
    const definitions = (await entry()).operation.map(({ definition }: { definition: string }) => definition);
    expect(definitions).to.include(`${guide}/OperationDefinition/backport-subscription-status`);
  });

  it('B-49, B-50: rest-hook and websocket are taken', async () => {
    expect((await make())['channel']).to.include({ type: 'rest-hook' });
    const { endpoint: _, ...others } = requested['channel'] as Body;
    expect((await make({ ...requested, channel: { ...others, type: 'websocket' } }))['channel']).to.include({
      type: 'websocket',
    });
  });

  it('B-51, B-53: all three payload contents are taken', async () => {
    for (const content of ['empty', 'id-only', 'full-resource']) {
      expect(JSON.stringify(await make(subscriptionTo(hook, { content })))).to.include(`"valueCode":"${content}"`);
    }
  });

  it('B-57: the CapabilityStatement instantiates the guide’s', async () => {
    expect((await statement()).instantiates).to.include(`${guide}/CapabilityStatement/backport-subscription-server-r4`);
  });

  it('B-58, B-120, subscriptions_r4_server_cs_conformance: supportedProfile and $status are stated', async () => {
    expect((await entry()).supportedProfile).to.include(`${guide}/StructureDefinition/backport-subscription`);
    expect(await operations()).to.include('status');
  });

  it('B-48, subscriptions_r4_server_topic_discovery: topics are discovered, and each can be read', async () => {
    const url = `${guide}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical`;
    const stated = (await entry()).extension.filter((one: { url: string }) => one.url === url);
    const canonicals = stated.map((one: { valueCanonical: string }) => one.valueCanonical);
    expect(canonicals).to.have.length(15);
    for (const one of canonicals) {
      const found = (await ask('GET', `SubscriptionTopic?url=${encodeURIComponent(one)}`)).json();
      expect(found.entry[0].resource.resourceType).to.equal('Basic');
    }
  });

  it('B-73: criteria is the canonical URL of a topic', async () => {
    expect((await make())['criteria']).to.equal(canonical);
  });

  it('B-75, B-8, subscriptions_r4_server_reject_subscription_topic: refuses a topic that there is not', async () => {
    await isRefused({ ...requested, criteria: 'http://fakeTopic.com' }, /criteria/);
    await isRefused({ ...requested, criteria: `${canonical}-too` }, /criteria/);
  });

  it('B-63, B-9, subscriptions_r4_server_reject_subscription_filter: refuses filters that a topic lacks', async () => {
    for (const filter of ['Encounter?patient=Patient/123', 'PractitionerRole?specialty=x', 'nonsense', 'role:in=x']) {
      await isRefused(subscriptionTo(hook, { filters: [filter] }), /criteria/);
    }
    await isRefused(subscriptionTo(hook, { filters: ['role=03', 'PractitionerRole?specialty=x'] }), /criteria/);
  });

  it('B-60, B-10, subscriptions_r4_server_reject_subscription_channel_type: refuses other channels', async () => {
    const extension = [{ url: `${guide}/StructureDefinition/backport-channel-type`, valueCoding: { code: 'zulip' } }];
    await isRefused(channel({ _type: { extension } }), /channel/);
    for (const type of ['email', 'sms', 'message']) await isRefused(channel({ type }), /channel/);
    expect((await ask('POST', 'Subscription', channel({ type: 'zulip' }))).statusCode).to.equal(400);
  });

  it('B-11, B-32, subscriptions_r4_server_reject_subscription_channel_endpoint: refuses endpoints', async () => {
    for (const endpoint of ['http://hook.example/plain', 'not a URL', 'https://127.0.0.1/', 'file:///etc/passwd']) {
      await isRefused(channel({ endpoint }), /endpoint/);
    }
  });

  it('B-12, B-66, B-90, subscriptions_r4_server_reject_subscription_payload_type: refuses payloads', async () => {
    await isRefused(channel({ payload: 'application/octet-stream' }), /payload/);
    await isRefused(subscriptionTo(hook, { content: 'everything' }), /payload/);
    await isRefused(channel({ payload: 'application/fhir+json; fhirVersion=4.3' }), /payload/);
    const same = await make(channel({ payload: 'application/fhir+json; fhirVersion=4.0' }));
    expect(same['channel']).to.include({ payload: 'application/fhir+json; fhirVersion=4.0' });
  });

  it('B-13, subscriptions_r4_server_reject_subscription_channel_payload_combo: refuses what does not go together', async () => {
    await isRefused(channel({ payload: undefined }), /payload/);
    await isRefused(channel({ type: 'websocket' }), /endpoint/);
    await isRefused({ ...requested, criteria: 'PractitionerRole?active=true' }, /criteria/);
  });

  it('subscriptions_r4_server_reject_subscription_cross_version_extension: refuses R5 elements as extensions', async () => {
    const r5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription';
    await isRefused(
      { ...requested, _criteria: { extension: [{ url: `${r5}.filterBy`, valueString: 'x' }] } },
      /criteria/,
    );
    await isRefused({ ...requested, extension: [{ url: `${r5}.topic`, valueUri: canonical }] }, /extension/);
    await isRefused(channel({ extension: [{ url: `${r5}.heartbeatPeriod`, valueUnsignedInt: 60 }] }), /channel/);
  });

  it('B-106 to B-112, subscriptions_r4_server_status_invocation: $status answers for one, some or all', async () => {
    const [one, two] = [await make(requested, 'c4'), await make(requested, 'c4')];
    await ask('PUT', `Subscription/${two.id}`, { ...two, status: 'off' }, 'c4');
    const statuses = async (path: string, body?: object) => {
      const answer = await ask(body === undefined ? 'GET' : 'POST', `Subscription${path}`, body, 'c4');
      expect(answer.json(), answer.body).to.include({ resourceType: 'Bundle', type: 'searchset' });
      return (answer.json().entry ?? []).map(({ resource }: { resource: { parameter: Body[] } }) => {
        expect(resource).to.include({ resourceType: 'Parameters' });
        const of = (name: string) => resource.parameter.find((part) => part['name'] === name) ?? {};
        expect(of('type')['valueCode']).to.equal('query-status');
        expect(of('topic')['valueCanonical']).to.equal(canonical);
        expect(of('events-since-subscription-start')['valueString']).to.equal('0');
        const { reference } = of('subscription')['valueReference'] as { reference: string };
        return `${reference.split('/').at(-1)} ${of('status')['valueCode']}`;
      });
    };
    const [first, second] = [`${one.id} requested`, `${two.id} off`];
    expect(await statuses('/$status')).to.have.members([first, second]);
    expect(await statuses(`/$status?id=${one.id}`)).to.deep.equal([first]);
    for (const both of [`id=${one.id}&id=${two.id}`, `id=${one.id},Subscription/${two.id}`, 'status=off,requested']) {
      expect(await statuses(`/$status?${both}`), both).to.have.members([first, second]);
    }
    expect(await statuses('/$status?status=off')).to.deep.equal([second]);
    expect(await statuses(`/$status?id=${one.id}&status=off`)).to.deep.equal([]);
    const parameter = [
      { name: 'id', valueId: one.id },
      { name: 'status', valueCode: 'requested' },
    ];
    expect(await statuses('/$status', { resourceType: 'Parameters', parameter })).to.deep.equal([first]);
    expect(await statuses(`/${one.id}/$status?status=off&id=${two.id}`), 'an instance takes none').to.deep.equal([
      first,
    ]);
  });

  it('names every requirement and every case in a test of the file that is said to hold it', () => {
    const { requirements, inferno } = JSON.parse(readFileSync('conformance/backport.json', 'utf8')) as Backport;
    const wanted = [
      ...requirements.flatMap(({ ids, test }) => ids.map((id) => ({ id, test }))),
      ...inferno.map(({ id, test }) => ({ id, test })),
    ];
    expect(wanted).to.have.length.greaterThan(100);
    const named = (test: string) => {
      const titles = [...readFileSync(test, 'utf8').matchAll(/\bit\(\s*'([^']*)'/g)].map(([, title = '']) => title);
      return new Set(titles.flatMap(namesIn));
    };
    const missing = wanted.filter(({ id, test }) => !named(test).has(id));
    expect(missing).to.deep.equal([]);
  });
});

/** `B-106 to B-112` names seven. */
function namesIn(title: string): readonly string[] {
  const ranges = [...title.matchAll(/B-(\d+) to B-(\d+)/g)].flatMap(([, from, to]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => `B-${Number(from) + i}`),
  );
  return [...ranges, ...(title.match(/B-\d+|subscriptions_r4_server_\w+/g) ?? [])];
}
