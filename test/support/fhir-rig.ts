import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { AuditEntry } from '../../server/audit/entry.ts';
import type { Refusal } from '../../server/auth/access.ts';
import { builtInSets, type PermissionSet } from '../../server/auth/permission-set.ts';
import { parseScopes } from '../../server/auth/scope.ts';
import { packageFolder, topicDefinitions } from '../../server/cli/documents.ts';
import { present } from '../../server/core/assert.ts';
import { eventFeed } from '../../server/events/feed.ts';
import { headWatch } from '../../server/events/head-watch.ts';
import { subscriptions } from '../../server/events/subscriptions.ts';
import type { ServerDeps } from '../../server/http/deps.ts';
import { buildServer } from '../../server/http/server.ts';
import type { TraceReader } from '../../server/interaction/trace-reader.ts';
import { keyRing } from '../../server/keys/key-ring.ts';
import { compileExtract } from '../../server/search/extract.ts';
import { searchParameters } from '../../server/search/parameters.ts';
import { indexSchema } from '../../server/search/schema.ts';
import type { Store } from '../../server/store/port.ts';
import type { openSqlite } from '../../server/store/sqlite/open.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import type { SensitivePerson } from '../../server/tenancy/sensitive-person.ts';
import { defaultSettings, type Tenant } from '../../server/tenancy/tenant.ts';
import { seenBy } from '../../server/visibility/sight.ts';
import { silentLogger } from './silent-logger.ts';
import { openUnderTest, removeStore } from './store-under-test.ts';

const canonicalBase = 'https://esr-fhir.example';
export const publicUrl = 'https://api.example';
export const parameters = searchParameters(canonicalBase);
const extract = compileExtract(parameters);

export interface TestResource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

/** The FHIR server over a real embedded store in a temporary folder. */
export interface FhirRig {
  readonly app: FastifyInstance;
  readonly store: Store;
  /** Every audit row that was written, in order. */
  readonly audited: AuditEntry[];
  readonly now: Date;
  /** Writes resources as one batch at the rig's time; deletes where `deleted`. Returns nothing: read it back. */
  put(tenant: string, resources: readonly TestResource[], deleted?: boolean): Promise<void>;
  /** From now on all clients are under this permission set (at first `full`). */
  permit(set: PermissionSet): void;
  /** From now on these are withheld from most. */
  withhold(staff: readonly SensitivePerson[]): void;
  close(): Promise<void>;
}

/** A token that the rig's verifier takes: it says everything itself. */
export function bearer(tenant: string, scope: string, client = 'c1', contract = 'v1'): string {
  return `Bearer ${[tenant, contract, client, scope.replaceAll(' ', '+')].join('~')}`;
}

/** Opens an empty store. `directory` is the rig's own, removed with it. */
export type OpenStore = (options: Parameters<typeof openSqlite>[0]) => Promise<Store>;

