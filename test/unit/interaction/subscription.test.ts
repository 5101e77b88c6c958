import { expect } from 'chai';
import { bearer, type FhirRig, fhirRig } from '../../support/fhir-rig.ts';
import { subscriptionTo } from '../../support/subscription-client.ts';

const base = '/t/rxx/fhir/v1';
const scope = 'system/Subscription.cruds system/PractitionerRole.rs';
const hook = 'https://hook.example/notify';
const json = { 'content-type': 'application/fhir+json' };
const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
const requested = subscriptionTo(hook, { header: ['Authorization: Bearer of-the-receiver'] });

describe('interaction/subscription', () => {
  let rig: FhirRig;
  before(async () => {
    rig = await fhirRig(['rxx', 'ryy']);
  });
  after(() => rig.close());

  type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  const ask = (
    method: Method,
    path: string,
    body?: unknown,
    more: { as?: string; headers?: object; scope?: string } = {},
  ) =>
    rig.app.inject({
      method,
      url: `${base}/${path}`,
      headers: {
        authorization: bearer('rxx', more.scope ?? scope, more.as ?? 'c1'),
        ...(body === undefined ? {} : json),
        ...more.headers,
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
  const make = async (resource: object = requested) => {
    const made = await ask('POST', 'Subscription', resource);
    expect(made.statusCode, made.body).to.equal(201);
    return made.json();
  };

  it('is made as requested, read, searched and counted by its client', async () => {
    const made = await ask('POST', 'Subscription', requested);
    expect(made.statusCode).to.equal(201);
    const { id, status, criteria, meta, channel } = made.json();
    expect(made.headers.location).to.match(new RegExp(`/Subscription/${id}/_history/1$`));
    expect(made.headers.etag).to.equal('W/"1"');
    expect({ status, criteria, channel }).to.deep.equal({
      status: 'requested',
      criteria: requested['criteria'],
      channel: requested['channel'],
    });
    expect(meta.profile).to.deep.equal([`${backport}/backport-subscription`]);
    expect((await ask('GET', `Subscription/${id}`)).json()).to.deep.equal(made.json());
    for (const query of [
      'status=requested',
      `url=${hook}`,
      'type=rest-hook',
      `topic=${criteria}`,
      `criteria=${criteria}`,
    ]) {
      const found = (await ask('GET', `Subscription?${query}&_id=${id}`)).json();
      expect(found.total, query).to.equal(1);
    }
    expect((await ask('GET', 'Subscription?status=active')).json().total).to.equal(0);
  });

  it('changes by update and patch, asks for a new handshake only where it must, and goes', async () => {
    const made = await make();
    const { id } = made;
    const put = (resource: object, headers = {}) => ask('PUT', `Subscription/${id}`, resource, { headers });
    expect((await put(made)).headers.etag, 'the same again').to.equal('W/"1"');
    expect((await put({ ...made, reason: 'other' }, { 'if-match': 'W/"7"' })).statusCode).to.equal(412);
    expect((await put({ ...made, id: 'other' })).statusCode).to.equal(400);
    const off = await put({ ...made, status: 'off' }, { 'if-match': 'W/"1"' });
    expect(off.json()).to.include({ status: 'off' });
    const patch = [{ op: 'replace', path: '/status', value: 'requested' }];
    const patchHeaders = { 'content-type': 'application/json-patch+json' };
    const patched = await ask('PATCH', `Subscription/${id}`, patch, { headers: patchHeaders });
    expect(patched.json()).to.deep.include({ id, status: 'requested', channel: made.channel });
    const bad = [{ op: 'replace', path: '/nowhere/at/all', value: 1 }];
    expect((await ask('PATCH', `Subscription/${id}`, bad, { headers: patchHeaders })).statusCode).to.equal(422);
    expect((await ask('PATCH', `Subscription/${id}`, patch)).statusCode, 'as FHIR JSON').to.equal(415);
    const history = (await ask('GET', `Subscription/${id}/_history`)).json();
    expect(history.entry.map((one: { response: { etag: string } }) => one.response.etag)).to.deep.equal([
      ...['W/"3"', 'W/"2"', 'W/"1"'],
    ]);
    expect((await ask('GET', `Subscription/${id}/_history/2`)).json()).to.include({ status: 'off' });
    expect((await ask('DELETE', `Subscription/${id}`)).statusCode).to.equal(204);
    expect((await ask('GET', `Subscription/${id}`)).statusCode).to.equal(410);
    expect((await put(made)).statusCode).to.equal(410);
  });

  it('is nobody else’s business: others find what they find of an id that never was', async () => {
    const { id } = await make();
    const other = { as: 'c2' };
    const never = await ask('GET', 'Subscription/never', undefined, other);
    for (const path of [`Subscription/${id}`, `Subscription/${id}/_history`, `Subscription/${id}/_history/1`]) {
      const answer = await ask('GET', path, undefined, other);
      expect([answer.statusCode, answer.body], path).to.deep.equal([404, never.body]);
    }
    for (const operation of ['$status', '$events', '$webhook-secret']) {
      const answer = await ask('GET', `Subscription/${id}/${operation}`, undefined, other);
      expect([answer.statusCode, answer.body], operation).to.deep.equal([404, never.body]);
    }
    const attempts = [
      ask('PUT', `Subscription/${id}`, { ...requested, id }, other),
      ask('DELETE', `Subscription/${id}`, undefined, other),
      ask('POST', `Subscription/${id}/$rotate-webhook-secret`, undefined, other),
    ];
    for (const answer of await Promise.all(attempts)) {
      expect([answer.statusCode, answer.body]).to.deep.equal([404, never.body]);
    }
    expect((await ask('GET', 'Subscription', undefined, other)).json().total).to.equal(0);
    expect((await ask('GET', `Subscription/$status?id=${id}`, undefined, other)).json().total).to.equal(0);
  });

  it('shows an auditor everybody’s, without the values of their headers, and lets him change none', async () => {
    const { id } = await make();
    const auditor = { as: 'c3', scope: `${scope} system/AuditEvent.rs` };
    const read = await ask('GET', `Subscription/${id}`, undefined, auditor);
    expect(read.json().channel.header).to.deep.equal(['Authorization: ***']);
    for (const path of [`Subscription/${id}/_history`, 'Subscription', `Subscription/${id}/_history/1`]) {
      const answer = await ask('GET', path, undefined, auditor);
      expect(answer.body).to.include(id);
      expect(answer.body).to.not.include('of-the-receiver');
    }
    expect((await ask('DELETE', `Subscription/${id}`, undefined, auditor)).statusCode).to.equal(403);
    expect((await ask('GET', `Subscription/${id}/$webhook-secret`, undefined, auditor)).statusCode).to.equal(403);
  });

  it('rotates its signing secret, which its owner alone may ask for', async () => {
    const { id } = await make();
    const secret = async () => (await ask('GET', `Subscription/${id}/$webhook-secret`)).json().parameter[0].valueString;
    const first = await secret();
    expect(first).to.match(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const rotated = (await ask('POST', `Subscription/${id}/$rotate-webhook-secret`)).json().parameter[0].valueString;
    expect(rotated).to.not.equal(first);
    expect(await secret()).to.equal(rotated);
  });

  const topic = (name: string) => `https://esr-fhir.example/SubscriptionTopic/${name}`;
  const channel = (change: object) => ({ ...requested, channel: { ...(requested['channel'] as object), ...change } });
  const extended = (extension: object) => ({ ...requested, _criteria: { extension: [extension] } });
  const r5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription';
  const refusals: Readonly<Record<string, object>> = {
    'a topic that there is not': { ...requested, criteria: topic('practitioner-change') },
    'criteria that are no search of ours': { ...requested, criteria: 'Patient?name=x', _criteria: undefined },
    'a filter that the topic does not have': subscriptionTo(hook, { filters: ['PractitionerRole?specialty=1'] }),
    'a filter of another type': subscriptionTo(hook, { filters: ['Patient?organization=Organization/1'] }),
    'a filter with a modifier': subscriptionTo(hook, { filters: ['role:not=03'] }),
    'a cross-version extension on criteria': extended({ url: `${r5}.filterBy`, valueString: 'x' }),
    'an unknown extension of the channel': channel({ extension: [{ url: `${r5}.x`, valueUnsignedInt: 1 }] }),
    'another channel': channel({ type: 'email', endpoint: 'mailto:a@example.org' }),
    'the websocket channel, until it is there': channel({ type: 'websocket', endpoint: undefined }),
    'a channel by extension': channel({
      _type: { extension: [{ url: `${backport}/backport-channel-type`, valueCoding: {} }] },
    }),
    'no endpoint': channel({ endpoint: undefined }),
    http: channel({ endpoint: 'http://hook.example/' }),
    'another payload': channel({ payload: 'text/plain' }),
    XML: channel({ payload: 'application/fhir+xml' }),
    'another FHIR version': channel({ payload: 'application/fhir+json; fhirVersion=5.0' }),
    'another content': subscriptionTo(hook, { content: 'everything' }),
    'content where there is no resource': subscriptionTo(hook, { topic: 'file-ingested', content: 'id-only' }),
    'a heartbeat too often': subscriptionTo(hook, { heartbeat: 1 }),
    'a modifier extension': { ...requested, modifierExtension: [{ url: 'urn:x', valueString: 'x' }] },
    'a status that the server alone gives': { ...requested, status: 'error' },
    'an end that has passed': subscriptionTo(hook, { end: '2020-01-01T00:00:00Z' }),
  };
  for (const [what, resource] of Object.entries(refusals)) {
    it(`refuses ${what}, and says why`, async () => {
      const answer = await ask('POST', 'Subscription', resource, { scope: `${scope} system/Provenance.rs` });
      expect(answer.statusCode, answer.body).to.equal(422);
      const [issue] = answer.json().issue;
      expect(issue.diagnostics).to.match(/\w+ \w+/);
      expect(issue.expression[0]).to.match(/^Subscription\./);
    });
  }

  it('takes a fhirVersion that it has, both spellings of filters, and the optional numbers', async () => {
    const filters = ['PractitionerRole?organization=Organization/1&role=03', 'PractitionerRole.staff-group=urn:x|03'];
    const full = { filters, heartbeat: 60, timeout: 30, maxCount: 5, end: '2027-01-01T00:00:00Z' };
    const made = await make(subscriptionTo(hook, { ...full, payload: 'application/fhir+json; fhirVersion=4.0' }));
    const sent = subscriptionTo(hook, { ...full, payload: 'application/fhir+json; fhirVersion=4.0' });
    expect(made._criteria).to.deep.equal(sent['_criteria']);
    expect(made.channel).to.deep.equal(sent['channel']);
  });

  it('tells nobody of what his token does not cover', async () => {
    const narrow = { scope: 'system/Subscription.cruds system/Practitioner.rs' };
    expect((await ask('POST', 'Subscription', requested, narrow)).statusCode).to.equal(403);
    for (const part of ['system/PractitionerRole.rs?active=true', 'user/PractitionerRole.rs']) {
      const some = { scope: `system/Subscription.cruds ${part}` };
      expect((await ask('POST', 'Subscription', requested, some)).statusCode, part).to.equal(403);
    }
    const files = subscriptionTo(hook, { topic: 'file-ingested', content: 'empty' });
    expect((await ask('POST', 'Subscription', files, { scope: 'system/*.cruds' })).statusCode).to.equal(403);
    expect(
      (await ask('POST', 'Subscription', files, { scope: 'system/*.cruds system/Provenance.r' })).statusCode,
    ).to.equal(201);
    const chained = {
      ...requested,
      criteria: 'PractitionerRole?organization.name=x',
      channel: { type: 'rest-hook', endpoint: hook },
    };
    expect((await ask('POST', 'Subscription', chained)).statusCode).to.equal(403);
  });

  it('refuses what is no Subscription at all with 400', async () => {
    for (const body of [{}, [], { ...requested, channel: 'x' }, { ...requested, criteria: undefined }]) {
      expect((await ask('POST', 'Subscription', body)).statusCode).to.equal(400);
    }
  });

  const headers: readonly string[] = [
    ...['Host: elsewhere', 'Content-Length: 1', 'Cookie: a=b', 'Transfer-Encoding: chunked', 'webhook-id: 1'],
    ...['X-Forwarded-For: 10.0.0.1', 'Proxy-Authorization: x', 'no colon', 'X: a\r\nHost: evil', 'Ünï: x', 'X: ünï'],
  ];
  for (const header of headers) {
    it(`refuses the header ${JSON.stringify(header)}`, async () => {
      expect((await ask('POST', 'Subscription', subscriptionTo(hook, { header: [header] }))).statusCode).to.equal(422);
    });
  }

  const endpoints: readonly string[] = [
    ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://127.1/', 'https://0177.0.0.1/'],
    ...[
      'https://[::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[::ffff:7f00:1]/',
      'https://[::]/',
      'https://0.0.0.0/',
    ],
    ...['https://169.254.169.254/latest/meta-data', 'https://[fd00:ec2::254]/', 'https://100.100.100.200/'],
    ...[
      'https://10.0.0.1/',
      'https://192.168.0.1/',
      'https://172.16.0.1/',
      'https://100.64.0.1/',
      'https://[fe80::1]/',
    ],
    ...['https://localhost/', 'https://LOCALHOST./', 'https://a.localhost/', 'https://user:pw@hook.example/'],
    ...['https://hook.example:8080/', 'https://hook.example/#x', 'ftp://hook.example/', 'https://8.8.8.8/', 'nothing'],
    ...['https://api.example/t/ryy/fhir/v1/Practitioner', `https://hook.example/${'x'.repeat(2000)}`],
  ];
  for (const endpoint of endpoints) {
    it(`refuses to send to ${endpoint.slice(0, 60)}`, async () => {
      const answer = await ask('POST', 'Subscription', subscriptionTo(endpoint));
      expect(answer.statusCode).to.be.oneOf([400, 422]);
    });
  }

  it('says in the CapabilityStatement what it can', async () => {
    const statement = (await ask('GET', 'metadata')).json();
    expect(statement.instantiates[0]).to.match(/backport-subscription-server-r4$/);
    const entry = statement.rest[0].resource.find(({ type }: { type: string }) => type === 'Subscription');
    expect(entry.supportedProfile).to.deep.equal([`${backport}/backport-subscription`]);
    const codes = entry.interaction.map(({ code }: { code: string }) => code);
    expect(codes).to.have.members('read vread history-instance search-type create update patch delete'.split(' '));
    expect(entry.operation.map(({ name }: { name: string }) => name)).to.deep.equal([
      'status',
      'events',
      'get-ws-binding-token',
    ]);
    const topics = entry.extension.map((one: { valueCanonical: string }) => one.valueCanonical);
    expect(topics).to.have.length(15);
    for (const canonical of topics) {
      const name = canonical.split('/').at(-1);
      const found = await ask('GET', `SubscriptionTopic/${name}`);
      expect(found.json()).to.deep.include({ resourceType: 'Basic', id: name });
      expect(found.body).to.include(canonical);
      expect((await ask('GET', `SubscriptionTopic?url=${canonical}`)).json().total).to.equal(1);
    }
    expect((await ask('GET', 'SubscriptionTopic')).json().total).to.equal(15);
    expect((await ask('GET', 'SubscriptionTopic/nothing')).statusCode).to.equal(404);
  });

  it('gives no token to bind a websocket to a subscription of another channel', async () => {
    const { id } = await make();
    expect((await ask('GET', `Subscription/${id}/$get-ws-binding-token`)).statusCode).to.equal(422);
  });
});
