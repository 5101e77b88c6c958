import { present } from '../../server/core/assert.ts';
import { limits } from '../../server/core/limits.ts';
import type { IsolationModel } from '../../server/tenancy/tenant.ts';
import { type TenantDocument, type TestHouse, testHouse, trustX, trustY } from './house-open.ts';
import { type Answer, serveTestHouse, type TestClient, type TestServer } from './house-server.ts';
import { liveResources } from './house-state.ts';
import { fileOf, type VectorFile } from './journey-vector.ts';
import { subscriptionTo } from './subscription-client.ts';

const storedTypes = ['Basic', 'Location', 'Organization', 'Practitioner', 'PractitionerRole'] as const;

/** One of two tenants whose people, assignments, positions, organisations and locations have the same ESR ids. */
export interface Twin {
  readonly tenant: string;
  /** A word in every name of theirs, and in none of the other's. */
  readonly mark: string;
  /** Path of the FHIR base. */
  readonly base: string;
  readonly client: TestClient;
  /** One that has not expired, however long the test lasts. */
  readonly token: string;
  /** Another client of the same tenant. */
  readonly otherToken: string;
  /** Live resources and deleted ones, by type. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  readonly deleted: readonly { readonly type: string; readonly id: string }[];
}

export interface Twins {
  readonly house: TestHouse;
  readonly server: TestServer;
  readonly x: Twin;
  readonly y: Twin;
  close(): Promise<void>;
}

const scope = 'system/*.rs system/Subscription.cruds system/AuditEvent.rs system/Provenance.rs';

/** Both tenants with a full file and a changes file that makes second versions and a delete; served over HTTP. */
export async function twins(isolation: IsolationModel = 'database'): Promise<Twins> {
  const house = await testHouse([
    { ...trustX, isolation },
    { ...trustY, isolation },
  ]);
  for (const [trust, mark] of [
    [trustX, 'Xavier'],
    [trustY, 'Yelland'],
  ] as const) {
    for (const file of filesOf(trust, mark)) {
      const { name, text } = fileOf(file);
      const [report] = await house.ingest(name, text, trust.id);
      if (report?.state !== 'applied' || report.quarantined > 0) throw new Error(`${name}: ${report?.reason}`);
    }
  }
  const server = await serveTestHouse(house);
  const renewals: (() => void)[] = [];
  const twin = async (tenant: string, mark: string) => {
    const { made, stop } = await madeTwin(house, server, tenant, mark);
    renewals.push(stop);
    return made;
  };
  return {
    house,
    server,
    x: await twin(trustX.id, 'Xavier'),
    y: await twin(trustY.id, 'Yelland'),
    async close() {
      for (const stop of renewals) stop();
      await server.stop();
      await house.close();
    },
  };
}

async function madeTwin(house: TestHouse, server: TestServer, tenant: string, mark: string) {
  const client = await server.client(tenant, scope);
  const mine = await kept(() => server.token(client));
  const other = await server.client(tenant, scope);
  const others = await kept(() => server.token(other));
  const token = mine.current();
  const base = `/t/${tenant}/fhir/v1`;
  const ids: Record<string, readonly string[]> = {};
  for (const type of storedTypes) ids[type] = [...(await liveResources(house.store(tenant), type)).keys()];
  const deleted = [];
  for (const file of await house.store(tenant).ledger.files()) {
    const versions = await house.store(tenant).ledger.versionsOf(file.id);
    deleted.push(...versions.filter(({ change }) => change === 'delete').map(({ type, id }) => ({ type, id })));
  }
  // Reads, so that there is an audit; every version has its Provenance.
  const role = present(ids['PractitionerRole']?.[0], 'a role');
  await server.ask(`${base}/PractitionerRole/${role}`, { token });
  const trail = await server.ask(`${base}/AuditEvent?_count=100`, { token });
  const provenance = await server.ask(`${base}/Provenance?target=PractitionerRole/${role}`, { token });
  ids['Subscription'] = [await subscribed(server, base, token)];
  ids['AuditEvent'] = idsIn(trail);
  ids['Provenance'] = idsIn(provenance);
  const made: Twin = {
    ...{ tenant, mark, base, client, ids, deleted },
    get token() {
      return mine.current();
    },
    get otherToken() {
      return others.current();
    },
  };
  return {
    made,
    stop() {
      mine.stop();
      others.stop();
    },
  };
}

/** A token that is fetched anew long before it expires. */
async function kept(fetched: () => Promise<string>) {
  let token = await fetched();
  const renew = async () => {
    token = await fetched();
  };
  const timer = setInterval(() => void renew(), (limits.accessTokenSeconds * 1000) / 3);
  return { current: () => token, stop: () => clearInterval(timer) };
}

/** One that is off: nothing is sent. */
async function subscribed(server: TestServer, base: string, token: string): Promise<string> {
  const body = JSON.stringify({ ...subscriptionTo('https://hooks.example/hook'), status: 'off' });
  const headers = { 'content-type': 'application/fhir+json' };
  const made = await server.ask(`${base}/Subscription`, { method: 'POST', token, headers, body });
  if (made.status !== 201) throw new Error(`${made.status}: ${made.body}`);
  return (JSON.parse(made.body) as { readonly id: string }).id;
}

/** Ids of the entries of a Bundle. */
export function idsIn({ status, body }: Answer): readonly string[] {
  const bundle = JSON.parse(body) as { readonly entry?: readonly { readonly resource: { readonly id: string } }[] };
  if (status !== 200) throw new Error(`${status}: ${body}`);
  return (bundle.entry ?? []).map(({ resource }) => resource.id);
}

function filesOf({ ods, vpds }: TenantDocument, mark: string): readonly VectorFile[] {
  const [vpd, code] = [present(vpds[0], 'VPD'), present(ods[0], 'ODS code')];
  const person = (id: string, first: string) => ({
    PRA: { 2: id, 3: '20200101', 5: `E${id}`, 7: mark, 8: first, 36: `${first}@${mark}.example`.toLowerCase() },
  });
  const job = (id: string, personId: string, status = 'Active Assignment') => ({
    ASA: { 2: personId, 3: id, 4: '20200101', 6: '20200101', 8: `N${id}`, 10: status, 14: '70', 28: '51', 29: '80' },
  });
  const rows = [
    { LCA: { 2: '70', 4: `${mark} House`, 16: `${code}01` } },
    { ORA: { 2: '50', 3: `${vpd} ${mark} Trust`, 5: '20000101', 12: code } },
    { ORA: { 2: '51', 3: `${vpd} 6 ${mark} Ward`, 5: '20000101', 11: '50', 13: '70' } },
    { POA: { 2: '80', 3: '20000101', 5: '800', 6: `800|${mark} Nurse`, 15: '51' } },
    ...[person('1', 'Ann'), person('2', 'Bob'), person('3', 'Cat'), person('4', 'Dee')],
    ...[job('11', '1'), job('12', '1'), job('21', '2'), job('31', '3'), job('41', '4')],
    { ETA: { 2: '1', 3: '100', 4: 'NHS Regs and Memships', 6: 'General Medical Council', 7: '1234567' } },
  ];
  const days = ['20260401 000000', '20260402 000000'] as const;
  return [
    { kind: 'full', sequence: 1, to: days[0], vpd, rows },
    {
      kind: 'changes',
      sequence: 2,
      from: days[0],
      to: days[1],
      vpd,
      rows: [person('2', 'Robert'), job('21', '2', 'Career Break'), 'PRD~4', 'ASD~12'],
    },
  ];
}
