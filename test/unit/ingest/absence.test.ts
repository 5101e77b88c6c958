import { expect } from 'chai';
import type { FileReport } from '../../../server/ingest/parts.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';
import { fileOf } from '../../support/journey-vector.ts';

interface Shown {
  readonly active: boolean;
  readonly period: { readonly start?: string; readonly end?: string };
}

const people = ['1', '2', '3', '4'];

/** A GO2 full file of these people, one assignment each, whose window ends on a day of November 2026. */
function full(day: number, sequence: number, ids: readonly string[], vpd = '277') {
  const stamp = (date: number) => `202611${String(date).padStart(2, '0')} 000000`;
  const rows = ids.flatMap((id) => [
    { PRA: { 2: `10${id}`, 3: '20200101', 5: `9000${id}`, 7: `Name${id}`, 35: 'Employee' } },
    { ASA: { 2: `10${id}`, 3: `50${id}`, 4: '20200101', 6: '20200101', 8: `9000${id}`, 10: 'Active Assignment' } },
  ]);
  return fileOf({
    kind: 'full',
    sequence,
    ...(sequence === 1 ? {} : { from: stamp(day - 1) }),
    to: stamp(day),
    rows,
    vpd,
  });
}

/** A staff-in-post CSV of the same people, without ESR ids. */
function table(ids: readonly string[]): string {
  const rows = ids.map((id) => `9000${id},Name${id},Ann,9000${id},2020-01-01,Active Assignment`);
  return ['Employee Number,Last Name,First Name,Assignment Number,Start Date,Status', ...rows].join('\n');
}

