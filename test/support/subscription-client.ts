import type { Answer, TestClient, TestServer } from './house-server.ts';

const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';

interface Wish {
  readonly topic?: string;
  readonly criteria?: string;
  readonly filters?: readonly string[];
  readonly content?: string;
  readonly heartbeat?: number;
  readonly maxCount?: number;
  readonly timeout?: number;
  readonly header?: readonly string[];
  readonly payload?: string | null;
  readonly end?: string;
}

/** A Subscription as a client writes it: to the topic `starter-created`, ids alone, unless told otherwise. */
export function subscriptionTo(endpoint: string, wish: Wish = {}): Readonly<Record<string, unknown>> {
  const { topic = 'starter-created', filters = [], content = 'id-only', header, payload } = wish;
  const criteria = wish.criteria ?? `https://esr-fhir.example/SubscriptionTopic/${topic}`;
  const numbers = [
    ...(wish.heartbeat === undefined ? [] : [['heartbeat-period', 'valueUnsignedInt', wish.heartbeat] as const]),
    ...(wish.timeout === undefined ? [] : [['timeout', 'valueUnsignedInt', wish.timeout] as const]),
    ...(wish.maxCount === undefined ? [] : [['max-count', 'valuePositiveInt', wish.maxCount] as const]),
  ];
  const ofTopic = wish.criteria === undefined;
  const mime = payload === undefined ? 'application/fhir+json' : payload;
  return {
    resourceType: 'Subscription',
    meta: { profile: [`${backport}/backport-subscription`] },
    status: 'requested',
    reason: 'Roster changes',
    ...(wish.end === undefined ? {} : { end: wish.end }),
    criteria,
    ...(filters.length === 0 ? {} : { _criteria: { extension: filters.map(filterExtension) } }),
    channel: {
      ...(numbers.length === 0
        ? {}
        : { extension: numbers.map(([name, type, n]) => ({ url: `${backport}/backport-${name}`, [type]: n })) }),
      ...{ type: 'rest-hook', endpoint },
      ...(header === undefined ? {} : { header }),
      ...(mime === null ? {} : { payload: mime }),
      ...(ofTopic
        ? { _payload: { extension: [{ url: `${backport}/backport-payload-content`, valueCode: content }] } }
        : {}),
    },
  };
}

function filterExtension(valueString: string) {
  return { url: `${backport}/backport-filter-criteria`, valueString };
}

export interface StoredSubscription {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
  readonly meta: { readonly versionId: string };
  readonly channel: Readonly<Record<string, unknown>>;
}

/** A client that talks FHIR to a server of the tests. */
export interface FhirClient {
  readonly client: TestClient;
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  subscribe(resource: object): Promise<StoredSubscription>;
  subscription(id: string): Promise<StoredSubscription>;
}

export async function fhirClient(server: TestServer, tenant: string, scope: string): Promise<FhirClient> {
  const client = await server.client(tenant, scope);
  const token = await server.token(client);
  const send: FhirClient['send'] = (method, path, body, headers = {}) =>
    server.ask(`/t/${tenant}/fhir/v1/${path}`, {
      ...{
        method,
        token,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }), ...headers },
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    client,
    send,
    async subscribe(resource) {
      const { status, body } = await send('POST', 'Subscription', resource);
      if (status !== 201) throw new Error(`the subscription was refused with ${status}: ${body}`);
      return JSON.parse(body) as StoredSubscription;
    },
    async subscription(id) {
      return JSON.parse((await send('GET', `Subscription/${id}`)).body) as StoredSubscription;
    },
  };
}
