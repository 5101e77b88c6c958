import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { present } from '../../server/core/assert.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { builtFile, runForJson, type Started, startServer } from './processes.ts';
import { makeTenant, tenant } from './trust.ts';

const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
const scope = 'system/Subscription.cruds system/PractitionerRole.rs system/Practitioner.rs';

/** A server of ours with a client that may subscribe, and this process, which commits events beside it. */
export interface EventsRig {
  readonly data: string;
  readonly server: Started;
  /** Asks the tenant's FHIR base. */
  ask(path: string, body?: object): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Makes a subscription to `starter-created` and waits until it is active; its id. */
  subscribe(channel: { readonly endpoint?: string; readonly maxCount: number }): Promise<string>;
  active(ids: readonly string[]): Promise<void>;
  /** Commits that many events as one batch. */
  happen(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function eventsRig(scratch: string): Promise<EventsRig> {
  const data = join(scratch, 'data');
  await makeTenant(data);
  const main = builtFile('server/main');
  const flags = ['--tenant', tenant, '--name', 'bench', '--scope', scope, '--data', data, '--json'];
  const client = await runForJson<Client>(main, ['client', 'add', ...flags]);
  const server = await startServer(main, ['serve', '--port', '0', '--data', data]);
  const token = tokens(server.url, client);
  const house = await openHouse({ data }, { settings: { logLevel: 'error' } });
  const store = house.store.tenant(grantTenant(tenant, 'operator'));
  let events = 0;
  const ask: EventsRig['ask'] = async (path, body) => {
    const headers = { authorization: `Bearer ${await token()}`, 'content-type': 'application/fhir+json' };
    const sent = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${server.url}/t/${tenant}/fhir/v1/${path}`, sent);
    return { status: answer.status, body: await answer.json() };
  };
  const active = async (ids: readonly string[]) => {
    for (const id of ids) {
      while (((await ask(`Subscription/${id}`)).body as { status: string }).status !== 'active') await waited(50);
    }
  };
  return {
    ...{ data, server, ask, active },
    async subscribe(channel) {
      const { status, body } = await ask('Subscription', subscription(channel));
      if (status !== 201) throw new Error(`the subscription was refused: ${JSON.stringify(body)}`);
      return (body as { id: string }).id;
    },
    async happen(count) {
      const { at } = await store.head();
      const now = new Date().toISOString();
      const time = now < at ? at : now;
      const ops = Array.from({ length: count }, (_, index) => {
        const focus = { reference: `PractitionerRole/p${events + index + 1}`, version: 1 };
        const dates = { effectiveDate: '2026-12-01', receivedDate: '2026-11-23' };
        const data = { tenant, contract: 'v1', focus, ...dates, correlationId: 'bench', filters: {} };
        const body = JSON.stringify({ id: `e${events + index + 1}`, type: 'starter-created', time, data });
        return { op: 'event', tenant, topic: 'starter-created', body } as const;
      });
      await store.transact(ops, time);
      events += count;
    },
    async stop() {
      await house.close();
      await server.stop();
    },
  };
}

interface Client {
  readonly client_id: string;
  readonly client_secret: string;
}

/** One that has not expired. */
function tokens(url: string, { client_id: id, client_secret: secret }: Client): () => Promise<string> {
  let known = { token: '', untilMs: 0 };
  return async () => {
    if (performance.now() < known.untilMs) return known.token;
    const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    const answer = await fetch(`${url}/oauth/token`, { method: 'POST', headers: { authorization }, body });
    const { access_token: token } = (await answer.json()) as { access_token?: string };
    known = { token: present(token, 'a token'), untilMs: performance.now() + 200_000 };
    return known.token;
  };
}

function subscription({ endpoint, maxCount }: { readonly endpoint?: string; readonly maxCount: number }) {
  const way = endpoint === undefined ? { type: 'websocket' } : { type: 'rest-hook', endpoint };
  return {
    ...{ resourceType: 'Subscription', status: 'requested', reason: 'benchmark' },
    criteria: 'https://esr-fhir.example/SubscriptionTopic/starter-created',
    channel: {
      extension: [{ url: `${backport}/backport-max-count`, valuePositiveInt: maxCount }],
      ...{ ...way, payload: 'application/fhir+json' },
      _payload: { extension: [{ url: `${backport}/backport-payload-content`, valueCode: 'id-only' }] },
    },
  };
}

/** A receiver on loopback: says when which event numbers came, by path. */
export interface Receiver {
  readonly url: string;
  /** Times of `performance.now` at which the event of a number came first, from number 1 on. */
  times(path: string): readonly number[];
  /** The last body that came. */
  body(): Buffer;
  stop(): Promise<void>;
}

const number = /"event-number","valueString":"(\d+)"/g;

export async function receiver(): Promise<Receiver> {
  const times = new Map<string, number[]>();
  let last = Buffer.alloc(0);
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(200).end();
      const at = performance.now();
      const [path = ''] = (request.url ?? '').split('?');
      last = Buffer.concat(chunks);
      const known = times.get(path) ?? [];
      times.set(path, known);
      if (path === '/bare') return;
      for (const [, text] of last.toString().matchAll(number)) known[Number(text) - 1] ??= at;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    times: (path) => times.get(path) ?? [],
    body: () => last,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function waited(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
