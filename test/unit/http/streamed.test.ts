import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { streamed } from '../../../server/http/streamed.ts';
import type { StreamPart } from '../../../server/interaction/context.ts';
import { silentLogger } from '../../support/silent-logger.ts';

const part = 'x'.repeat(64 * 1024);

/** A server whose only answer goes on without end; says what became of it. */
async function endless() {
  const state = { asked: 0, recorded: 0, over: false };
  const stop = new AbortController();
  async function* parts(ended: AbortSignal): AsyncGenerator<StreamPart> {
    while (!ended.aborted) {
      state.asked += 1;
      yield { text: part, disclosed: ['Practitioner/p/1'] };
    }
  }
  const server = createServer((_request, response) => {
    response.writeHead(200);
    const record = async () => {
      state.recorded += 1;
    };
    void streamed(parts, response, record, { deps: { logger: silentLogger }, stopping: stop.signal }).then(() => {
      state.over = true;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, host: '127.0.0.1' }).end();
  const [response] = await once(sent, 'response');
  return { state, stop, server, sent, response };
}

const settled = async (holds: () => boolean) => {
  for (const end = Date.now() + 5_000; !holds() && Date.now() < end; ) await new Promise((r) => setTimeout(r, 20));
  return holds();
};

describe('http/streamed', () => {
  it('asks for no more than a reader takes, and records all of it before it leaves', async () => {
    const { state, server, sent, response } = await endless();
    response.pause();
    let before = -1;
    await settled(() => {
      const still = before === state.asked;
      before = state.asked;
      return still && state.asked > 1;
    });
    const paused = state.asked;
    // What the sockets of both ends hold, and one part.
    expect(paused * part.length).to.be.lessThan(32 * 1024 * 1024);
    expect(state.recorded).to.equal(paused);
    response.resume();
    expect(await settled(() => state.asked > paused * 2)).to.equal(true);
    sent.destroy();
    expect(await settled(() => state.over)).to.equal(true);
    server.close();
  });

  it('ends when the server stops', async () => {
    const { state, stop, server, sent, response } = await endless();
    response.resume();
    stop.abort();
    expect(await settled(() => state.over)).to.equal(true);
    sent.destroy();
    server.close();
  });
});
