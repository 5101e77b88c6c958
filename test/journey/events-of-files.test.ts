import { expect } from 'chai';
import { auditEntry } from '../../server/audit/row.ts';
import { present } from '../../server/core/assert.ts';
import { discardFile } from '../../server/ingest/steward/file-decision.ts';
import { baseline, fileOfStep } from '../support/event-vector.ts';
import { eventsOf } from '../support/house-events.ts';
import { type TestHouse, testHouse, trustX, trustY } from '../support/house-open.ts';
import { fileOf, type VectorFile } from '../support/journey-vector.ts';

describe('Events of files', () => {
  let house: TestHouse;

  const opened = async (settings: object = {}) => {
    house = await testHouse([{ ...trustX, settings }, trustY], '2026-04-01T09:00:00.000Z');
  };
  const bring = async (file: VectorFile) => {
    const { name, text } = fileOf(file);
    const [report] = await house.ingest(name, text, 'rxx');
    return present(report, 'report');
  };
  /** Topic, state or rule, and record of every event of a file, in order. */
  const told = async (file: string | null) => {
    const events = await eventsOf(house.store('rxx'));
    return events
      .filter(({ data }) => data.correlationId === file)
      .map(({ type, data }) => [type, data['state'] ?? data['rule'], data['record']].filter((one) => one).join(' '));
  };
  const later = (sequence: number, rows: readonly string[]) =>
    fileOfStep('2026-04-02', rows, { sequence: sequence - 1, to: baseline.file.to });

  afterEach(() => house.close());

  it('tell nothing of a baseline but that it came and what is wrong with it', async () => {
    await opened();
    const rows = [...baseline.file.rows, { PRA: { '2': '1009', '3': '20200101' } }];
    const { id } = await bring({ ...baseline.file, rows });
    expect(await told(id)).to.deep.equal(['exception-raised missing-field person/1009', 'file-ingested applied']);
    expect(await bring({ ...baseline.file, rows })).to.include({ id });
    expect(await told(id), 'the same bytes again').to.have.length(2);
  });

  it('tell nothing of the first full file of another VPD, and everything of its second', async () => {
    house = await testHouse([{ ...trustX, vpds: ['277', '278'] }, trustY], '2026-04-01T09:00:00.000Z');
    await bring(baseline.file);
    const rows = JSON.parse(JSON.stringify(baseline.file.rows).replace(/"([12]0\d\d)"/g, '"9$1"'));
    const { id, state } = await bring({ ...baseline.file, rows, vpd: '278' });
    expect([state, ...(await told(id))]).to.deep.equal(['applied', 'file-ingested applied']);
    const starter = JSON.parse(JSON.stringify(rows).replace(/"9([12]0\d\d)"/g, '"8$1"'));
    const next = { sequence: 2, from: baseline.file.to, to: '20260401 230000' };
    const second = await bring({ ...baseline.file, ...next, rows: [...rows, ...starter], vpd: '278' });
    expect(await told(second.id)).to.include('starter-created assignment/82001');
  });

  it('tell everything of a first full file where the tenant wants that, parents before those who show them', async () => {
    await opened({ firstFullFileIsBaseline: false });
    const { id } = await bring(baseline.file);
    const events = await told(id);
    expect(events.slice(0, 6)).to.deep.equal([
      ...['starter-created assignment/2001', 'starter-effective assignment/2001'],
      ...['starter-created assignment/2011', 'starter-effective assignment/2011', 'assignment-changed assignment/2012'],
      ...['starter-created assignment/2021'],
    ]);
    expect(events.slice(6)).to.deep.equal([
      ...['starter-created assignment/2031', 'starter-effective assignment/2031'],
      ...['leaver-confirmed assignment/2031', 'leaver-effective assignment/2031', 'file-ingested applied'],
    ]);
  });

  it('tell once that a file is held, and that it was given up without the words of who did it', async () => {
    await opened();
    await bring(baseline.file);
    const { id, state } = await bring(later(5, ['ada']));
    expect(state).to.equal('held');
    const file = present(id, 'id');
    expect(await told(file)).to.deep.equal(['exception-raised file-held']);
    const tenant = present((await house.house.tenants.list())[0], 'tenant');
    const stewardship = { parts: house.house.ingest, tenant, store: house.store('rxx') };
    await discardFile(stewardship, file, { actor: 'operator:test', reason: 'sent by mistake' });
    expect(await told(file)).to.deep.equal(['exception-raised file-held', 'file-ingested discarded']);
    expect(JSON.stringify(await eventsOf(house.store('rxx')))).not.to.include('mistake');
  });

  it('tell that a file was rejected, and that somebody must look at it', async () => {
    await opened();
    await bring(baseline.file);
    const wrong = await bring({ ...later(2, ['ada']), trailer: 'TRL~99' });
    const other = await bring({ ...later(2, ['ada']), vpd: '431' });
    for (const { id, state } of [wrong, other]) {
      expect(state).to.equal('rejected');
      expect(await told(id)).to.deep.equal(['file-ingested rejected', 'exception-raised file-rejected']);
    }
  });

  it('tell of held files that the gap’s end or a full file settles', async () => {
    await opened();
    await bring(baseline.file);
    const { id: third } = await bring(fileOfStep('2026-04-03', ['ben'], { sequence: 2, to: '20260402 000000' }));
    await bring(later(2, ['ada']));
    expect(await told(third)).to.deep.equal(['exception-raised file-held', 'file-ingested applied']);
    const { id: fifth } = await bring(fileOfStep('2026-04-05', ['ben'], { sequence: 4, to: '20260404 000000' }));
    await bring({ ...baseline.file, sequence: 6, from: '20260401 000000', to: '20260406 000000' });
    expect(await told(fifth)).to.deep.equal(['exception-raised file-held', 'file-ingested superseded']);
  });

  it('share their correlation id with the audit of the file', async () => {
    await opened();
    const { id } = await bring(baseline.file);
    const audits = await house.store('rxx').outbox.audits(9);
    const ids = audits.map(({ row }) => auditEntry(row)).map((entry) => [entry.interaction, entry.correlationId]);
    expect(ids).to.deep.equal([['file-applied', id]]);
  });
});
