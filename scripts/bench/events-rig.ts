import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { present } from '../../server/core/assert.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { builtFile, runForJson, type Started, startServer } from './processes.ts';
import type { LastRequest, ReceiverCall } from './receiver-process.ts';
import { newRole } from './role.ts';
import { makeTenant, tenant } from './trust.ts';

const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
const scope = 'system/Subscription.cruds system/PractitionerRole.rs system/Practitioner.rs';

/** A server of ours with a client that may subscribe, and this process, which commits events beside it. */
export interface EventsRig {
  readonly data: string;
  readonly server: Started;
  /** Asks the tenant's FHIR base. */
  ask(path: string, body?: object): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Makes a subscription; its id. */
  subscribe(wish: Wish): Promise<string>;
  active(ids: readonly string[]): Promise<void>;
  /** Deletes a subscription, so that it takes part in nothing that is measured after. */
  end(id: string): Promise<void>;
  /** Commits that many events, each with the resource that it is about, as one batch. */
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
    async subscribe(wish) {
      const { status, body } = await ask('Subscription', subscription(wish));
      if (status !== 201) throw new Error(`the subscription was refused: ${JSON.stringify(body)}`);
      return (body as { id: string }).id;
    },
    async end(id) {
      const headers = { authorization: `Bearer ${await token()}` };
      await fetch(`${server.url}/t/${tenant}/fhir/v1/Subscription/${id}`, { method: 'DELETE', headers });
    },
    async happen(count) {
      const { at } = await store.head();
      const now = new Date().toISOString();
      const time = now < at ? at : now;
      const ops = Array.from({ length: count }, (_, index) => {
        const role = newRole(`p${events + index + 1}`, time);
        const focus = { reference: `PractitionerRole/${role.id}`, version: 1 };
        const dates = { effectiveDate: '2026-12-01', receivedDate: '2026-11-23' };
        const data = { tenant, contract: 'v1', focus, ...dates, correlationId: 'bench', filters: {} };
        const body = JSON.stringify({ id: `e${events + index + 1}`, type: 'starter-created', time, data });
        return [role, { op: 'event', tenant, topic: 'starter-created', body } as const];
      });
      await store.transact(ops.flat(), time);
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

interface Wish {
  /** Left out: a websocket. */
  readonly endpoint?: string;
  readonly maxCount: number;
  /** Left out: `starter-created`. */
  readonly topic?: string;
}

function subscription({ endpoint, maxCount, topic = 'starter-created' }: Wish) {
  const way = endpoint === undefined ? { type: 'websocket' } : { type: 'rest-hook', endpoint };
  return {
    ...{ resourceType: 'Subscription', status: 'requested', reason: 'benchmark' },
    criteria: `https://esr-fhir.example/SubscriptionTopic/${topic}`,
    channel: {
      extension: [{ url: `${backport}/backport-max-count`, valuePositiveInt: maxCount }],
      ...{ ...way, payload: 'application/fhir+json' },
      _payload: { extension: [{ url: `${backport}/backport-payload-content`, valueCode: 'id-only' }] },
    },
  };
}

/** A receiver on loopback, in a process of its own. */
export interface Receiver {
  readonly url: string;
  /** How many event numbers came, by path. */
  counts(paths: readonly string[]): Promise<readonly number[]>;
  /** Times (`sharedNow`) at which the event of a number came first, from number 1 on. */
  times(path: string): Promise<readonly number[]>;
  last(): Promise<LastRequest>;
  stop(): Promise<void>;
}

/** Milliseconds of the clock that all processes of a machine share. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export async function receiver(): Promise<Receiver> {
  const child = fork(builtFile('scripts/bench/receiver-process'));
  const heard = async <T>() => (await once(child, 'message'))[0] as T;
  const url = await heard<string>();
  let asking: Promise<unknown> = Promise.resolve();
  const ask = <T>(call: ReceiverCall): Promise<T> => {
    const answer = asking.then(() => {
      child.send(call);
      return heard<T>();
    });
    asking = answer;
    return answer;
  };
  return {
    url,
    counts: (counts) => ask({ counts }),
    times: (times) => ask({ times }),
    last: () => ask({ last: true }),
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

export function waited(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until it holds. Throws after five minutes. */
export async function all(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + 300_000;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`${what}: not within five minutes`);
    await waited(5);
  }
}
