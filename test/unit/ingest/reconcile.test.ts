import { expect } from 'chai';
import { reconcile } from '../../../server/ingest/steward/reconcile.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';
import { fileOf, type VectorFile } from '../../support/journey-vector.ts';

type Row = VectorFile['rows'][number];

const open = '47121231';
const department = (id: string, name: string): Row => ({
  ORA: { 2: id, 3: `277 5 ${name}`, 5: '20000101', 6: open },
});
const person = (id: string): Row => ({ PRA: { 2: id, 3: '20200101', 4: open, 7: `Name${id}`, 35: 'Employee' } });
const role = (id: string, personId: string, where: string, fte: string, more: Record<string, string> = {}): Row => ({
  ASA: { 2: personId, 3: id, 4: '20200101', 5: open, 8: '7', 10: 'Active Assignment', 26: fte, 28: where, ...more },
});

describe('Reconciliation', () => {
  let test: TestHouse;

  beforeEach(async () => {
    test = await testHouse([trustX], '2026-06-01T09:00:00Z');
  });
  afterEach(() => test.close());

  async function file(kind: 'full' | 'changes', sequence: number, rows: readonly Row[], vpd = '277') {
    test.setTime(`2026-06-01T09:0${sequence}:00Z`);
    const day = (number: number) => `202605${String(number).padStart(2, '0')} 000000`;
    const from = sequence === 1 ? {} : { from: day(sequence - 1) };
    const { name, text } = fileOf({ kind, sequence, ...from, to: day(sequence), rows, vpd });
    await test.ingest(name, text, 'rxx');
  }
  const run = async () =>
    reconcile({
      parts: test.house.ingest,
      tenant: await test.house.tenants.get('rxx'),
      store: test.store('rxx'),
    });

  it('finds nothing to explain right after a sound full file', async () => {
    const people = ['1', '2', '3'];
    await file('full', 1, [
      department('D1', 'Surgery'),
      department('D2', 'Theatre'),
      ...people.map(person),
      role('51', '1', 'D1', '1'),
      role('52', '2', 'D1', '.5'),
      role('53', '2', 'D1', '.25'),
      role('54', '3', 'D2', '.8'),
    ]);
    const { departments, totals, on } = await run();
    expect(on).to.equal('2026-06-01');
    expect(totals).to.deep.equal({ file: { headcount: 3, fte: 2.55 }, store: { headcount: 3, fte: 2.55 } });
    expect(
      departments.map(({ name, file: stated, store, differences }) => ({ name, stated, store, differences })),
    ).to.deep.equal([
      {
        name: 'Surgery',
        stated: { headcount: 2, fte: 1.75 },
        store: { headcount: 2, fte: 1.75 },
        differences: [],
      },
      { name: 'Theatre', stated: { headcount: 1, fte: 0.8 }, store: { headcount: 1, fte: 0.8 }, differences: [] },
    ]);
  });

  it('is held against a file that lists staff, not against a report of positions or of those who come and go', async () => {
    await file('full', 1, [department('D1', 'Surgery'), person('1'), role('51', '1', 'D1', '1')]);
    test.setTime('2026-06-01T09:05:00Z');
    const positions = 'Position ID,Position Number,Position Title,Budgeted FTE\nP1,100,Nurse,1\n';
    const movers = 'Employee Number,Last Name,First Name,Assignment Number,Start Date\n9,Elm,Ann,9,01/05/2026\n';
    for (const [name, text] of Object.entries({ 'positions.csv': positions, 'movers.csv': movers })) {
      const [report] = await test.ingest(name, text, 'rxx');
      expect(report, report?.reason ?? name).to.deep.include({ state: 'applied', quarantined: 0 });
    }
    const { file: held } = await run();
    expect(held.name).to.match(/GOF/);
  });

  it('explains every difference: quarantined, parked, removed, ended, changed and added since, kept from before', async () => {
    await file('full', 1, [
      department('D1', 'Surgery'),
      ...['1', '2', '3', '4', '5', '8'].map(person),
      role('58', '8', 'D1', '1'),
    ]);
    await file('full', 2, [
      ...['1', '2', '3', '4', '5'].map(person),
      role('50', '9', 'D1', '.1'),
      role('51', '1', 'D1', '1'),
      role('52', '2', 'D9', '.5'),
      role('53', '3', 'D1', '1'),
      role('54', '4', 'D1', '1'),
      role('55', '5', 'D1', '1'),
    ]);
    await file('changes', 3, [
      { ASD: { 2: '53' } },
      role('54', '4', 'D1', '1', { 49: '20260501' }),
      role('55', '5', 'D1', '.6'),
      person('6'),
      role('56', '6', 'D1', '1'),
    ]);
    const { departments, totals } = await run();
    const differences = departments.flatMap((one) => one.differences);
    expect(
      differences.map(({ record, why, by }) => `${record} ${why}${by === undefined ? '' : ' by 3'}`).sort(),
    ).to.deep.equal([
      'assignment/50 quarantined',
      'assignment/52 parked',
      'assignment/53 removed-since',
      'assignment/54 ended-since by 3',
      'assignment/55 changed-since by 3',
      'assignment/56 added-since by 3',
      'assignment/58 kept-from-before',
    ]);
    expect(totals).to.deep.equal({ file: { headcount: 6, fte: 4.6 }, store: { headcount: 5, fte: 4.1 } });
  });

  it('says of staff of the tenant’s other VPD that its files state them, not that the full file forgot them', async () => {
    await test.close();
    test = await testHouse([{ ...trustX, vpds: ['277', '431'] }], '2026-06-01T09:00:00Z');
    await file('full', 1, [department('D1', 'Surgery'), person('1'), role('51', '1', 'D1', '1')]);
    await file('full', 1, [department('E1', 'Estates'), person('7'), role('57', '7', 'E1', '.5')], '431');
    test.setTime('2026-06-01T09:04:00Z');
    const { file: held, departments } = await run();
    const differences = departments.flatMap((one) => one.differences);
    expect(held.name).to.match(/^GO_431_/);
    expect(differences).to.have.length(1);
    expect(differences[0]).to.deep.include({ record: 'assignment/51', why: 'other-vpd' });
    expect(differences[0]?.by).to.match(/^GO_277_/);
    expect(differences[0]?.message).to.match(/another VPD/);
  });

  it('says so where there is no full file', async () => {
    let message = '';
    await run().catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.match(/no applied full file/);
  });
});
