import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { fetchKeySet } from '../../../server/oauth/key-set-fetch.ts';

describe('the fetch of a client’s key set', () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/away') response.writeHead(302, { location: '/jwks' }).end();
    else if (request.url === '/large') response.end('x'.repeat(100_000));
    else response.writeHead(200, { 'cache-control': 'max-age=9999999' }).end('{"keys":[]}');
  });
  let origin = '';
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const why = (url: string, development: boolean) =>
    fetchKeySet(url, development).then(
      ({ status }) => String(status),
      (error: Error) => error.message,
    );

  it('reaches this machine in development, and remembers for an hour at most', async () => {
    const answer = await fetchKeySet(`${origin}/jwks`, true);
    expect(await answer.json()).to.deep.equal({ keys: [] });
    expect(answer.headers.get('cache-control')).to.equal('max-age=3600');
  });

  it('follows no redirect and reads no more than a key set', async () => {
    asked.length = 0;
    expect(await why(`${origin}/away`, true)).to.equal('302');
    expect(asked).to.deep.equal(['/away']);
    expect(await why(`${origin}/large`, true)).to.contain('too-large');
  });

  it('sends nothing to an address inside the network, and says no more than that', async () => {
    asked.length = 0;
    const { port } = new URL(origin);
    for (const url of [`${origin}/jwks`, `http://localhost:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`]) {
      expect(await why(url, false), url).to.contain('blocked');
    }
    const closed = [
      'https://10.0.0.1/',
      'https://169.254.169.254/',
      'https://[fd00::1]/',
      'https://vendor.example:22/',
    ];
    for (const url of [...closed, 'http://vendor.example/', 'https://a:b@vendor.example/', 'file:///etc/hosts', 'x']) {
      expect(await why(url, true), url).to.contain('blocked');
    }
    expect(asked).to.deep.equal([]);
  });

  it('looks at the very address that it connects to: a name that changes its mind helps nobody', async () => {
    const answers = [['10.0.0.7'], ['203.0.113.7', '127.0.0.1'], ['::ffff:169.254.169.254']];
    const looked: string[] = [];
    const told = async (addresses: readonly string[]) => {
      const resolve: Parameters<typeof fetchKeySet>[2] = (name, _options, done) => {
        looked.push(name);
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      };
      return fetchKeySet('https://vendor.example/jwks', false, resolve).then(
        () => 'answered',
        (error: Error) => error.message,
      );
    };
    for (const addresses of answers) expect(await told(addresses), addresses.join()).to.contain('blocked');
    expect(looked).to.deep.equal(answers.map(() => 'vendor.example'));
    expect(await why('https://vendor.example:444/', false)).to.contain('blocked');
  });

  it('asks for the addresses anew with every fetch, so that the first answer vouches for no second one', async () => {
    let turn = 0;
    const { port } = new URL(origin);
    const resolve: Parameters<typeof fetchKeySet>[2] = (_name, _options, done) => {
      turn += 1;
      done(null, [{ address: turn === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
    };
    // In development this machine stands for the public address that a name shows first.
    const url = `http://localhost:${port}/jwks`;
    expect((await fetchKeySet(url, true, resolve)).status).to.equal(200);
    const second = await fetchKeySet(url, true, resolve).catch((error: Error) => error.message);
    expect(second).to.contain('blocked');
    expect(turn).to.equal(2);
  });
});
