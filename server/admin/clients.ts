import type { Client } from '../auth/client.ts';
import { clientSummary } from '../auth/client-summary.ts';
import { type ClientWish, changedClient, newClient, withNewKeys, withNewSecret } from '../auth/new-client.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { lastUses } from '../registry/last-used.ts';
import { endTokens } from '../registry/not-before.ts';
import type { AdminAnswer, AdminContext, AdminRequest, AdminRoute } from './route.ts';
import { count, flag, instant, list, object, ref, text, texts } from './schema.ts';

interface NewClientBody extends Pick<ClientWish, 'name' | 'scope' | 'jwks' | 'public'> {
  readonly contracts?: readonly string[];
  readonly jwks_uri?: string;
  readonly redirect_uris?: readonly string[];
  readonly expires_at?: string;
  readonly permission_set?: string;
  readonly requests_per_minute?: number;
}

const newClientBody = object(
  {
    ...{ name: text, scope: text, contracts: { ...texts, minItems: 1 }, jwks: { type: 'object' }, jwks_uri: text },
    ...{ redirect_uris: texts, public: flag, expires_at: instant, permission_set: text },
    requests_per_minute: { ...count, maximum: limits.requestsPerMinuteMax },
  },
  ...[
    'contracts',
    'jwks',
    'jwks_uri',
    'redirect_uris',
    'public',
    'expires_at',
    'permission_set',
    'requests_per_minute',
  ],
);

/** Clients of the management API are the operator's to make: a client here cannot make itself a stronger one. */
async function listClients({ deps, stewardship }: AdminContext): Promise<AdminAnswer> {
  const uses = await lastUses(deps.documents);
  const clients = await deps.clients.list(stewardship.tenant.id);
  const shown = clients.map((client) => {
    const used = uses.get(client.id);
    return { ...clientSummary(client), ...(used === undefined ? {} : { last_used: used }) };
  });
  return { status: 200, body: { clients: shown } };
}

