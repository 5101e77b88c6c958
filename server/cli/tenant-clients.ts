import { Ajv } from 'ajv';
import type { Client } from '../auth/client.ts';
import { type ClientWish, newClient } from '../auth/new-client.ts';
import { AppError } from '../core/error.ts';
import { ownSchema } from '../core/own-schema.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { House } from './house.ts';
import { auditOperator } from './operator-audit.ts';

/** A client as `tenant show --json` prints it and `tenant apply` takes it: no secret, but public keys. */
interface ClientDocument
  extends Pick<Client, 'name' | 'scope' | 'jwks' | 'jwksUri' | 'redirectUris' | 'permissionSet'> {
  readonly client_id?: string;
  /** Left out: all that are live for the tenant. */
  readonly contracts?: readonly string[];
  readonly authentication?: Client['authentication'];
  readonly status?: Client['status'];
}

/** What `tenant apply` did to a client; the secret of a new one is shown this once. */
interface AppliedClient {
  readonly client_id: string;
  readonly name: string;
  readonly client_secret?: string;
}

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text, minItems: 1 } as const;
const schema = {
  type: 'array',
  maxItems: 1000,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'scope'],
    properties: {
      client_id: text,
      name: text,
      scope: text,
      contracts: texts,
      authentication: { enum: ['client_secret_basic', 'private_key_jwt', 'none'] },
      status: { enum: ['active', 'disabled', 'pending'] },
      jwks: { type: 'object' },
      jwksUri: text,
      redirectUris: texts,
      permissionSet: text,
    },
  },
} as const;

const validate = new Ajv({ allErrors: true, ...ownSchema }).compile<readonly ClientDocument[]>(schema);

export function clientDocument(client: Client): ClientDocument {
  const { id, name, scope, contracts, authentication, status, jwks, jwksUri, redirectUris, permissionSet } = client;
  return {
    ...{ client_id: id, name, scope, contracts, authentication, status },
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(redirectUris === undefined ? {} : { redirectUris }),
    ...(permissionSet === undefined ? {} : { permissionSet }),
  };
}

/** The clients that a tenant's document names, checked as far as can be told without the tenant. Throws `invalid`. */
export function clientDocuments(document: unknown): readonly ClientDocument[] {
  if (validate(document)) return document;
  const [first] = validate.errors ?? [];
  throw new AppError(
    'invalid',
    `the clients of the tenant document are not valid: ${first?.instancePath} ${first?.message}`,
  );
}

/**
 * Makes the clients that a tenant's document names what it says of them: known ones (by `client_id`, else by name) get
 * its scope, contracts, keys and status, others are registered. Clients that it does not name stay as they are. The
 * same document twice changes nothing. Throws `invalid` before any client is written.
 */
export async function applyClients(
  house: House,
  tenant: Tenant,
  documents: readonly ClientDocument[],
): Promise<readonly AppliedClient[]> {
  const names = documents.map(({ name }) => name.trim());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new AppError('invalid', `the tenant document has two clients "${twice}"`);
  for (const { permissionSet } of documents) {
    if (permissionSet !== undefined) await house.permissionSets.get(tenant.id, permissionSet);
  }
  const known = await house.clients.list(tenant.id);
  const wanted = documents.map((document) => wantedClient(house, tenant, document, known));
  const applied: AppliedClient[] = [];
  for (const { before, client, secret } of wanted) {
    if (before === undefined) await house.clients.add(client);
    else if (JSON.stringify(before) !== JSON.stringify(client)) await house.clients.put(client);
    else continue;
    await auditOperator(house, tenant.id, { interaction: 'client-apply', id: client.id });
    const shown = before !== undefined || secret === undefined ? {} : { client_secret: secret };
    applied.push({ client_id: client.id, name: client.name, ...shown });
  }
  return applied;
}

interface Wanted {
  readonly before: Client | undefined;
  readonly client: Client;
  readonly secret?: string | undefined;
}

function wantedClient(
  { keys, clock }: House,
  tenant: Tenant,
  document: ClientDocument,
  known: readonly Client[],
): Wanted {
  const { client_id: id, name, scope, jwks, jwksUri, redirectUris, authentication, permissionSet } = document;
  const contracts = document.contracts ?? tenant.contracts;
  const lost = contracts.find((contract) => !tenant.contracts.includes(contract));
  if (lost !== undefined) throw new AppError('invalid', `contract ${lost} is not live for tenant ${tenant.id}`);
  const wish: ClientWish = {
    ...{ name, tenant: tenant.id, scope, contracts, public: authentication === 'none' },
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(redirectUris === undefined ? {} : { redirectUris }),
    ...(permissionSet === undefined ? {} : { permissionSet }),
  };
  const { client: made, secret } = newClient(wish, keys, clock.now().toISOString());
  const before = known.find((one) => (id === undefined ? one.name === made.name : one.id === id));
  const differs = [before?.authentication, authentication].some(
    (way) => (way ?? made.authentication) !== made.authentication,
  );
  if (differs) throw new AppError('invalid', `client "${made.name}" authenticates in another way than its keys say`);
  const status = document.status ?? before?.status ?? made.status;
  if (before === undefined) return { before, client: { ...made, status }, secret };
  const { jwks: _, jwksUri: __, redirectUris: ___, permissionSet: ____, ...rest } = before;
  const { jwks: keySet, jwksUri: keySetAt, redirectUris: back, permissionSet: set } = made;
  const keysOf = { jwks: keySet, jwksUri: keySetAt, redirectUris: back, permissionSet: set };
  const given = Object.fromEntries(Object.entries(keysOf).filter(([, value]) => value !== undefined));
  const changed = { name: made.name, scope: made.scope, contracts: made.contracts, status };
  return { before, client: inOrderOf(before, { ...rest, ...given, ...changed }) };
}

/** The same members in the order in which the stored client has them, so that equal clients are equal texts. */
function inOrderOf(before: Client, client: Client): Client {
  const names = new Set([...Object.keys(before), ...Object.keys(client)]);
  const members = client as unknown as Readonly<Record<string, unknown>>;
  const kept = [...names].filter((name) => members[name] !== undefined).map((name) => [name, members[name]]);
  return Object.fromEntries(kept) as Client;
}