describe('An assignment missing from full files', () => {
  const houses: TestHouse[] = [];

  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close();
  });

  async function opened(settings: object, more: object = {}): Promise<TestHouse> {
    const house = await testHouse([{ ...trustX, settings, ...more }], '2026-11-10T09:00:00.000Z');
    houses.push(house);
    return house;
  }

  async function ingest(
    house: TestHouse,
    day: number,
    sequence: number,
    ids: readonly string[],
    vpd?: string,
  ): Promise<FileReport> {
    house.setTime(`2026-11-${String(day).padStart(2, '0')}T09:00:00.000Z`);
    const { name, text } = full(day, sequence, ids, vpd);
    const [report] = await house.ingest(name, text);
    if (report === undefined) throw new Error('no report');
    return report;
  }

  async function roles(house: TestHouse): Promise<Readonly<Record<string, Shown>>> {
    const store = house.store('rxx');
    const versions = (
      await Promise.all((await store.ledger.files()).map(({ id }) => store.ledger.versionsOf(id)))
    ).flat();
    const keys = new Map(versions.filter(({ type }) => type === 'PractitionerRole').map((key) => [key.id, key]));
    const read = await store.resources.readMany([...keys.values()]);
    const shown = read.map(({ body }) => JSON.parse(body.toString()) as Shown & { identifier: { value: string }[] });
    const numberOf = (one: (typeof shown)[number]) =>
      one.identifier.map(({ value }) => value).find((v) => v.startsWith('9000'));
    return Object.fromEntries(shown.map((one) => [numberOf(one) ?? '', { active: one.active, period: one.period }]));
  }

  const complete = { population: 'complete', removalShareMax: 0.5 };

  it('ends on the day of the last full file that had it, where the population is complete', async () => {
    const house = await opened(complete);
    await ingest(house, 10, 1, people);
    const report = await ingest(house, 11, 2, people.slice(1));
    expect(report).to.include({ state: 'applied', removed: 0, changed: 2 });
    expect((await roles(house))['90001']).to.deep.equal({
      active: false,
      period: { start: '2020-01-01', end: '2026-11-10' },
    });
    expect((await roles(house))['90002']?.active).to.equal(true);
  });

  it('is none of another VPD, whose own full file has it', async () => {
    const house = await opened({ ...complete, removalShareMax: 1 }, { vpds: ['277', '278'] });
    await ingest(house, 10, 1, ['1', '2']);
    expect(await ingest(house, 10, 1, ['3', '4'], '278')).to.include({ state: 'applied', changed: 0 });
    expect(await ingest(house, 11, 2, ['3'], '278')).to.include({ state: 'applied', changed: 2 });
    const ends = Object.entries(await roles(house)).map(([number, { period }]) => [number, period.end]);
    expect(Object.fromEntries(ends)).to.deep.equal({
      ...{ '90001': undefined, '90002': undefined, '90003': undefined },
      '90004': '2026-11-10',
    });
    expect(await house.store('rxx').ledger.exceptions({ state: 'open' })).to.deep.equal([]);
  });

  it('goes on when the assignment comes back, also unchanged', async () => {
    const house = await opened(complete);
    await ingest(house, 10, 1, people);
    await ingest(house, 11, 2, people.slice(1));
    await ingest(house, 12, 3, people.slice(1));
    expect(await ingest(house, 13, 4, people)).to.include({ state: 'applied', changed: 2 });
    expect((await roles(house))['90001']).to.deep.equal({ active: true, period: { start: '2020-01-01' } });
    expect(await ingest(house, 14, 5, people)).to.include({ state: 'applied', changed: 0, unchanged: 8 });
  });

  it('waits for as many full files as the tenant says, and changes files never count', async () => {
    const house = await opened({ ...complete, absentFullFilesMin: 2 });
    await ingest(house, 10, 1, people);
    expect(await ingest(house, 11, 2, people.slice(1))).to.include({ changed: 0 });
    house.setTime('2026-11-12T09:00:00.000Z');
    const changes = fileOf({
      kind: 'changes',
      sequence: 3,
      from: '20261111 000000',
      to: '20261112 000000',
      rows: [{ PRA: { 2: '102', 3: '20200101', 5: '90002', 7: 'Newname', 35: 'Employee' } }],
    });
    await house.ingest(changes.name, changes.text);
    expect((await roles(house))['90001']?.active).to.equal(true);
    await ingest(house, 13, 4, people.slice(1));
    expect((await roles(house))['90001']?.period.end).to.equal('2026-11-10');
  });

  it('is a warning where the population is partial', async () => {
    const house = await opened({});
    await ingest(house, 10, 1, people);
    expect(await ingest(house, 11, 2, people.slice(1))).to.include({ state: 'applied', changed: 0 });
    expect((await roles(house))['90001']?.active).to.equal(true);
    const open = () => house.store('rxx').ledger.exceptions({ state: 'open', severity: 'warning' });
    const rules = async () =>
      (await open()).filter(({ rule }) => rule === 'assignment-absent').map(({ record }) => record.id);
    expect(await rules()).to.deep.equal(['501']);
    await ingest(house, 12, 3, people);
    expect(await rules()).to.deep.equal([]);
  });

  it('holds a file that would end too large a share, with the list', async () => {
    const house = await opened({ population: 'complete', removalShareMax: 0.3 });
    await ingest(house, 10, 1, people);
    const report = await ingest(house, 11, 2, people.slice(2));
    expect(report.state).to.equal('held');
    expect(report.reason).to.equal('2 live assignments are not in the file, more than 30 % of them: 501, 502');
    expect(Object.values(await roles(house)).every(({ active }) => active)).to.equal(true);
  });

  it('counts a complete CSV like a full file, and only what that report had before', async () => {
    const house = await opened(
      { removalShareMax: 0.5 },
      { csvProfiles: [{ id: 'staff-in-post', population: 'complete' }] },
    );
    await ingest(house, 10, 1, people);
    await house.ingest('a.csv', table(people.slice(0, 3)), 'rxx');
    house.setTime('2026-11-12T09:00:00.000Z');
    const [report] = await house.ingest('b.csv', table(people.slice(0, 2)), 'rxx');
    expect(report).to.include({ state: 'applied', quarantined: 0, changed: 2 });
    expect((await roles(house))['90003']?.period.end).to.equal('2026-11-10');
    expect((await roles(house))['90004']?.active).to.equal(true);
  });
});
