import { request } from 'node:http';
import { newClient } from '../../server/auth/new-client.ts';
import { serveHouse } from '../../server/cli/serve.ts';
import { present } from '../../server/core/assert.ts';
import type { TestHouse } from './house-open.ts';

export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface TestClient {
  readonly tenant: string;
  readonly id: string;
  readonly secret: string;
}

/** The server over a house, on a loopback port, in this process. */
export interface TestServer {
  readonly url: string;
  /** Sends the path as it is: nothing is normalised on the way. */
  ask(path: string, asking?: Asking): Promise<Answer>;
  client(tenant: string, scope: string): Promise<TestClient>;
  /** From the token endpoint, for the client's only base. */
  token(client: TestClient): Promise<string>;
  stop(): Promise<void>;
}

/** The house must have been opened with the system's clock: the authorization server's library knows no other. */
export async function serveTestHouse({ house }: TestHouse): Promise<TestServer> {
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let served: Promise<void> = Promise.resolve();
  const url = await new Promise<string>((resolve, reject) => {
    served = serveHouse(house, { stopped, listening: async (found) => resolve(found) });
    served.catch(reject);
  });
  const ask = (path: string, asking?: Asking) => send(url, path, asking);
  return {
    url,
    ask,
    async client(tenant, scope) {
      const wish = { name: `client of ${tenant}`, tenant, scope, contracts: ['v1'] };
      const made = newClient(wish, house.keys, house.clock.now().toISOString());
      await house.clients.add(made.client);
      return { tenant, id: made.client.id, secret: present(made.secret, 'secret') };
    },
    async token({ id, secret }) {
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
      const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await ask('/oauth/token', { method: 'POST', headers, body: 'grant_type=client_credentials' });
      const { access_token: token } = JSON.parse(answer.body) as { access_token?: string };
      return present(token, `token in ${answer.body}`);
    },
    async stop() {
      stop();
      await served;
    },
  };
}

/** @param url where a server listens */
export function send(url: string, path: string, asking: Asking = {}): Promise<Answer> {
  const { method = 'GET', token, headers = {}, body } = asking;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers: { ...authorization, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const received = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(received), body: text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
