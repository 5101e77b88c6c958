import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as waited } from 'node:timers/promises';
import { expect } from 'chai';
import { restHook } from '../../../server/events/channels/rest-hook.ts';
import type { EgressPolicy } from '../../../server/events/endpoint.ts';

const open: EgressPolicy = { privateRanges: [], loopback: true, ownOrigins: [] };
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

/** A server of bare bytes: says what it is told to on the n-th request (from 1), to the socket it came on. */
async function bareServer(say: (socket: Socket, n: number) => void) {
  const sockets: Socket[] = [];
  /** By request, which of the sockets it came on. */
  const cameOn: number[] = [];
  const server = createServer((socket) => {
    const number = sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      if (!bytes.toString('latin1').startsWith('POST ')) return;
      say(socket, cameOn.push(number));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    ...{ sockets, cameOn, url: new URL(`http://127.0.0.1:${port}/hook`) },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('Connections to endpoints', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const rig = async (say: Parameters<typeof bareServer>[0], policyOf: () => EgressPolicy = () => open) => {
    const server = await bareServer(say);
    const channel = restHook(policyOf);
    stops.push(server.stop, () => channel.close());
    const send = (tenant = 'rxx', timeoutMs = 2000) =>
      channel.send(tenant, { method: 'POST', url: server.url, headers: {}, body: Buffer.from('{}'), timeoutMs });
    return { server, channel, send };
  };

  it('carry one request after the other, one at a time, and no two tenants', async () => {
    const { server, send } = await rig((socket) => socket.write(ok));
    for (let n = 0; n < 3; n += 1) expect((await send()).error).to.equal(null);
    expect(server.cameOn).to.deep.equal([1, 1, 1]);
    await Promise.all([send(), send(), send('ryy')]);
    expect(server.sockets).to.have.length(3);
    await send('ryy');
    expect(server.cameOn.at(-1)).to.not.equal(1);
    expect(server.sockets).to.have.length(3);
  });

  it('are opened anew where what may be reached has changed', async () => {
    let policy = open;
    const { server, send } = await rig(
      (socket) => socket.write(ok),
      () => policy,
    );
    await send();
    policy = { ...open, privateRanges: ['10.0.0.0/8'] };
    expect((await send()).error).to.equal(null);
    expect(server.cameOn).to.deep.equal([1, 2]);
    policy = { ...open, loopback: false };
    expect((await send()).error).to.equal('blocked');
    expect(server.cameOn).to.have.length(2);
  });

  it('are cut off when their time is up, which counts as no answer, and not used again', async () => {
    const { server, send } = await rig((socket, n) => n !== 1 && socket.write(ok));
    const { status, error, milliseconds } = await send('rxx', 150);
    expect({ status, error }).to.deep.equal({ status: null, error: 'timeout' });
    expect(milliseconds).to.be.within(140, 1500);
    expect((await send()).error).to.equal(null);
    expect(server.cameOn).to.deep.equal([1, 2]);
  });

  it('have an answer that never ends taken for what its head says, and are not used again', async () => {
    const { server, send } = await rig((socket, n) => {
      if (n > 1) socket.write(ok);
      else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(9000)}`);
    });
    expect(await send()).to.include({ status: 200, error: null });
    expect((await send()).error).to.equal(null);
    expect(server.cameOn).to.deep.equal([1, 2]);
  });

  it('may be closed by the far side after an answer, in the middle of it, and before it', async () => {
    const { send } = await rig((socket, n) => {
      if (n === 1) socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      else if (n === 2) socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      else if (n === 3) socket.end('HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\n\r\nx');
      else if (n === 4) socket.destroy();
      else socket.write(ok);
    });
    const outcomes = [];
    for (let n = 0; n < 5; n += 1) {
      const { status, error } = await send();
      outcomes.push([status, error]);
      await waited(20);
    }
    expect(outcomes).to.deep.equal([
      [200, null],
      [204, null],
      [202, null],
      [null, 'connect'],
      [200, null],
    ]);
  });

  it('wait for the answer behind an interim one, and take what is no HTTP for a failure', async () => {
    const { send } = await rig((socket, n) => {
      if (n === 1) socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${ok}`);
      else if (n === 2) socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
      else if (n === 3) socket.write('SSH-2.0-OpenSSH_9.6\r\n');
      else socket.write(ok);
    });
    expect((await send()).status).to.equal(200);
    expect(await send('rxx', 400)).to.include({ status: null });
    expect(await send('rxx', 400)).to.include({ status: null, error: 'connect' });
    expect((await send()).error).to.equal(null);
  });

  it('say how long to wait, where the far side does', async () => {
    const { send } = await rig((socket) =>
      socket.write('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 17\r\ncontent-length: 0\r\n\r\n'),
    );
    expect(await send()).to.include({ status: 503, error: 'http-5xx', retryAfter: 17 });
  });

  it('are cut off in time where the name is not found out, and where nobody accepts', async () => {
    const channel = restHook(
      () => ({ ...open, loopback: false }),
      () => undefined,
    );
    stops.push(() => channel.close());
    const url = new URL('https://hook.example/');
    const message = { method: 'POST', url, headers: {}, body: Buffer.from('{}'), timeoutMs: 150 } as const;
    expect(await channel.send('rxx', message)).to.include({ status: null, error: 'timeout' });
  });

  it('are not used again where what may be reached changed while a request was on its way', async () => {
    let policy = open;
    let answer = () => {};
    const { server, send } = await rig(
      (socket, n) => {
        answer = () => socket.write(ok);
        if (n > 1) answer();
      },
      () => policy,
    );
    const first = send();
    while (server.cameOn.length === 0) await waited(5);
    policy = { ...open };
    answer();
    expect((await first).error).to.equal(null);
    expect((await send()).error).to.equal(null);
    expect(server.cameOn).to.deep.equal([1, 2]);
  });

  it('end with an answer that is too long, also where the far side closes after it', async () => {
    const { server, send } = await rig((socket, n) => {
      if (n > 1) socket.write(ok);
      else socket.end(`HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 9000\r\n\r\n${'x'.repeat(9000)}`);
    });
    expect(await send()).to.include({ status: 500, error: 'http-5xx' });
    expect((await send()).error).to.equal(null);
    expect(server.cameOn).to.deep.equal([1, 2]);
  });

  it('are opened no more once they are closed', async () => {
    const { server, channel, send } = await rig((socket) => socket.write(ok));
    await send();
    await channel.close();
    for (const tenant of ['rxx', 'ryy']) expect(await send(tenant)).to.include({ status: null, error: 'connect' });
    expect(server.cameOn).to.have.length(1);
  });

  it('give every request its outcome when they are closed', async () => {
    const { server, channel, send } = await rig(() => undefined);
    const outcomes = [send(), send()];
    while (server.cameOn.length < 2) await waited(5);
    await channel.close();
    for (const outcome of outcomes) expect((await outcome).status).to.equal(null);
  });
});
