import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { comeTrue } from '../../server/ingest/dates.ts';
import type { FileReport } from '../../server/ingest/parts.ts';
import { type TestHouse, testHouse } from '../support/house-open.ts';
import { liveResources } from '../support/house-state.ts';
import { bytesOf, changed, filledIn, readVector, type Step, type VectorResource } from '../support/journey-vector.ts';

const folder = new URL('../../conformance/vectors/ingest/', import.meta.url);
const types = ['Basic', 'Location', 'Organization', 'Practitioner', 'PractitionerRole'];
const counts = ['rows', 'created', 'changed', 'unchanged', 'removed', 'quarantined'] as const;

/** What must be in the store: whole resources by `Type/id`, with version and time. */
type Expected = Map<string, VectorResource & { readonly meta: { readonly versionId?: string } }>;

interface Run {
  readonly house: TestHouse;
  readonly tenant: string;
  readonly resources: Expected;
  /** Versions of what was deleted: coming back goes on counting. */
  readonly versions: Map<string, number>;
  exceptions: readonly unknown[];
}

describe('Ingest vectors', () => {
  it('name resources by the ids that the mapping vectors write out', () => {
    expect(filledIn('rxx', { id: '@Location/96804' })).to.deep.equal({ id: '03c46d74-d908-51da-814a-24b293b9ca05' });
  });

  it('stand in the README, every one, and nothing stands there that is not', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    const tables = readme.slice(readme.indexOf('\n## '));
    const named = new Set([...tables.matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name));
    const cases = readdirSync(folder).flatMap((one) => (one.endsWith('.json') ? [one.slice(0, -5)] : []));
    expect([...named].sort()).to.deep.equal(cases.sort());
    for (const [, path = ''] of tables.matchAll(/`((?:test|conformance)\/[^`]+)`/g)) {
      expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).to.equal(true);
    }
  });

  for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
    const vector = readVector(name);
    it(`${name}: ${vector.description}`, async () => {
      const house = await testHouse(vector.tenants, '2020-01-01T00:00:00.000Z');
      const [{ id: tenant }] = [present(vector.tenants[0], 'tenant')];
      const run: Run = { house, tenant, resources: new Map(), versions: new Map(), exceptions: [] };
      try {
        for (const [index, step] of vector.steps.entries()) await check(run, step, `step ${index + 1}`);
      } finally {
        await house.close();
      }
    });
  }
});

async function check(run: Run, step: Step, where: string): Promise<void> {
  const { house, tenant } = run;
  const now = step.at ?? `${step.today}T09:00:00.000Z`;
  house.setTime(now);
  const expected = step.expect;
  if (step.file === undefined) await comeTrue(house.house.ingest, tenant);
  else {
    const { name, bytes } = bytesOf(step.file);
    const reports = await house.ingest(name, bytes, tenant);
    checkReports(reports, expected.files ?? [], where);
  }
  put(run, expected, now);
  await checkResources(run, where);
  const open = await house.store(tenant).ledger.exceptions({ state: 'open' });
  const ledger = await house.store(tenant).ledger.files();
  const states = Object.fromEntries(ledger.map(({ sequence, state }) => [String(sequence), state]));
  expect(states, `${where}: ledger`).to.deep.include(expected.ledger ?? {});
  const files = new Map(ledger.map((file) => [file.id, file.sequence ?? file.name]));
  const found = open.map(({ file, line, record, rule, severity, field, waitsFor }) => ({
    ...{ file: files.get(file) ?? null, line, record: `${record.type}/${record.id}`, rule, severity, field },
    ...(waitsFor === null ? {} : { waitsFor: `${waitsFor.type}/${waitsFor.id}` }),
  }));
  run.exceptions = expected.exceptions ?? run.exceptions;
  expect(sorted(found), `${where}: open exceptions`).to.deep.equal(sorted(run.exceptions));
}

function checkReports(
  reports: readonly FileReport[],
  expected: readonly (Readonly<Record<string, unknown>> & { readonly state: string })[],
  where: string,
): void {
  const told = reports.map((report) => ({
    state: report.state,
    ...Object.fromEntries(counts.map((count) => [count, report[count]])),
  }));
  const wanted = expected.map(({ state, reason: _, ...rest }) => ({
    state,
    ...Object.fromEntries(counts.map((count) => [count, rest[count] ?? 0])),
  }));
  expect(told, `${where}: reports`).to.deep.equal(wanted);
  for (const [index, { reason }] of expected.entries()) {
    if (reason !== undefined) expect(reports[index]?.reason, where).to.include(reason);
    else expect(reports[index], where).not.to.have.property('reason');
  }
}

/** Takes what the step says over into what must be in the store: listed means one version more, at the step's time. */
function put(run: Run, expected: Step['expect'], now: string): void {
  const { resources = [], alike = {}, changes = {}, deleted = [] } = expected;
  const { tenant, resources: store, versions } = run;
  const next = (name: string, resource: VectorResource) => {
    const version = (versions.get(name) ?? 0) + 1;
    versions.set(name, version);
    const meta = { ...resource.meta, versionId: String(version), lastUpdated: now };
    store.set(name, { ...resource, meta });
  };
  for (const one of resources) {
    const resource = filledIn(tenant, one) as VectorResource;
    next(`${resource.resourceType}/${resource.id}`, resource);
  }
  for (const [symbol, { of, ...elements }] of Object.entries(alike)) {
    const [name = '', model = ''] = [symbol, of].map((one) => filledIn(tenant, one) as string);
    const values = filledIn(tenant, { id: symbol, ...elements }) as Readonly<Record<string, unknown>>;
    next(name, changed(present(store.get(model), of), values));
  }
  for (const [symbol, elements] of [changes].flat().flatMap(Object.entries<Readonly<Record<string, unknown>>>)) {
    const name = filledIn(tenant, symbol) as string;
    const values = filledIn(tenant, elements) as Readonly<Record<string, unknown>>;
    next(name, changed(present(store.get(name), symbol), values));
  }
  for (const symbol of deleted) {
    const name = filledIn(tenant, symbol) as string;
    expect(store.delete(name), `${symbol} stood before it was deleted`).to.equal(true);
    versions.set(name, (versions.get(name) ?? 0) + 1);
  }
}

async function checkResources({ house, tenant, resources, versions }: Run, where: string): Promise<void> {
  const store = house.store(tenant);
  const found = new Map<string, unknown>();
  for (const type of types) {
    for (const [id, resource] of await liveResources(store, type)) found.set(`${type}/${id}`, resource);
  }
  for (const [name, resource] of resources) expect(found.get(name), `${where}: ${name}`).to.deep.equal(resource);
  expect([...found.keys()].sort(), where).to.deep.equal([...resources.keys()].sort());
  for (const [name, version] of versions) {
    if (resources.has(name)) continue;
    const [type = '', id = ''] = name.split('/');
    const gone = await store.resources.read({ contract: 'v1', type, id });
    expect(gone, `${where}: ${name} is deleted`).to.deep.include({ change: 'delete', version });
  }
}

function sorted(items: readonly unknown[]): readonly string[] {
  return items.map((item) => JSON.stringify(Object.entries(item as object).sort())).sort();
}
