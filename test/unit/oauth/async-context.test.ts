import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { limits } from '../../../server/core/limits.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';
import { serveTestHouse, type TestServer } from '../../support/house-server.ts';

describe("the authorization server's async context", () => {
  let opened: TestHouse;
  let server: TestServer;

  before(async () => {
    opened = await testHouse([trustX]);
    server = await serveTestHouse(opened);
  });

  after(async () => {
    await server.stop();
    await opened.close();
  });

  it('rests between requests, and is there for those that come after, many at once', async () => {
    const client = await server.client('rxx', 'system/*.rs');
    const ask = () => server.token(client);
    await ask();
    for (const pause of [limits.asyncContextRestMs * 2, 0, limits.asyncContextRestMs]) {
      await sleep(pause);
      expect((await Promise.all([ask(), ask(), ask()])).every((token) => token.split('.').length === 3)).to.equal(true);
    }
  });
});
