import { londonDate } from '../../core/clock.ts';
import { AppError } from '../../core/error.ts';
import { limits } from '../../core/limits.ts';
import type { FileRow, Stage, TenantStore } from '../../store/port.ts';
import type { Tenant } from '../../tenancy/tenant.ts';
import type { Ingest } from '../apply.ts';
import { csvFeed } from '../csv-feed.ts';
import type { CsvProfile } from '../formats/csv/profile.ts';
import { underIngestLease } from '../ingest-lease.ts';
import { feedAs } from '../source-word.ts';
import type { Stewardship } from './decision.ts';
import { type Difference, explain } from './difference.ts';
import { statedBy } from './stated.ts';
import { type Tally, tallyOf, type Working, workingOf } from './working.ts';

/** Who works in a department, in the file and in the store, as of today. */
export interface DepartmentCount {
  /** `Organization/id`; null: no department is named. */
  readonly department: string | null;
  readonly name: string | null;
  readonly file: Tally;
  readonly store: Tally;
  readonly differences: readonly Difference[];
}

export interface Reconciliation {
  readonly file: Pick<FileRow, 'id' | 'name' | 'receivedAt'>;
  /** The day, `YYYY-MM-DD`, for which both sides are counted. */
  readonly on: string;
  readonly totals: { readonly file: Tally; readonly store: Tally };
  readonly departments: readonly DepartmentCount[];
}

/**
 * Compares headcount and FTE by department between the last applied full file that lists staff (GO2, GO v1, or a CSV
 * whose population is complete), read again and projected by itself, and the published roles. Every role that counts
 * on one side and not alike on the other is explained. Throws `not-found` where no such file was applied, `too-large`
 * past `limits.reconcileRecordsMax` records.
 */
export function reconcile({ parts, tenant, store }: Stewardship): Promise<Reconciliation> {
  return underIngestLease(parts, { tenant, store }, limits.ingestWaitMs, async (ingest) => {
    const reports = parts.csvProfiles(tenant).filter((profile) => !listsAll(tenant, profile));
    const others = new Set(reports.map((profile) => csvFeed(profile).feed));
    const listsStaff = ({ state, kind, format }: FileRow) =>
      state === 'applied' && kind === 'full' && !others.has(format);
    const file = (await store.ledger.files()).find(listsStaff);
    if (file === undefined) throw new AppError('not-found', `tenant ${tenant.id} has no applied full file`);
    const stage = await store.stage(file.id);
    try {
      return await compare(ingest, file, stage);
    } finally {
      await stage.drop();
    }
  });
}

/** Does a report list all staff? */
function listsAll(tenant: Tenant, profile: CsvProfile): boolean {
  return profile.records.has('assignment') && feedAs(tenant, csvFeed(profile)).population === 'complete';
}

async function compare(ingest: Ingest, file: FileRow, stage: Stage): Promise<Reconciliation> {
  const on = londonDate(ingest.parts.clock.now());
  const stated = await statedBy(ingest, file, stage, on);
  const published = await publishedRoles(ingest.store, ingest.tenant.contracts[0] ?? '');
  const differences = await explain(ingest, { file, stage, stated, published });
  const departments = new Map<string | null, { name: string | null; file: Working[]; store: Working[] }>();
  const of = ({ department, departmentName }: Working) => {
    const known = departments.get(department) ?? { name: null, file: [], store: [] };
    departments.set(department, { ...known, name: known.name ?? departmentName });
    return known;
  };
  for (const one of stated.roles.values()) of(one).file.push(one);
  for (const one of published.values()) of(one).store.push(one);
  const counts = [...departments].map(
    ([department, { name, file: inFile, store: inStore }]): DepartmentCount => ({
      department,
      name,
      file: tallyOf(inFile),
      store: tallyOf(inStore),
      differences: differences.filter((one) => one.department === department),
    }),
  );
  const totals = { file: tallyOf([...stated.roles.values()]), store: tallyOf([...published.values()]) };
  const { id, name, receivedAt } = file;
  return { file: { id, name, receivedAt }, on, totals, departments: counts.sort(byName) };
}

function byName(a: DepartmentCount, b: DepartmentCount): number {
  return (a.name ?? '').localeCompare(b.name ?? '', 'en-GB') || (a.department ?? '').localeCompare(b.department ?? '');
}

async function publishedRoles(store: TenantStore, contract: string): Promise<ReadonlyMap<string, Working>> {
  const roles = new Map<string, Working>();
  let after: { readonly after?: NonNullable<Awaited<ReturnType<TenantStore['resources']['search']>>['next']> } = {};
  for (;;) {
    const page = await store.resources.search({
      ...{ contract, type: 'PractitionerRole', where: { is: 'all' }, count: limits.searchCountMax, total: false },
      sort: { by: 'id', descending: false },
      ...after,
    });
    for (const { id, body } of page.matches) {
      const working = workingOf(body.toString());
      if (working !== undefined) roles.set(id, working);
    }
    if (page.next === undefined) return roles;
    after = { after: page.next };
  }
}
