import { expect } from 'chai';
import type { FileReport, IngestParts } from '../../../server/ingest/parts.ts';
import { ingestFile, resumeFiles } from '../../../server/ingest/run.ts';
import { keyText, type RecordKey, recordTypes } from '../../../server/record/record.ts';
import type { Stage, TenantStore } from '../../../server/store/port.ts';
import { type Dice, dice } from '../../support/dice.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';
import { fileOf } from '../../support/journey-vector.ts';

const seeds = process.env['VERIFY'] === '1' ? 100 : 6;

/** A store that shows ingest what `change` makes of the tenant's. */
function partsOver(house: TestHouse, change: (store: TenantStore) => TenantStore): IngestParts {
  const { ingest } = house.house;
  return { ...ingest, store: { ...ingest.store, tenant: (grant) => change(ingest.store.tenant(grant)) } };
}

/** A store without records recognises nothing: every row goes the long way. */
const unknowing = (store: TenantStore): TenantStore => ({
  ...store,
  records: { ...store.records, lineSums: async () => 0 },
});

/** Counts the rows that are staged. */
function staging(count: (rows: number) => void) {
  return (store: TenantStore): TenantStore => ({
    ...store,
    async stage(file): Promise<Stage> {
      const stage = await store.stage(file);
      return {
        ...stage,
        put(rows) {
          count(rows.length);
          return stage.put(rows);
        },
      };
    },
  });
}

const stamp = (day: number) => `202605${String(day).padStart(2, '0')} 000000`;

function fullFile(sequence: number, rows: readonly string[]) {
  const from = sequence === 1 ? {} : { from: stamp(sequence - 1) };
  return fileOf({ kind: 'full', sequence, ...from, to: stamp(sequence), rows });
}

async function ingest(parts: IngestParts, sequence: number, rows: readonly string[]): Promise<FileReport> {
  const { name, text } = fullFile(sequence, rows);
  async function* open() {
    yield Buffer.from(text, 'latin1');
  }
  const [report] = await ingestFile(parts, { name, source: 'test', open }, 'rxx');
  if (report === undefined) throw new Error('no report');
  return report;
}

const line = (type: string, width: number, cells: Readonly<Record<number, string>>) =>
  [type, ...Array.from({ length: width - 1 }, (_, at) => cells[at + 2] ?? '')].join('~');
const person = (id: string, name: string, start = '20200101') =>
  line('PRA', 44, { 2: id, 3: start, 4: '47121231', 7: name, 35: 'Employee' });
const role = (id: string, personId: string, fte: string) =>
  line('ASA', 51, { 2: personId, 3: id, 4: '20200101', 5: '47121231', 8: id, 10: 'Active Assignment', 26: fte });
const other = (id: string) => line('ETA', 57, { 2: `9${id}`, 3: id, 6: 'SOMETHING ELSE' });

const first = ['1', '2', '3', '4', '5', '6'].flatMap((id) => [
  person(id, `Name${id}`),
  person(id, `Married${id}`, '20220101'),
  role(`5${id}`, id, '1'),
  other(id),
]);

/** What a later full file may do to the rows of the one before. */
function later(rows: readonly string[], random: Dice): readonly string[] {
  const made = rows.flatMap((row) => {
    const luck = random.number(20);
    if (luck === 0) return [];
    if (luck === 1) return [row, row];
    if (luck === 2) return [row.replace('~1~', '~0.5~')];
    if (luck === 3) return [`${row}~more~still`];
    if (luck === 4) return [row.replace('47121231', 'never')];
    return [row];
  });
  if (random.chance(0.3)) made.push(person('7', 'Seven'), role('57', random.pick(['7', '8']), '1'));
  if (random.chance(0.2)) made.push('PRD~3');
  const order = made.map((row) => ({ row, at: random.number(1000) })).toSorted((a, b) => a.at - b.at);
  return order.map(({ row }) => row);
}

async function stateOf(house: TestHouse) {
  const store = house.store('rxx');
  const keys: RecordKey[] = recordTypes.flatMap((type) =>
    ['1', '2', '3', '4', '5', '6', '7', '8', '51', '52', '53', '54', '55', '56', '57'].map((id) => ({ type, id })),
  );
  const records = await store.records.get(keys);
  const exceptions = await store.ledger.exceptions({});
  return {
    records: records.map(({ type, id, hash, slices }) => ({ type, id, hash, slices })),
    // Their order is that of the files' ids, which are random.
    exceptions: exceptions
      .map(({ line: at, record, rule, state }) => `${keyText(record)} ${at} ${rule} ${state}`)
      .sort(),
    resources: await store.resources.counts('v1'),
  };
}

const countsOf = ({ id: _, seconds: __, ...counts }: FileReport) => counts;

