import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import { chooseSlice } from '../../server/mapping/in-force.ts';
import type { SourceRecord } from '../../server/record/record.ts';
import { type CsvVariant, csvVariant } from '../support/csv-variant.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const today = '2026-11-20';
const at = `${today}T09:00:00.000Z`;

type Resource = Record<string, unknown> & { readonly resourceType: string; readonly id: string };

/** Another trust's export of the same table: headings, delimiter, encoding and two date formats of its own. */
const foreign: CsvVariant = {
  delimiter: ';',
  encoding: 'utf-16le',
  mark: true,
  lineEnd: '\r\n',
  titles: ['Real Time Staff List', ''],
  headers: {
    'Employee Number': 'Mitarbeiter',
    'Last Name': 'Surname of Person',
    'Assignment Number': 'Post No',
    FTE: 'W.T.E.',
  },
  cell: (text, heading) =>
    /^\d{4}-\d\d-\d\d$/.test(text)
      ? /^Hire|^Latest/.test(heading)
        ? american(text)
        : `${text.replaceAll('-', '/')} 00:00:00`
      : text,
};

const foreignProfile = {
  id: 'staff-in-post',
  population: 'complete',
  columns: [
    { to: 'person.employeeNumber', headers: ['Mitarbeiter'] },
    { to: 'person.lastName', headers: ['Surname of Person'] },
    { to: 'assignment.assignmentNumber', headers: ['Post No'] },
    { to: 'assignment.fte', headers: ['W.T.E.'] },
    { to: 'assignment.earliestStart', headers: ['Latest Start Date'], formats: ['MM/dd/yyyy'] },
  ],
};

describe('GO2 and CSV of the same people', () => {
  const houses: TestHouse[] = [];
  const folder = temporaryFolder('csv');
  const staff = process.env['VERIFY'] === '1' ? 2_000 : 400;
  let go2: TestHouse;
  let csv = '';
  let rows = 0;

  before(async function () {
    this.timeout(120_000);
    const out = folder.path;
    const made = generateTrust({ staff, vpd: '277', ods: 'RXX', seed: '4', out, startDate: today, days: 0, csv: true });
    const [full, table] = made.files;
    csv = readFileSync(join(out, table?.name ?? ''), 'utf8');
    rows = table?.rows ?? 0;
    go2 = await opened({});
    const [report] = await go2.ingest(full?.name ?? '', readFileSync(join(out, full?.name ?? '')));
    expect(report).to.include({ state: 'applied', quarantined: 0 });
  });

  after(async () => {
    for (const house of houses) await house.close();
    folder.remove();
  });

  async function opened(more: object): Promise<TestHouse> {
    const house = await testHouse([{ ...trustX, ...more }], at);
    houses.push(house);
    return house;
  }

  async function compare(house: TestHouse): Promise<void> {
    expect(await canonicalOf(house)).to.deep.equal(await shownOf(go2, house));
    const resources = await resourcesOf(house);
    const known = new Map((await resourcesOf(go2)).map((one) => [`${one.resourceType}/${one.id}`, one]));
    for (const one of resources) {
      expect(sharedOf(one), `${one.resourceType}/${one.id}`).to.deep.equal(
        sharedOf(known.get(`${one.resourceType}/${one.id}`) ?? one),
      );
      expect(known.has(`${one.resourceType}/${one.id}`)).to.equal(true);
    }
    expect(resources.filter(({ resourceType }) => resourceType === 'PractitionerRole')).to.have.length(rows);
  }

  it('gives equal canonical records and equal shared elements', async function () {
    this.timeout(120_000);
    const house = await opened({});
    const [report] = await house.ingest('staff.csv', Buffer.from(csv, 'utf8'));
    expect(report).to.include({ state: 'applied', rows, quarantined: 0, tenant: 'rxx' });
    await compare(house);
  });

  it('gives them with other headings, delimiter, encoding and two date formats by a profile alone', async function () {
    this.timeout(120_000);
    const house = await opened({ csvProfiles: [foreignProfile] });
    const [report] = await house.ingest('liste.csv', csvVariant(csv, foreign));
    expect(report).to.include({ state: 'applied', rows, quarantined: 0 });
    await compare(house);
  });

  it('changes nothing in a tenant that the GO2 feed has told all of it, and nothing the second time', async function () {
    this.timeout(120_000);
    const bytes = csvVariant(csv, { encoding: 'windows-1252', delimiter: '\t' });
    const [first] = await go2.ingest('staff.tsv', bytes);
    expect(first).to.include({ state: 'applied', rows, created: 0, changed: 0, removed: 0, quarantined: 0 });
    const [again] = await go2.ingest('staff.csv', csvVariant(csv, { lineEnd: '\r\n' }));
    expect(again).to.include({ state: 'applied', rows, created: 0, changed: 0, unchanged: rows, quarantined: 0 });
    const [known] = await go2.ingest('staff-2.tsv', bytes);
    expect(known?.reason).to.match(/applied already/);
  });
});

function american(date: string): string {
  const [year, month, day] = date.split('-');
  return `${month}/${day}/${year}`;
}

const compared = ['person', 'assignment'] as const;

/** Start, end and fields of every person and assignment. */
async function canonicalOf({ store }: TestHouse) {
  const records = await recordsOf(store('rxx'));
  return sorted(records.map(({ type, id, slices }) => ({ key: `${type}/${id}`, slices: slices.map(bare) })));
}

/** The slices in force of those that the other house has. */
async function shownOf(house: TestHouse, other: TestHouse) {
  const keys = new Set((await recordsOf(other.store('rxx'))).map(({ type, id }) => `${type}/${id}`));
  const records = (await recordsOf(house.store('rxx'))).filter(({ type, id }) => keys.has(`${type}/${id}`));
  return sorted(
    records.map(({ type, id, slices }) => ({ key: `${type}/${id}`, slices: [bare(chooseSlice(slices, today).slice)] })),
  );
}

async function recordsOf(store: ReturnType<TestHouse['store']>): Promise<readonly SourceRecord[]> {
  const found: SourceRecord[] = [];
  for (const type of compared) {
    const ids = await store.records.ids(type, '', 100_000);
    found.push(...(await store.records.get(ids.map(({ id }) => ({ type, id })))));
  }
  return found;
}

function bare({ start, end, fields }: SourceRecord['slices'][number]) {
  return { start, end, fields };
}

function sorted<T extends { readonly key: string }>(list: readonly T[]): readonly T[] {
  return [...list].sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function resourcesOf(house: TestHouse): Promise<readonly Resource[]> {
  const store = house.store('rxx');
  const files = await store.ledger.files();
  const versions = (await Promise.all(files.map(({ id }) => store.ledger.versionsOf(id)))).flat();
  const keys = new Map(
    versions
      .filter(({ type }) => type === 'Practitioner' || type === 'PractitionerRole')
      .map(({ contract, type, id }) => [`${type}/${id}`, { contract, type, id }]),
  );
  const read = await store.resources.readMany([...keys.values()]);
  return read.map(({ body }) => JSON.parse(body.toString()) as Resource);
}

/** What both formats carry: a registration has no ESR id in a CSV, and the employer's organisation row is GO2's. */
function sharedOf(resource: Resource): unknown {
  const { meta: _meta, qualification: _held, identifier: _known, organization: employer, ...rest } = resource;
  const { reference: _made, display: _name, ...named } = (employer ?? {}) as Record<string, unknown>;
  return { ...rest, employer: named };
}
