import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newClient, plainSecret } from '../auth/new-client.ts';
import { hashPassword, newPassword } from '../auth/password.ts';
import { present } from '../core/assert.ts';
import { AppError } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import type { FileReport } from '../ingest/parts.ts';
import { ingestFile } from '../ingest/run.ts';
import { userRegistry } from '../registry/users.ts';
import { grantTenant } from '../tenancy/grant.ts';
import { generateTrust } from './generator/trust.ts';
import type { House } from './house.ts';
import { fileSource } from './ingest.ts';
import { progressBar } from './progress.ts';

/** Two trusts that do not exist; `RXX` and `RYY` are no ODS codes of anybody. */
export const demoTenants = [
  { id: 'rxx', name: 'Demo Mental Health Trust', ods: ['RXX'], vpds: ['277'], staff: 1000 },
  { id: 'ryy', name: 'Demo Acute Trust', ods: ['RYY'], vpds: ['431'], staff: 600 },
] as const;

/** More than the demo's files raise. */
const eventsShownMax = 10_000;

const clientName = 'demo client';
const scope = 'system/*.rs system/AuditEvent.rs system/Provenance.rs';

/** Who looks at the demo in the console: a tenant admin of both trusts, with a new password each time. */
const demoUserName = 'demo';

export interface DemoLogin {
  readonly name: string;
  readonly password: string;
}

export interface DemoClient {
  readonly tenant: string;
  readonly id: string;
  readonly secret: string;
}

/** The demo's person, made or given another password: the old one is nowhere to be read. */
export async function demoLogin({ store, clock }: House): Promise<DemoLogin> {
  const users = userRegistry(store);
  const password = newPassword();
  const known = await users.named(demoUserName);
  const hashed = await hashPassword(password);
  if (known !== undefined) await users.put({ ...known, password: hashed, status: 'active' });
  else {
    await users.add({
      ...{ id: `u_${randomId()}`, name: demoUserName, password: hashed, status: 'active' },
      memberships: demoTenants.map(({ id }) => ({ tenant: id, role: 'tenant-admin' })),
      createdAt: clock.now().toISOString(),
    });
  }
  return { name: demoUserName, password };
}

/**
 * Makes the demo tenants with a client each and two days of files; what is there already is left as it is.
 *
 * @returns `fresh`: the files are those of today
 */
export async function demoData(
  house: House,
  say: (line: string) => void,
): Promise<{ readonly clients: readonly DemoClient[]; readonly fresh: boolean }> {
  const clients: DemoClient[] = [];
  let fresh = true;
  for (const { staff, ...document } of demoTenants) {
    await house.tenants.apply(document);
    clients.push(await demoClient(house, document.id));
    const reports = await demoFiles(house, document, staff);
    if (reports.length === 0) fresh = false;
    for (const report of reports) {
      say(`${report.tenant}: ${report.name} ${report.state}: ${report.rows} rows, ${counts(report)}`);
      const events = await topicsOf(house, report);
      if (events !== '') say(`${report.tenant}: in it ${events}`);
      if (report.state !== 'applied') throw new AppError('internal', `the demo file ${report.name} is ${report.state}`);
    }
  }
  return { clients, fresh };
}

async function demoClient({ clients, keys, clock }: House, tenant: string): Promise<DemoClient> {
  const known = (await clients.list(tenant)).find((client) => client.name === clientName && client.status === 'active');
  if (known !== undefined) return { tenant, id: known.id, secret: present(plainSecret(known, keys), 'demo secret') };
  const made = newClient({ name: clientName, tenant, scope, contracts: ['v1'] }, keys, clock.now().toISOString());
  await clients.add(made.client);
  return { tenant, id: made.client.id, secret: present(made.secret, 'demo secret') };
}

interface DemoTenant {
  readonly id: string;
  readonly ods: readonly string[];
  readonly vpds: readonly string[];
}

async function demoFiles(house: House, tenant: DemoTenant, staff: number): Promise<readonly FileReport[]> {
  const store = house.store.tenant(grantTenant(tenant.id, 'operator'));
  if ((await store.ledger.files()).some((file) => file.state === 'applied')) return [];
  const out = mkdtempSync(join(tmpdir(), 'esr-fhir-demo-'));
  const bar = progressBar(process.stderr);
  try {
    const [vpd, ods] = [present(tenant.vpds[0], 'VPD'), present(tenant.ods[0], 'ODS code')];
    const { files } = generateTrust({
      staff,
      vpd,
      ods,
      seed: tenant.id,
      days: 1,
      broken: 0.002,
      out,
      csv: false,
      crlf: false,
    });
    const reports: FileReport[] = [];
    const parts = { ...house.ingest, progress: bar };
    for (const { name } of files) reports.push(...(await ingestFile(parts, fileSource(join(out, name)), tenant.id)));
    return reports;
  } finally {
    bar.end();
    rmSync(out, { recursive: true, force: true });
  }
}

/** What a file's changes mean, as topics and how often: the first full file is a baseline and raises none of people. */
async function topicsOf(house: House, { tenant, id }: FileReport): Promise<string> {
  const store = house.store.tenant(grantTenant(present(tenant, 'tenant'), 'operator'));
  const counts = new Map<string, number>();
  for (const { topic, body } of await store.outbox.events({ sequence: 0, index: 0 }, eventsShownMax)) {
    const { data } = JSON.parse(body) as { readonly data: { readonly correlationId: string } };
    if (data.correlationId !== id || topic === 'file-ingested' || topic === 'exception-raised') continue;
    counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }
  return [...counts].map(([topic, count]) => `${count} ${topic}`).join(', ');
}

function counts({ created, changed, removed, quarantined, seconds }: FileReport): string {
  const resources = `${created} created, ${changed} changed, ${removed} removed`;
  return `${resources}, ${quarantined} quarantined, ${seconds.toFixed(1)} s`;
}
