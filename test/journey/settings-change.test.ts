import { expect } from 'chai';
import { resumeFiles } from '../../server/ingest/run.ts';
import { eventsOf } from '../support/house-events.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { fileOf } from '../support/journey-vector.ts';

const role = { 2: '1001', 3: '5001', 4: '20200101', 5: '47121231', 8: '70001', 10: 'Acting Up' };
const person = { 2: '1001', 3: '20200101', 4: '47121231', 7: 'Owens', 8: 'Ann', 15: '19800102', 35: 'Employee' };
const file = (sequence: number) =>
  fileOf({ kind: 'full', sequence, vpd: '277', to: '20260301 000000', rows: [{ PRA: person }, { ASA: role }] });

describe("A change of a tenant's settings", () => {
  let house: TestHouse;

  beforeEach(async () => {
    house = await testHouse([trustX], '2026-03-02T09:00:00.000Z');
    const { name, text } = file(1);
    await house.ingest(name, text, 'rxx');
  });
  afterEach(() => house.close());

  const roles = async () => {
    const page = await house.store('rxx').resources.search({
      ...{ contract: 'v1', type: 'PractitionerRole', where: { is: 'all' }, count: 10, total: false },
      sort: { by: 'sequence', descending: false },
    });
    return page.matches.map(({ body, version }) => ({
      version,
      ...(JSON.parse(body.toString()) as { active: boolean }),
    }));
  };
  const set = (settings: object) => house.house.tenants.apply({ ...trustX, settings });

  it('reaches what is published already, without events, and says that settings were the cause', async () => {
    expect((await roles()).map(({ active }) => active)).to.deep.equal([true]);
    const before = (await eventsOf(house.store('rxx'))).length;
    await set({ workingStatuses: ['Active Assignment'] });
    await resumeFiles(house.house.ingest, 'rxx');
    expect((await roles()).map(({ active, version }) => [active, version])).to.deep.equal([[false, 2]]);
    expect(await eventsOf(house.store('rxx'))).to.have.length(before);
    expect(await house.store('rxx').records.work(9)).to.deep.equal([]);
  });

  it('is published before the next file, whose counts are its own', async () => {
    await set({ workingStatuses: ['Active Assignment'] });
    const { name, text } = file(2);
    const [report] = await house.ingest(name, text, 'rxx');
    expect(report).to.include({ state: 'applied', changed: 0, created: 0 });
    expect((await roles()).map(({ active }) => active)).to.deep.equal([false]);
  });

  it('writes nothing where nothing looks otherwise', async () => {
    const { sequence } = await house.store('rxx').head();
    await set({ workingStatuses: ['Acting Up'] });
    await resumeFiles(house.house.ingest, 'rxx');
    expect((await roles()).map(({ version }) => version)).to.deep.equal([1]);
    await resumeFiles(house.house.ingest, 'rxx');
    expect((await house.store('rxx').head()).sequence).to.be.above(sequence);
  });
});