/** `overrides` replace parts of what the composition root gives to the server; `open` the embedded store. */
export async function fhirRig(
  tenants: readonly string[],
  overrides: Partial<ServerDeps> = {},
  open: OpenStore = openUnderTest,
): Promise<FhirRig> {
  const directory = mkdtempSync(join(tmpdir(), 'esr-fhir-'));
  const keys = keyRing(Buffer.alloc(32, 1));
  const store = await open({ directory, keys, schema: indexSchema(parameters), disclosures: () => [] });
  for (const tenant of tenants) await store.createTenant(tenant);
  const audited: AuditEntry[] = [];
  let permitted: PermissionSet = builtInSets.full;
  let withheld: readonly SensitivePerson[] = [];
  const now = new Date('2026-11-23T12:00:00.000Z');
  const registered = new Map(tenants.map((id) => [id, tenantNamed(id)]));
  const app = await buildServer({
    publicUrl: () => publicUrl,
    canonicalBase,
    software: { name: 'esr-fhir', version: '0.1.0', releasedAt: '2026-11-23' },
    parameters,
    registry: { tenant: (id) => registered.get(id), refresh: async () => {} },
    authenticate: async (header, base, tenant) => authenticate(header, base, tenant),
    origins: () => new Set<string>(),
    store,
    hosts: undefined,
    rate: () => undefined,
    permissionSet: () => permitted,
    seenBy: seenBy({ canonicalBase, parameters, extract, clock: { now: () => now }, sensitiveStaff: () => withheld }),
    audit: async (entry) => void audited.push(entry),
    trace: () => emptyTrace,
    subscriptions: subscriptions({
      ...{ canonicalBase, parameters, extract, keys, clock: { now: () => now }, changed: () => {} },
      websocketUrl: () => 'wss://api.example/t/rxx/events/v1/websocket',
      egress: () => ({ privateRanges: [], loopback: false, ownOrigins: [publicUrl] }),
    }),
    topics: topicDefinitions(packageFolder()),
    sockets: { said: async () => false, left: () => {} },
    events: eventFeed(
      headWatch((tenant) => store.tenant(grantTenant(tenant, 'job')), 25),
      keys.derive('page-token'),
    ),
    pageKey: keys.derive('page-token'),
    clock: { now: () => now },
    logger: silentLogger,
    ready: async () => true,
    plugins: [],
    ...overrides,
  });
  return {
    app,
    store,
    audited,
    now,
    permit(set) {
      permitted = set;
    },
    withhold(staff) {
      withheld = staff;
    },
    put: (tenant, resources, deleted = false) => put(store, tenant, resources, deleted, now),
    async close() {
      await app.close();
      await store.close();
      await removeStore(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function put(store: Store, tenant: string, resources: readonly TestResource[], deleted: boolean, now: Date) {
  const handle = store.tenant(grantTenant(tenant, 'operator'));
  const head = await handle.head();
  const at = new Date(Math.max(Date.parse(head.at) + 1000, now.getTime())).toISOString();
  const ops = [];
  for (const resource of resources) {
    const { resourceType: type, id } = resource;
    const before = await handle.resources.read({ contract: 'v1', type, id });
    const version = (before?.version ?? 0) + 1;
    const body = JSON.stringify({ ...resource, meta: { versionId: String(version), lastUpdated: at } });
    ops.push({
      op: 'resource',
      tenant,
      contract: 'v1',
      type,
      id,
      version,
      change: deleted ? 'delete' : version === 1 ? 'create' : 'update',
      body: deleted ? '' : body,
      hash: deleted ? '' : body,
      unit: null,
      index: deleted ? [] : extract(resource),
      lineage: null,
    } as const);
  }
  await handle.transact(ops, at);
}

function tenantNamed(id: string): Tenant {
  return {
    id,
    name: id,
    ods: ['RXX'],
    vpds: ['277'],
    isolation: 'database',
    status: 'active',
    contracts: ['v1'],
    flags: {},
    settings: defaultSettings,
  };
}

async function authenticate(header: string | readonly string[] | undefined, base: string, tenant: string) {
  const [value, ...more] = typeof header === 'string' ? [header] : (header ?? []);
  if (value === undefined) return { kind: 'missing', reason: 'no-token' } satisfies Refusal;
  const [of, contract, clientId = '', scope = ''] = value.replace('Bearer ', '').split('~');
  const scopes = parseScopes(scope.replaceAll('+', ' '));
  if (more.length > 0 || scopes === undefined || base !== `${publicUrl}/t/${of}/fhir/${contract}`) {
    return { kind: 'invalid', reason: 'wrong-audience' } satisfies Refusal;
  }
  return {
    grant: grantTenant(tenant, 'token'),
    clientId,
    userId: null,
    jti: 'j1',
    expiresAt: 2_000_000_000,
    scopes: present(scopes, 'scopes'),
  };
}

const emptyTrace: TraceReader = {
  searchProvenance: async () => ({ resources: [] }),
  readProvenance: async () => undefined,
  searchAudit: async () => ({ resources: [] }),
  readAudit: async () => undefined,
};
