import { expect } from 'chai';
import { resumeFiles } from '../../../server/ingest/run.ts';
import type { Stewardship } from '../../../server/ingest/steward/decision.ts';
import { discardException, releaseException } from '../../../server/ingest/steward/exception-decision.ts';
import { exceptionView, maskedRow } from '../../../server/ingest/steward/exception-view.ts';
import { discardFile, releaseFile } from '../../../server/ingest/steward/file-decision.ts';
import { previewFile } from '../../../server/ingest/steward/preview.ts';
import type { ExceptionRow } from '../../../server/store/port.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';
import { houseState, liveResources } from '../../support/house-state.ts';
import { fileOf, type VectorFile } from '../../support/journey-vector.ts';
import { rejection } from '../../support/rejection.ts';

type Row = VectorFile['rows'][number];

const person = (id: string, lastName: string): Row => ({
  PRA: { 2: id, 3: '20200101', 4: '47121231', 7: lastName, 8: 'Ann', 35: 'Employee' },
});
const slice = (id: string, personId: string, start: string, end: string, more: Record<string, string> = {}): Row => ({
  ASA: { 2: personId, 3: id, 4: start, 5: end, 8: '70001', 10: 'Active Assignment', ...more },
});
const open = '47121231';
const decision = { actor: 'operator:test', reason: 'checked with the trust' };

