import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Resolve } from '../../../server/events/channels/connections.ts';
import { restHook } from '../../../server/events/channels/rest-hook.ts';
import type { EgressPolicy } from '../../../server/events/endpoint.ts';
import { type HookReceiver, hookReceiver } from '../../support/hook-receiver.ts';
import { needs } from '../../support/needs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const closed: EgressPolicy = { privateRanges: [], loopback: false, ownOrigins: [] };
const development: EgressPolicy = { ...closed, loopback: true };
const message = (url: string) => ({
  ...{ method: 'POST' as const, url: new URL(url), headers: { 'content-type': 'application/fhir+json' } },
  ...{ body: Buffer.from('{}'), timeoutMs: 500 },
});

describe('events/channels/rest-hook', () => {
  let hook: HookReceiver;
  before(async () => {
    hook = await hookReceiver();
  });
  after(() => hook.stop());

  const send = async (url: string, policy: EgressPolicy, resolve?: Resolve) => {
    const channel = restHook(() => policy, resolve);
    const { status, error } = await channel.send('rxx', message(url));
    await channel.close();
    return { status, error };
  };
  const answering =
    (...addresses: readonly string[]): Resolve =>
    (_name, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  it('reaches loopback in development alone', async () => {
    expect(await send(`${hook.url}/x`, development)).to.deep.equal({ status: 200, error: null });
    expect(await send(`${hook.url}/x`, closed)).to.deep.equal({ status: null, error: 'blocked' });
  });

  it('looks at every address of a name when it connects, so that a name that changes helps nobody', async () => {
    const before = hook.received.length;
    for (const addresses of [['127.0.0.1'], ['::1'], ['8.8.8.8', '169.254.169.254'], ['10.0.0.1'], ['::ffff:7f00:1']]) {
      const outcome = await send('https://rebind.example/', closed, answering(...addresses));
      expect(outcome, addresses.join()).to.deep.equal({ status: null, error: 'blocked' });
    }
    expect(hook.received.length).to.equal(before);
  });

  it('connects to no private range beside the one that an operator opened', async () => {
    const opened = { ...closed, privateRanges: ['10.20.0.0/16'] };
    expect(await send('https://hook.example/', opened, answering('10.21.0.1'))).to.include({ error: 'blocked' });
  });

  it('speaks https to those alone whose certificate is vouched for, under the name that it has', function () {
    const folder = temporaryFolder('https');
    const options = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost';
    const made = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', 'key.pem', '-out', 'cert.pem'];
    const openssl = spawnSync('openssl', ['req', ...options.split(' '), ...made], { cwd: folder.path });
    needs(this, 'program openssl', openssl.error === undefined);
    const child = 'test/support/https-hook-child.ts';
    const send = (environment: Readonly<Record<string, string>>) => {
      const env = { ...process.env, ...environment };
      const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', child, folder.path], {
        env,
        encoding: 'utf8',
      });
      return JSON.parse(stdout) as object;
    };
    try {
      const trusting = send({ NODE_EXTRA_CA_CERTS: join(folder.path, 'cert.pem') });
      expect(trusting).to.deep.equal({ errors: [null, 'tls'], got: ['POST /hook'] });
      expect(send({})).to.deep.equal({ errors: ['tls', 'tls'], got: [] });
    } finally {
      folder.remove();
    }
  });

  it('tells classes of failures, and nothing that an endpoint says', async () => {
    hook.behave((one) => (one.path === '/hang' ? 'hang' : one.path === '/drop' ? 'drop' : Number(one.path.slice(1))));
    const expected = {
      '/302': 'http-3xx',
      '/404': 'http-4xx',
      '/503': 'http-5xx',
      '/hang': 'timeout',
      '/drop': 'connect',
    };
    for (const [path, error] of Object.entries(expected)) {
      expect((await send(`${hook.url}${path}`, development)).error, path).to.equal(error);
    }
    const nowhere: Resolve = (_name, done) => done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
    expect((await send('https://nowhere.example/', closed, nowhere)).error).to.equal('dns');
  });
});
