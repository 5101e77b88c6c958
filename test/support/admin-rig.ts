import type { AddressInfo } from 'node:net';
import { newClient } from '../../server/auth/new-client.ts';
import { type Serving, serving } from '../../server/cli/serving.ts';
import { systemClock } from '../../server/core/clock.ts';
import { resumeFiles } from '../../server/ingest/run.ts';
import { type TenantDocument, type TestHouse, testHouse } from './house-open.ts';
import { type OpenApiCheck, openApiCheck } from './openapi-check.ts';

const prefix = '/admin/v1';

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
  readonly body: any;
}

/** A server as `serve` makes it on a loopback port, with tokens from its own token endpoint. */
export interface AdminRig extends TestHouse {
  readonly url: string;
  readonly server: Serving;
  readonly api: OpenApiCheck;
  /** An access token of a new client of the management API; a tenant of null is the platform. */
  token(tenant: string | null, scope: string): Promise<string>;
  call(method: string, path: string, token?: string, body?: string | Buffer): Promise<AdminAnswer>;
  /** Does what the background processes would do. */
  work(tenant: string): Promise<void>;
}

/** @param settings that win over those of tests */
export async function adminRig(tenants: readonly TenantDocument[], settings: object = {}): Promise<AdminRig> {
  const test = await testHouse(tenants, undefined, undefined, settings);
  const server = await serving(test.house, { requestWork: () => {}, auditWriter: 'serve' });
  await server.app.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://localhost:${(server.app.server.address() as AddressInfo).port}`;
  server.setUrl(url);
  const api = openApiCheck(
    (await (await fetch(`${url}${prefix}/openapi.json`)).json()) as Parameters<typeof openApiCheck>[0],
  );
  const call = async (method: string, path: string, token?: string, body?: string | Buffer) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    const json = text === '' ? undefined : JSON.parse(text);
    const [where = ''] = path.split('?');
    // Every answer of the management API is held against what it says of itself.
    if (answer.status < 300 && where.startsWith(prefix) && where !== `${prefix}/openapi.json`) {
      api.check(method, where.slice(prefix.length), answer.status, json);
    }
    return { status: answer.status, headers: answer.headers, body: json };
  };
  return {
    ...test,
    ...{ url, server, call, api },
    async token(tenant, scope) {
      const { house } = test;
      const admin = scope.startsWith('admin/');
      const wish = { name: 'test', tenant, scope, contracts: admin ? [] : ['v1'], admin };
      const { client, secret = '' } = newClient(wish, house.keys, systemClock.now().toISOString());
      await house.clients.add(client);
      const answer = await fetch(`${url}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
      });
      const { access_token: token } = (await answer.json()) as { access_token: string };
      return token;
    },
    async work(tenant) {
      await resumeFiles(test.house.ingest, tenant);
    },
    async close() {
      await server.close();
      await test.close();
    },
  };
}
