import { expect } from 'chai';
import type { FileReport } from '../../../server/ingest/parts.ts';
import { ingestFile } from '../../../server/ingest/run.ts';
import type { TenantStore } from '../../../server/store/port.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';
import { fileOf } from '../../support/journey-vector.ts';

const header =
  'VPD,Employee Number,Surname,Forename,Assignment Number,Start Date,Status,Position Number,Position Title';
const rows = Array.from({ length: 12 }, (_, at) => {
  return `277,${90_000 + at},Owens,Ann,${90_000 + at},2020-04-01,Active Assignment,${4000 + (at % 3)},Nurse`;
});
const table = (some: readonly string[]) => [header, ...some, ''].join('\n');

describe('A report that repeats the one before', () => {
  let house: TestHouse;
  let staged: number;

  beforeEach(async () => {
    house = await testHouse([trustX], '2026-11-20T09:00:00.000Z');
    staged = 0;
  });

  afterEach(() => house.close());

  /** Counts the rows that are staged. */
  function counting(store: TenantStore): TenantStore {
    return {
      ...store,
      async stage(file) {
        const stage = await store.stage(file);
        return {
          ...stage,
          put(some) {
            staged += some.length;
            return stage.put(some);
          },
        };
      },
    };
  }

  async function bring(name: string, text: string): Promise<FileReport> {
    const { ingest } = house.house;
    const store = {
      ...ingest.store,
      tenant: (grant: Parameters<typeof ingest.store.tenant>[0]) => counting(ingest.store.tenant(grant)),
    };
    staged = 0;
    async function* open() {
      yield Buffer.from(text, 'latin1');
    }
    const [report] = await ingestFile({ ...ingest, store }, { name, source: 'test', open }, 'rxx');
    if (report === undefined) throw new Error('no report');
    return report;
  }

  it('is known by its lines, in any order, and stages nothing', async () => {
    await bring('first.csv', table(rows));
    const report = await bring('second.csv', table(rows.toReversed()));
    expect(report).to.include({ state: 'applied', rows: 12, unchanged: 12, created: 0, changed: 0, quarantined: 0 });
    expect(staged).to.equal(0);
    await bring('third.csv', table([...rows.slice(1), rows[0] ?? '']));
    expect(staged).to.equal(0);
  });

  it('is read where one line differs, is missing or comes twice', async () => {
    await bring('first.csv', table(rows));
    const [one = '', ...others] = rows;
    expect(await bring('changed.csv', table([one.replace('Owens', 'Price'), ...others]))).to.include({ unchanged: 11 });
    expect(staged).to.be.greaterThan(0);
    await bring('missing.csv', table(others));
    expect(staged).to.be.greaterThan(0);
    await bring('twice.csv', table([...others, others[0] ?? '']));
    expect(staged).to.be.greaterThan(0);
  });

  it('is read where another file has written records since', async () => {
    await bring('first.csv', table(rows));
    const { name, text } = fileOf({
      kind: 'full',
      sequence: 1,
      to: '20261119 000000',
      rows: [{ PRA: { 2: '1', 3: '20200101', 5: '1', 7: 'Other', 35: 'Employee' } }],
    });
    await bring(name, text);
    expect(await bring('second.csv', table(rows.toReversed()))).to.include({ unchanged: 12 });
    expect(staged).to.be.greaterThan(0);
  });

  it('is read where a row is quarantined, a cell holds a line break, or rows are read otherwise', async () => {
    const bad = rows.map((row, at) => (at === 3 ? row.replace('2020-04-01', 'never') : row));
    await bring('bad.csv', table(bad));
    await bring('bad-again.csv', table(bad.toReversed()));
    expect(staged).to.be.greaterThan(0);
    const broken = rows.map((row, at) => (at === 3 ? row.replace('Owens', '"Owens\nPrice"') : row));
    await bring('broken.csv', table(broken));
    await bring('broken-again.csv', table(broken.toReversed()));
    expect(staged).to.be.greaterThan(0);
    await bring('plain.csv', table(rows));
    const columns = table(rows).replace(
      /^VPD,Employee Number,Surname,Forename/,
      'VPD,Employee Number,Forename,Surname',
    );
    await bring('columns.csv', columns);
    expect(staged).to.be.greaterThan(0);
  });

  it('is read where rows end otherwise than its lines', async () => {
    const returns = (some: readonly string[]) => table(some).replaceAll('\n', '\r');
    await bring('first.csv', returns(rows));
    const [one = '', ...others] = rows;
    expect(await bring('second.csv', returns([one.replace('Owens', 'Price'), ...others]))).to.include({
      unchanged: 11,
    });
  });

  it('still says who is absent', async () => {
    const settings = { absentFullFilesMin: 2, removalShareMax: 1 };
    const csvProfiles = [{ id: 'staff-in-post', population: 'complete' }];
    await house.house.tenants.apply({ ...trustX, settings, csvProfiles });
    await bring('first.csv', table(rows));
    house.setTime('2026-11-21T09:00:00.000Z');
    await bring('without.csv', table(rows.slice(1)));
    const before = await active();
    house.setTime('2026-11-22T09:00:00.000Z');
    await bring('still-without.csv', table(rows.slice(1).toReversed()));
    expect(staged).to.equal(0);
    expect([before, await active()]).to.deep.equal([12, 11]);
  });

  async function active(): Promise<number> {
    const { matches } = await house.store('rxx').resources.search({
      ...{ contract: 'v1', type: 'PractitionerRole', where: { is: 'all' }, count: 50, total: false },
      sort: { by: 'id', descending: false },
    });
    return matches.filter(({ body }) => body.toString().includes('"active":true')).length;
  }
});
