import type { AuditEntry } from '../../server/audit/entry.ts';
import { newClient } from '../../server/auth/new-client.ts';
import { builtInSets } from '../../server/auth/permission-set.ts';
import { parseScopes } from '../../server/auth/scope.ts';
import { subscriptionServing } from '../../server/cli/subscription-serving.ts';
import { present } from '../../server/core/assert.ts';
import type { RetrySchedule } from '../../server/events/retry.ts';
import { registrySnapshot } from '../../server/registry/snapshot.ts';
import type { StoredVersion, TenantStore } from '../../server/store/port.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { statusOf } from './hook-receiver.ts';
import { type TenantDocument, type TestHouse, testHouse, trustX, trustY } from './house-open.ts';
import { subscriptionTo } from './subscription-client.ts';

/** Waits of some milliseconds, without jitter. */
export const fastSchedule: RetrySchedule = {
  delivery: [0.02, 0.02, 0.02, 0.02],
  handshake: [0.02, 0.02],
  jitter: 0,
  refusalsMax: 3,
  retryAfterSecondsMax: 3600,
  circuitSeconds: 30,
  circuitSecondsMax: 300,
};

export const deliveryScope = 'system/Subscription.cruds system/PractitionerRole.rs system/Practitioner.rs';

/** A process that delivers for two trusts, without a web server; events come as rows of batches. */
export interface DeliveryRig {
  readonly house: TestHouse;
  readonly audited: AuditEntry[];
  /** A client with that scope; what it subscribes to. */
  client(tenant: string, scope?: string): Promise<RigClient>;
  /** Commits events of a topic, one for each of `people`, in one batch. */
  happen(tenant: string, people: readonly string[], topic?: string): Promise<void>;
  /** Another process's delivery on the same store. */
  another(): Promise<{ stop(): Promise<void> }>;
  stopDelivery(): Promise<void>;
  startDelivery(): Promise<void>;
  close(): Promise<void>;
}

interface Place {
  /** Left out: two trusts. */
  readonly tenants?: readonly TenantDocument[];
  /** An existing data folder, which stays. */
  readonly folder?: string;
  /** False: another process does. */
  readonly deliver?: boolean;
}

export interface RigClient {
  readonly id: string;
  subscribe(endpoint: string, wish?: Parameters<typeof subscriptionTo>[1]): Promise<string>;
  /** The stored resource. */
  subscription(id: string): Promise<Readonly<Record<string, unknown>> & { readonly status: string }>;
  put(id: string, change: object): Promise<StoredVersion>;
  remove(id: string): Promise<StoredVersion>;
  /** What `$status` answers for it. */
  status(id: string): Promise<ReturnType<typeof statusOf>>;
  /** What its notifications are signed with (`whsec_…`). */
  secret(id: string): Promise<string>;
}

export async function deliveryRig(schedule = fastSchedule, at?: string, place: Place = {}): Promise<DeliveryRig> {
  const { tenants = [trustX, trustY], folder, deliver = true } = place;
  const house = await testHouse(tenants, at, folder);
  const { store, clock } = house.house;
  const audited: AuditEntry[] = [];
  const open = async () => {
    const snapshot = await registrySnapshot(store);
    const audit = async (entry: AuditEntry) => void audited.push(entry);
    const made = subscriptionServing(house.house, {
      snapshot,
      publicUrl: () => 'https://api.example',
      audit,
      schedule,
    });
    if (deliver) made.start();
    // As a server does all the time.
    const refresh = setInterval(() => void snapshot.refresh().catch(() => undefined), 100);
    const stop = async () => {
      clearInterval(refresh);
      await made.stop();
    };
    return { ...made, snapshot, stop };
  };
  let delivery = await open();
  return {
    house,
    audited,
    async client(tenant, scope = deliveryScope) {
      const wish = { name: 'c', tenant, scope, contracts: ['v1'] };
      const { client } = newClient(wish, house.house.keys, clock.now().toISOString());
      await house.house.clients.add(client);
      await delivery.snapshot.refresh();
      return rigClient(client.id, tenant, scope, house, () => delivery.served);
    },
    happen: (tenant, people, topic = 'starter-created') => happen(house, tenant, people, topic),
    another: open,
    stopDelivery: () => delivery.stop(),
    async startDelivery() {
      delivery = await open();
    },
    async close() {
      await delivery.stop();
      await house.close();
    },
  };
}

type Served = ReturnType<typeof subscriptionServing>['served'];

/** @param served of the delivery that stands now */
function rigClient(id: string, tenant: string, scope: string, house: TestHouse, served: () => Served): RigClient {
  const access = {
    ...{ grant: grantTenant(tenant, 'token'), clientId: id, userId: null, jti: 'j', expiresAt: 2e9 },
    scopes: present(parseScopes(scope), 'scopes'),
  };
  const set = builtInSets.full;
  const look = (store: TenantStore) =>
    served().seenBy({ contract: 'v1', base: baseOf(tenant), scopes: access.scopes, set }, store);
  const caller = async () => {
    const store = house.store(tenant);
    return { store, contract: 'v1', base: baseOf(tenant), access, sight: await look(store) };
  };
  const read = async (id: string) => {
    const found = await house.store(tenant).resources.read({ contract: 'v1', type: 'Subscription', id });
    return JSON.parse(present(found, 'the subscription').body.toString());
  };
  return {
    id,
    subscribe: async (endpoint, wish) =>
      (await served().subscriptions.create(await caller(), subscriptionTo(endpoint, wish))).id,
    subscription: read,
    async secret(subscription) {
      const { body } = await served().subscriptions.secret(await caller(), subscription);
      const { parameter } = JSON.parse(body.toString()) as { parameter: { name: string; valueString?: string }[] };
      return present(parameter.find(({ name }) => name === 'secret')?.valueString, 'a secret');
    },
    async status(subscription) {
      const { body } = await served().subscriptions.status(await caller(), subscription, { ids: [], statuses: [] });
      const { entry } = JSON.parse(body.toString()) as { entry: { resource: { parameter: [] } }[] };
      return statusOf(present(entry[0], 'a status').resource.parameter);
    },
    remove: async (id) => served().subscriptions.remove(await caller(), id, undefined),
    put: async (id, change) =>
      served().subscriptions.update(await caller(), id, { ...(await read(id)), ...change }, undefined),
  };
}

function baseOf(tenant: string): string {
  return `https://api.example/t/${tenant}/fhir/v1`;
}

function eventOf(tenant: string, type: string, person: string, id: string, time: string, correlationId: string) {
  const filters = { practitioner: [`Practitioner/${person}`], department: ['Organization/d1'] };
  const dates = { effectiveDate: '2026-12-01', receivedDate: '2026-11-23' };
  const focus = { reference: `PractitionerRole/${person}`, version: 1 };
  const data = { tenant, contract: 'v1', focus, ...dates, correlationId, filters };
  return { specversion: '1.0', id, type, source: `urn:esr-fhir:tenant:${tenant}`, time, data };
}

/** Ids of events are their own, whichever rig they happen in. */
let events = 0;

async function happen(house: TestHouse, tenant: string, people: readonly string[], topic: string): Promise<void> {
  const handle = house.store(tenant);
  const head = await handle.head();
  const now = house.house.clock.now().toISOString();
  const time = now < head.at ? head.at : now;
  // A batch comes of one file.
  const file = `file-${events + 1}`;
  const ops = people.map((person) => {
    events += 1;
    const body = JSON.stringify(eventOf(tenant, topic, person, `e${events}`, time, file));
    return { op: 'event', tenant, topic, body } as const;
  });
  await handle.transact(ops, time);
}
