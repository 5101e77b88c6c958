import { expect } from 'chai';
import type { Resolve } from '../../server/events/channels/connections.ts';
import { restHook } from '../../server/events/channels/rest-hook.ts';
import type { EgressPolicy } from '../../server/events/endpoint.ts';
import { type DeliveryRig, deliveryRig, fastSchedule, type RigClient } from '../support/delivery-rig.ts';
import { bearer, type FhirRig, fhirRig, publicUrl } from '../support/fhir-rig.ts';
import { type HookReceiver, hookReceiver } from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';
import { subscriptionTo } from '../support/subscription-client.ts';

/** An address at least of every range of security-eventing.md 4.7, and the edges of those that lie beside open ones. */
const closed: readonly string[] = [
  ...['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.1'],
  ...['127.255.255.254', '169.254.0.1', '169.254.169.254', '169.254.170.2', '172.16.0.0', '172.31.255.255'],
  ...['192.0.0.1', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.0.1', '192.168.255.255', '198.18.0.1'],
  ...['198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1'],
  ...['255.255.255.255', '100.100.100.200', '168.63.129.16'],
  ...['::', '::1', '::7f00:1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001::1', '2001:1ff::1', '2001:db8::1'],
  ...['2002:7f00:1::', '3fff::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fdff::1', 'fe80::1', 'febf::1', 'fec0::1'],
  ...['ff02::1', '::ffff:7f00:1', '::ffff:a9fe:a9fe', '::ffff:0:7f00:1', '::ffff:0:0:0'],
];
/** Other spellings of loopback and of the metadata service; the URL parser makes most of them one. */
const spellings: readonly string[] = [
  ...['2130706433', '0x7f000001', '0x7f.1', '127.1', '127.0.1', '0177.0.0.1', '017700000001', '127.0.0.1.'],
  ...['１２７.0.0.1', '127。0。0。1', '%31%32%37.0.0.1', '[::ffff:127.0.0.1]', '[0:0:0:0:0:0:0:1]', '[::ffff:7f00:1]'],
  ...['2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '[::ffff:169.254.169.254]', '0', '0x0', '[::]'],
  ...['localhost', 'LOCALHOST', 'localhost.', 'a.b.localhost', 'ｌｏｃａｌｈｏｓｔ'],
];
const hostOf = (address: string) => (address.includes(':') ? `[${address}]` : address);
const shut: EgressPolicy = { privateRanges: [], loopback: false, ownOrigins: [publicUrl] };

describe('T23: endpoints that a server must not send to', () => {
  let fhir: FhirRig;
  let rig: DeliveryRig;
  let hook: HookReceiver;
  let client: RigClient;

  before(async () => {
    fhir = await fhirRig(['rxx']);
    rig = await deliveryRig();
    hook = await hookReceiver();
    client = await rig.client('rxx');
  });
  after(async () => {
    await fhir.close();
    await rig.close();
    await hook.stop();
  });

  const create = (resource: object) =>
    fhir.app.inject({
      method: 'POST',
      url: '/t/rxx/fhir/v1/Subscription',
      headers: {
        authorization: bearer('rxx', 'system/Subscription.cruds system/PractitionerRole.rs'),
        'content-type': 'application/fhir+json',
      },
      payload: JSON.stringify(resource),
    });
  const refusal = async (endpoint: string) => {
    const answer = await create(subscriptionTo(endpoint));
    expect(answer.statusCode, endpoint).to.equal(422);
    return String(answer.json().issue[0].diagnostics);
  };

  it('refuses every closed address, in every spelling, with the same words', async () => {
    const words = new Set<string>();
    for (const host of [...closed.map(hostOf), ...spellings]) words.add(await refusal(`https://${host}/hook`));
    expect([...words]).to.deep.equal(['the endpoint is not allowed']);
  });

  it('refuses this very server, whatever the path and however it is written', async () => {
    for (const url of [
      `${publicUrl}/t/ryy/fhir/v1/Practitioner`,
      'https://API.EXAMPLE:443/t/rxx/events/v1',
      'https://api.example./admin/v1',
      'https://api.example/',
    ]) {
      expect(await refusal(url), url).to.equal('the endpoint is not allowed');
    }
  });

  it('refuses users, fragments, other ports, other schemes and plain http', async () => {
    const wrong = ['https://u:p@hook.example/', 'https://hook.example/#f', 'https://hook.example:22/'];
    const schemes = ['http://hook.example/', 'ftp://hook.example/', 'file:///etc/passwd', 'gopher://hook.example/'];
    for (const url of [...wrong, ...schemes, 'https://1.1.1.1/', '//hook.example/', 'data:text/plain,x']) {
      expect(await refusal(url), url).to.match(/^the endpoint (?:must|is not)/);
    }
  });

  it('refuses headers that are the connection’s, the proxies’ or two in one', async () => {
    const names =
      'Host Content-Length Transfer-Encoding Connection TE Trailer Upgrade Expect Content-Type Cookie'.split(' ');
    const more = ['Proxy-Authorization', 'X-Forwarded-Host', 'X-Forwarded-For', 'webhook-signature', 'Webhook-Id'];
    const injected = [
      'X: a\r\nHost: evil',
      'X: a\nY: b',
      'X\r\nHost: evil',
      'X: \u0000',
      ': x',
      `X: ${'y'.repeat(1025)}`,
    ];
    for (const header of [...[...names, ...more].map((name) => `${name}: x`), ...injected]) {
      const { statusCode, body } = await create(subscriptionTo('https://hook.example/', { header: [header] }));
      expect(statusCode, JSON.stringify(header)).to.equal(422);
      expect(body).to.not.include('evil');
    }
    expect(
      (await create(subscriptionTo('https://hook.example/', { header: ['Authorization: x'] }))).statusCode,
    ).to.equal(201);
  });

  it('connects to no name that leads to a closed address, not even where another of its addresses is open', async () => {
    const before = hook.received.length;
    const leading =
      (...addresses: readonly string[]): Resolve =>
      (_name, done) =>
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
    const body = Buffer.from('{}');
    for (const address of closed) {
      for (const all of [[address], ['8.8.8.8', address]]) {
        const channel = restHook(() => shut, leading(...all));
        const message = {
          method: 'POST',
          url: new URL('https://hook.example/'),
          headers: {},
          body,
          timeoutMs: 500,
        } as const;
        expect((await channel.send('rxx', message)).error, all.join()).to.equal('blocked');
        await channel.close();
      }
    }
    expect(hook.received.length).to.equal(before);
  });

  it('follows no redirect, wherever it leads, and tells a class of failure alone', async () => {
    const targets = [`${hook.url}/elsewhere`, 'http://169.254.169.254/latest/meta-data', `${publicUrl}/admin/v1`];
    hook.behave((one, n) => ({
      status: [301, 302, 303, 307, 308][n % 5] ?? 302,
      headers: { location: targets[Number(one.path.slice(-1))] ?? '' },
    }));
    for (const [index] of targets.entries()) {
      const id = await client.subscribe(`${hook.url}/to${index}`);
      const stored = await until('error', 10, async () => {
        const found = await client.subscription(id);
        return found.status === 'error' ? found : undefined;
      });
      expect(stored['error']).to.equal('http-3xx');
      expect(JSON.stringify(stored)).to.not.match(/latest|meta-data|elsewhere|admin/);
    }
    expect(hook.received.some(({ path }) => !path.startsWith('/to'))).to.equal(false);
    hook.behave(() => 200);
  });

  it('opens the private ranges that an operator names for a tenant, to that tenant alone, and never more', async () => {
    // Nothing is sent: no test speaks to private networks.
    const silent = await deliveryRig(fastSchedule, undefined, { deliver: false });
    const { tenants } = silent.house.house;
    const [own, theirs] = [await silent.client('rxx'), await silent.client('ryy')];
    const outcome = (of: RigClient, host: string) =>
      of.subscribe(`https://${host}/hook`).then(
        () => 'made',
        (error: Error) => error.message,
      );
    expect(await outcome(own, '10.20.0.9')).to.equal('the endpoint is not allowed');
    await tenants.set('rxx', 'egressPrivateRanges', '10.20.0.0/16,fd12:3456::/32');
    await until('open', 10, async () => ((await outcome(own, '10.20.0.9')) === 'made' ? true : undefined));
    expect(await outcome(own, '[fd12:3456::9]')).to.equal('made');
    for (const host of ['10.21.0.9', '[fd12:3457::9]', '169.254.169.254', '[fd00:ec2::254]', '100.100.100.200']) {
      expect(await outcome(own, host), host).to.equal('the endpoint is not allowed');
    }
    expect(await outcome(theirs, '10.20.0.9')).to.equal('the endpoint is not allowed');
    for (const range of [
      '127.0.0.0/8',
      '169.254.0.0/16',
      '0.0.0.0/0',
      '::/0',
      'fe80::/10',
      '8.8.8.0/24',
      '10.0.0.0/7',
    ]) {
      const error = await tenants.set('rxx', 'egressPrivateRanges', range).catch((thrown: Error) => thrown);
      expect(error, range).to.be.instanceOf(Error);
    }
    await silent.close();
  });

  it('sends no more to what is closed again', async () => {
    let policy: EgressPolicy = { ...shut, loopback: true };
    const channel = restHook(() => policy);
    const url = new URL(`${hook.url}/open`);
    const message = { method: 'POST', url, headers: {}, body: Buffer.from('{}'), timeoutMs: 1000 } as const;
    expect((await channel.send('rxx', message)).error).to.equal(null);
    policy = shut;
    expect((await channel.send('rxx', message)).error).to.equal('blocked');
    await channel.close();
    expect(hook.received.filter(({ path }) => path === '/open')).to.have.length(1);
  });
});