describe('Stewardship', () => {
  let test: TestHouse;
  let stewardship: Stewardship;
  let sequence: number;

  beforeEach(async () => {
    test = await testHouse([trustX], '2026-06-01T09:00:00Z');
    const tenant = await test.house.tenants.get('rxx');
    stewardship = { parts: test.house.ingest, tenant, store: test.store('rxx') };
    sequence = 0;
  });
  afterEach(() => test.close());

  const day = (number: number) => `202605${String(number).padStart(2, '0')} 000000`;
  async function file(rows: readonly Row[], skip = 0) {
    sequence += 1 + skip;
    const from = sequence === 1 ? {} : { from: day(sequence - 1) };
    const kind = sequence === 1 ? 'full' : 'changes';
    const { name, text } = fileOf({ kind, sequence, ...from, to: day(sequence), rows });
    return (await test.ingest(name, text, 'rxx'))[0];
  }
  const exceptions = (filter: object = { state: 'open', severity: 'error' }) =>
    stewardship.store.ledger.exceptions(filter);
  const roles = () => liveResources(stewardship.store, 'PractitionerRole');
  const audited = async (interaction: string) => {
    const rows = (await stewardship.store.outbox.audits(100)).map(({ row }) => JSON.parse(row));
    return rows.filter((row) => row.i === interaction);
  };

  it('has a contradiction resolved by discarding the wrong row and releasing the other', async () => {
    await file([
      person('1', 'Ash'),
      slice('51', '1', '20200101', open, { 26: '1' }),
      slice('51', '1', '20200101', open, { 26: '.5' }),
    ]);
    const [first, second] = (await exceptions()) as [ExceptionRow, ExceptionRow];
    const refused = await releaseException(stewardship, first.id, decision);
    expect(refused).to.deep.include({ released: false });
    expect(refused.released ? [] : refused.why.map(({ rule }) => rule)).to.deep.equal([
      'duplicate-slice',
      'duplicate-slice',
    ]);
    expect(await audited('exception-release')).to.deep.equal([]);
    await discardException(stewardship, second.id, { ...decision, reason: 'half time is wrong' });
    expect(await releaseException(stewardship, first.id, decision)).to.deep.equal({
      released: true,
      exceptions: [first.id],
    });
    await resumeFiles(stewardship.parts, 'rxx');
    expect([...(await roles()).values()].map(({ id }) => id)).to.have.lengthOf(1);
    expect((await stewardship.store.ledger.exception(first.id))?.state).to.equal('released');
    expect((await stewardship.store.ledger.exception(second.id))?.state).to.equal('discarded');
    expect(await audited('exception-discard')).to.have.lengthOf(1);
    const [row] = await audited('exception-release');
    expect(row).to.include({ k: 'admin', c: 'operator:test', d: first.id, r: decision.reason });
  });

  it('releases a person together with the rows that wait for them', async () => {
    await file([
      person('1', 'Ash'),
      { PRA: { 2: '2', 3: '20200101', 4: open, 7: 'Birch', 35: 'Employee' } },
      { PRA: { 2: '2', 3: '20200101', 4: open, 7: 'Byrne', 35: 'Employee' } },
      slice('52', '2', '20200101', open),
    ]);
    const rows = await exceptions();
    expect(rows.map(({ rule }) => rule)).to.deep.equal(['duplicate-slice', 'duplicate-slice', 'person-missing']);
    const [wrong, right, waiting] = rows as [ExceptionRow, ExceptionRow, ExceptionRow];
    await discardException(stewardship, wrong.id, decision);
    await releaseException(stewardship, right.id, decision);
    await resumeFiles(stewardship.parts, 'rxx');
    expect((await roles()).size).to.equal(1);
    expect((await stewardship.store.ledger.exception(waiting.id))?.state).to.equal('closed');
    expect(await exceptions()).to.deep.equal([]);
    // The row that was discarded stays quarantined; the ledger balances.
    const [ledger] = await stewardship.store.ledger.files();
    expect(ledger).to.include({ rows: 4, quarantined: 1, applied: 3, unchanged: 0 });
  });

  it('releases a row of version 1 as that feed’s word, not as GO2’s', async () => {
    const name = 'GO_277_ASG_20260501_Full_00000001.DAT';
    const person = '"PER",1,"9001","","Ash","Ann","","","Female",19700102,"QQ000001A",20200406,,"No"';
    const job = '"ASG",51,"9001",20200406,,"Active Assignment","C","277 Monthly","Calendar Month"';
    const rows = [person, person.replace('Ash', 'Elm'), job];
    await test.ingest(name, [`"HDR","${name}"`, ...rows, `"FTR","${name}",3`, ''].join('\r\n'), 'rxx');
    const [first, second] = (await exceptions()) as [ExceptionRow, ExceptionRow];
    await discardException(stewardship, second.id, decision);
    expect(await releaseException(stewardship, first.id, decision)).to.deep.include({ released: true });
    const [record] = await stewardship.store.records.get([{ type: 'person', id: '1' }]);
    expect(record?.layers?.statements?.map(({ feed, precedence }) => [feed, precedence])).to.deep.equal([['go1', 10]]);
  });

  it('refuses what is not open, not a row, or not there', async () => {
    await file([person('1', 'Ash'), slice('51', '9', '20200101', open)]);
    const [row] = await exceptions();
    const id = row?.id ?? '';
    expect(await releaseException(stewardship, id, decision)).to.deep.include({ released: false });
    await discardException(stewardship, id, decision);
    expect((await rejection(releaseException(stewardship, id, decision))).message).to.match(/discarded already/);
    expect((await rejection(discardException(stewardship, 'x', decision))).message).to.match(/no exception/);
  });

  it('counts a row that releases itself as applied in the file that brought it', async () => {
    await file([person('1', 'Ash'), slice('51', '2', '20200101', open)]);
    expect((await stewardship.store.ledger.files())[0]).to.include({ rows: 2, quarantined: 1, applied: 1 });
    await file([person('2', 'Birch')]);
    const ledger = await stewardship.store.ledger.files();
    expect(ledger.map(({ rows, quarantined, applied }) => [rows, quarantined, applied])).to.deep.equal([
      [1, 0, 1],
      [2, 0, 2],
    ]);
    expect(await exceptions()).to.deep.equal([]);
  });

  it('closes an exception by itself when a later file brings good rows of the record', async () => {
    await file([person('1', 'Ash'), slice('51', '1', '20200101', '20190101')]);
    const [bad] = await exceptions();
    expect(bad?.rule).to.equal('end-before-start');
    await file([slice('51', '1', '20200101', open)]);
    expect((await stewardship.store.ledger.exception(bad?.id ?? ''))?.state).to.equal('closed');
    expect((await roles()).size).to.equal(1);
  });

  it('shows a row with personal fields masked, and one that could not be read by its shape', async () => {
    await file([
      person('1', "O'Neil"),
      person('1', 'Òther'),
      { ASA: { 2: '1', 3: '51', 4: '20200101', 5: '2O260101', 8: '70001' } },
    ]);
    const [twin, , unread] = (await exceptions()) as [ExceptionRow, ExceptionRow, ExceptionRow];
    const row = await maskedRow(stewardship, twin);
    expect(row).to.deep.include({ action: 'upsert', start: '2020-01-01' });
    expect(row?.fields['lastName']).to.equal("X'Xxxx");
    expect(JSON.stringify(exceptionView({}, twin))).to.not.include('Neil');
    const cells = (await maskedRow(stewardship, unread))?.cells;
    expect(cells?.slice(0, 5)).to.deep.equal(['ASA', '9', '99', '99999999', '9X999999']);
  });

  it('previews a held file without writing anything, and release then does what it said', async () => {
    await file([person('1', 'Ash'), slice('51', '1', '20200101', open), person('2', 'Birch')]);
    await file(
      [
        person('1', 'Elm'),
        slice('51', '1', '20200101', open),
        person('3', 'Fir'),
        slice('53', '3', '20200101', open),
        slice('54', '9', '20200101', open),
      ],
      1,
    );
    const [held] = await stewardship.store.ledger.files();
    const id = held?.id ?? '';
    expect(held?.state).to.equal('held');
    const before = await houseState(stewardship.store);
    const preview = await previewFile(stewardship, id);
    expect(await houseState(stewardship.store)).to.deep.equal(before);
    const examples = preview.examples.map(({ change, resource, elements }) => {
      return [change, resource.split('/')[0], ...elements].join(' ');
    });
    expect(examples).to.deep.equal(['created Practitioner', 'created PractitionerRole', 'changed Practitioner name']);
    await releaseFile(stewardship, id, decision);
    await resumeFiles(stewardship.parts, 'rxx');
    const applied = await stewardship.store.ledger.file(id);
    const { created, changed, removed, quarantined, rows } = preview;
    expect(applied).to.include({ state: 'applied', created, changed, removed, quarantined, rows });
    expect(await audited('file-release')).to.have.lengthOf(1);
    expect((await rejection(previewFile(stewardship, id))).message).to.match(/applied, not held/);
  });

  it('discards a held file for good, saying why on the ledger', async () => {
    await file([person('1', 'Ash')]);
    await file([person('1', 'Elm')], 1);
    const [held] = await stewardship.store.ledger.files();
    await discardFile(stewardship, held?.id ?? '', decision);
    expect(await stewardship.store.ledger.file(held?.id ?? '')).to.include({
      state: 'discarded',
      reason: 'discarded: checked with the trust',
    });
    sequence = 1;
    expect((await file([person('1', 'Fir')]))?.state).to.equal('applied');
    expect((await stewardship.store.ledger.file(held?.id ?? ''))?.state).to.equal('discarded');
  });
});