async function readClient({ deps, stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  return { status: 200, id, body: clientSummary(await known(deps.clients, id, stewardship.tenant.id)) };
}

async function known({ find }: Pick<AdminContext['deps']['clients'], 'find'>, id: string, tenant: string) {
  const client = await find(id);
  if (client?.tenant !== tenant) throw new AppError('not-found', 'there is no such client');
  return client;
}

async function addClient({ deps, stewardship }: AdminContext, { json }: AdminRequest): Promise<AdminAnswer> {
  const body = json as NewClientBody;
  const { tenant } = stewardship;
  const lost = body.contracts?.find((contract) => !tenant.contracts.includes(contract));
  if (lost !== undefined) throw new AppError('invalid', `contract ${lost} is not live for the tenant`);
  if (body.permission_set !== undefined) {
    await deps.permissionSets.get(tenant.id, body.permission_set);
  }
  const wish: ClientWish = {
    ...{ name: body.name, scope: body.scope, tenant: tenant.id, contracts: body.contracts ?? tenant.contracts },
    ...(body.jwks === undefined ? {} : { jwks: body.jwks }),
    ...(body.jwks_uri === undefined ? {} : { jwksUri: body.jwks_uri }),
    ...(body.redirect_uris === undefined ? {} : { redirectUris: body.redirect_uris }),
    ...(body.public === undefined ? {} : { public: body.public }),
    ...(body.expires_at === undefined ? {} : { expiresAt: new Date(body.expires_at).toISOString() }),
    ...(body.permission_set === undefined ? {} : { permissionSet: body.permission_set }),
  };
  const made = newClient(wish, deps.keys, deps.clock.now().toISOString());
  if (made.secret !== undefined && !tenant.settings.clientSecretAllowed) {
    throw new AppError('invalid', 'clients of this tenant authenticate by keys: give jwks or jwks_uri');
  }
  const rate = body.requests_per_minute;
  const client: Client = { ...made.client, ...(rate === undefined ? {} : { requestsPerMinute: rate }) };
  await deps.clients.add(client);
  const secret = made.secret === undefined ? {} : { client_secret: made.secret };
  return { status: 201, id: client.id, body: { ...clientSummary(client), ...secret } };
}

interface ClientChange {
  readonly name?: string;
  readonly scope?: string;
  readonly permission_set?: string;
  readonly requests_per_minute?: number;
  readonly expires_at?: string | null;
}

/** Its tokens end with another scope: they were issued within the former one. */
async function changeClient({ deps, stewardship }: AdminContext, { id, json }: AdminRequest): Promise<AdminAnswer> {
  const { permission_set: set, requests_per_minute: rate, expires_at: ends, ...named } = json as ClientChange;
  const { tenant } = stewardship;
  const before = await known(deps.clients, id, tenant.id);
  if (set !== undefined) await deps.permissionSets.get(tenant.id, set);
  const client = changedClient(before, {
    ...named,
    ...(set === undefined ? {} : { permissionSet: set }),
    ...(rate === undefined ? {} : { requestsPerMinute: rate }),
    ...(ends === undefined ? {} : { expiresAt: ends === null ? null : new Date(ends).toISOString() }),
  });
  await deps.clients.put(client);
  if (client.scope !== before.scope) await endTokens(deps.documents, 'client', id, deps.clock.now());
  await deps.registry.refresh();
  return { status: 200, id, body: clientSummary(client) };
}

interface RotateBody {
  readonly jwks?: object;
  readonly overlap_seconds?: number;
}

async function rotateClient({ deps, stewardship }: AdminContext, { id, json }: AdminRequest): Promise<AdminAnswer> {
  const { jwks, overlap_seconds: overlap } = json as RotateBody;
  const now = deps.clock.now().getTime();
  const until = overlap === undefined ? undefined : new Date(now + overlap * 1000).toISOString();
  const before = await known(deps.clients, id, stewardship.tenant.id);
  const { client, secret } =
    jwks === undefined
      ? withNewSecret(before, deps.keys, until)
      : { client: withNewKeys(before, jwks, until), secret: undefined };
  await deps.clients.put(client);
  const shown = secret === undefined ? {} : { client_secret: secret };
  return { status: 200, id, body: { ...clientSummary(client), ...shown } };
}

const verbs = {
  disable: { to: 'disabled', from: ['active', 'pending', 'disabled'] },
  enable: { to: 'active', from: ['active', 'disabled'] },
  approve: { to: 'active', from: ['pending'] },
} as const;

const changeStatus =
  (verb: keyof typeof verbs) =>
  async ({ deps, stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> => {
    const { to, from } = verbs[verb];
    const before = await known(deps.clients, id, stewardship.tenant.id);
    if (!from.some((status) => status === before.status))
      throw new AppError('conflict', `the client is ${before.status}`);
    const client: Client = { ...before, status: to };
    await deps.clients.put(client);
    if (verb === 'disable') await endTokens(deps.documents, 'client', id, deps.clock.now());
    await deps.registry.refresh();
    return { status: 200, id, body: clientSummary(client) };
  };

async function endClientTokens({ deps, stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  const client = await known(deps.clients, id, stewardship.tenant.id);
  await endTokens(deps.documents, 'client', id, deps.clock.now());
  await deps.registry.refresh();
  return { status: 200, id, body: clientSummary(client) };
}

const path = 'tenants/{tenant}/clients';
const reading = { method: 'GET', scope: 'admin/clients.read', parameters: [] } as const;
const writing = { method: 'POST', scope: 'admin/clients.write', parameters: [] } as const;
const one = (description: string) => ({ status: 200, description, schema: ref('Client') }) as const;

export const clientRoutes: readonly AdminRoute[] = [
  {
    ...{
      ...reading,
      path,
      operation: 'list-clients',
      summary: 'The SMART clients of a tenant, and when each was seen.',
    },
    answer: { status: 200, description: 'clients', schema: object({ clients: list(ref('Client')) }) },
    run: listClients,
  },
  {
    ...{ ...writing, path, operation: 'add-client', body: newClientBody },
    summary: 'Registers a client of the tenant; a secret is shown this once.',
    answer: { status: 201, description: 'the client', schema: ref('Client') },
    run: addClient,
  },
  {
    ...{ ...reading, path: `${path}/{id}`, operation: 'read-client', summary: 'A client.' },
    answer: one('the client'),
    run: readClient,
  },
  {
    ...{ ...writing, path: `${path}/{id}/change`, operation: 'change-client' },
    summary: 'Another name, scope, permission set, rate or end (null: none); it counts within two seconds.',
    body: object(
      {
        ...{ name: text, scope: text, permission_set: text, expires_at: { ...instant, type: ['string', 'null'] } },
        requests_per_minute: { ...count, maximum: limits.requestsPerMinuteMax },
      },
      ...['name', 'scope', 'permission_set', 'expires_at', 'requests_per_minute'],
    ),
    answer: one('the client'),
    run: changeClient,
  },
  {
    ...{ ...writing, path: `${path}/{id}/rotate`, operation: 'rotate-client' },
    summary: 'Another secret or, with jwks, another key set; the old one is good for overlap_seconds more.',
    body: object(
      { jwks: { type: 'object' }, overlap_seconds: { ...count, maximum: limits.clientOverlapSecondsMax } },
      ...['jwks', 'overlap_seconds'],
    ),
    answer: one('the client'),
    run: rotateClient,
  },
  {
    ...{ ...writing, path: `${path}/{id}/disable`, operation: 'disable-client' },
    summary: 'Disables a client: its tokens open nothing within two seconds.',
    answer: one('the client'),
    run: changeStatus('disable'),
  },
  {
    ...{ ...writing, path: `${path}/{id}/enable`, operation: 'enable-client' },
    summary: 'Enables a disabled client; tokens from before stay worth nothing.',
    answer: one('the client'),
    run: changeStatus('enable'),
  },
  {
    ...{ ...writing, path: `${path}/{id}/approve`, operation: 'approve-client' },
    summary: 'Approves a client that a vendor registered.',
    answer: one('the client'),
    run: changeStatus('approve'),
  },
  {
    ...{ ...writing, path: `${path}/{id}/end-tokens`, operation: 'end-client-tokens' },
    summary: 'Ends every token that a client has; it may ask for new ones.',
    answer: one('the client'),
    run: endClientTokens,
  },
];