describe('Recognising the rows of a full file', () => {
  const houses: TestHouse[] = [];

  async function opened(): Promise<TestHouse> {
    const house = await testHouse([trustX], '2026-06-01T09:00:00Z');
    houses.push(house);
    return house;
  }

  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close();
  });

  it('stages no row of a file that repeats the last one in another order, and balances', async () => {
    const house = await opened();
    let staged = 0;
    const parts = partsOver(
      house,
      staging((rows) => {
        staged += rows;
      }),
    );
    await ingest(parts, 1, first);
    expect(staged).to.equal(18);
    const report = await ingest(parts, 2, first.toReversed());
    expect(staged).to.equal(18);
    expect(report).to.include({ state: 'applied', rows: 24, unchanged: 18, created: 0, changed: 0, quarantined: 0 });
  });

  it('stages the rows of the records that differ, all of them, and only those', async () => {
    const house = await opened();
    const staged: number[] = [];
    const parts = partsOver(
      house,
      staging((rows) => staged.push(rows)),
    );
    await ingest(parts, 1, first);
    staged.length = 0;
    const report = await ingest(parts, 2, [...first.filter((row) => !row.includes('Married2')), person('9', 'New')]);
    expect(staged.reduce((sum, rows) => sum + rows, 0)).to.be.within(2, 6);
    expect(report).to.include({ state: 'applied', unchanged: 16 });
    const [stored] = await house.store('rxx').records.get([{ type: 'person', id: '2' }]);
    expect(stored?.slices).to.have.lengthOf(1);
  });

  it('does not take a row that comes twice for two rows', async () => {
    const house = await opened();
    await ingest(house.house.ingest, 1, [person('1', 'A'), person('2', 'B')]);
    const report = await ingest(house.house.ingest, 2, [person('1', 'A'), person('1', 'A'), person('2', 'B')]);
    expect(report).to.include({ rows: 3, unchanged: 3, changed: 0 });
  });

  it('recognises nothing once the rows are read otherwise', async () => {
    const house = await opened();
    let staged = 0;
    const count = staging((rows) => {
      staged += rows;
    });
    await ingest(partsOver(house, count), 1, first);
    await ingest({ ...partsOver(house, count), software: 'esr-fhir 99' }, 2, first);
    expect(staged).to.equal(36);
    const report = await ingest({ ...partsOver(house, count), software: 'esr-fhir 99' }, 3, first.toReversed());
    expect(staged).to.equal(36);
    expect(report).to.include({ unchanged: 18 });
  });

  it('closes an exception whose record comes as the store has it', async () => {
    const house = await opened();
    const { ingest: parts } = house.house;
    await ingest(parts, 1, first);
    await ingest(parts, 2, [...first.slice(1), first[0]?.replace('20200101', 'never') ?? '']);
    const store = house.store('rxx');
    expect(await store.ledger.exceptions({ state: 'open', severity: 'error' })).to.have.lengthOf(2);
    await ingest(parts, 3, first);
    expect(await store.ledger.exceptions({ state: 'open', severity: 'error' })).to.deep.equal([]);
  });

  it('balances when it was cut off half-way and resumed', async () => {
    const house = await opened();
    const { ingest: parts } = house.house;
    await ingest(parts, 1, first);
    let left = 3;
    const failing = partsOver(house, (store) => ({
      ...store,
      transact(ops, at, lease) {
        left -= 1;
        if (left < 0) throw new Error('cut off');
        return store.transact(ops, at, lease);
      },
    }));
    const cut = await ingest(failing, 2, [...first.slice(2), person('9', 'New')]).catch(
      (error: Error) => error.message,
    );
    expect(cut).to.equal('cut off');
    const [report] = await resumeFiles(parts, 'rxx');
    const expected = await opened();
    await ingest(expected.house.ingest, 1, first);
    const whole = await ingest(expected.house.ingest, 2, [...first.slice(2), person('9', 'New')]);
    expect(report && countsOf(report)).to.deep.equal(countsOf(whole));
    expect(await stateOf(house)).to.deep.equal(await stateOf(expected));
  });

  for (let seed = 1; seed <= seeds; seed += 1) {
    it(`changes no outcome: three random full files come out as if every row went the long way (${seed})`, async () => {
      const [knowing, long] = [await opened(), await opened()];
      const random = dice(seed);
      let rows: readonly string[] = first;
      for (const sequence of [1, 2, 3, 4]) {
        const [report, expected] = [
          await ingest(knowing.house.ingest, sequence, rows),
          await ingest(partsOver(long, unknowing), sequence, rows),
        ];
        expect(countsOf(report)).to.deep.equal(countsOf(expected));
        expect(await stateOf(knowing)).to.deep.equal(await stateOf(long));
        rows = later(random.chance(0.3) ? first : rows, random);
      }
    });
  }
});
