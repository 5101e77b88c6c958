import { expect } from 'chai';
import { checkDocument } from '../../../server/ingest/own-rules.ts';
import { tenantFrom } from '../../../server/registry/tenant-document.ts';
import { brokenRules, ownerOf, type RuleDocument } from '../../../server/tenancy/rule.ts';
import type { Way } from '../../../server/tenancy/source.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';
import { fileOf } from '../../support/journey-vector.ts';

const person = { PRA: { 2: '1', 3: '20200101', 7: 'Ash', 35: 'Employee' } };
const about = { id: 'r', record: 'person', field: 'email', severity: 'error', message: 'm' } as const;
const breaks = (rule: Partial<RuleDocument>, fields: Readonly<Record<string, string | number | boolean>>) =>
  brokenRules([{ ...about, ...rule }], 'person', fields).length === 1;

describe("A tenant's own rules", () => {
  it('say what a field must be like, one of, or between; a blank one passes unless it is required', () => {
    expect(breaks({ like: '*@nhs.example' }, { email: 'ann@NHS.example' })).to.equal(false);
    expect(breaks({ like: '*@nhs.example' }, { email: 'ann@nhsXexample' })).to.equal(true);
    expect(breaks({ like: 'A9' }, { email: 'x7' })).to.equal(false);
    expect(breaks({ like: 'A9' }, { email: '77' })).to.equal(true);
    expect(breaks({ like: 'A9' }, { email: 'x77' })).to.equal(true);
    expect(breaks({ like: 'A*-9*x' }, { email: 'Ä1--7x' })).to.equal(false);
    expect(breaks({ like: 'A*-9*x' }, { email: 'Ä1-7' })).to.equal(true);
    expect(breaks({ like: 'ab*ba' }, { email: 'aba' })).to.equal(true);
    expect(breaks({ like: '*' }, { email: 'aba' })).to.equal(false);
    expect(breaks({ oneOf: ['Yes', 'No'] }, { email: 'no' })).to.equal(false);
    expect(breaks({ oneOf: ['Yes', 'No'] }, { email: 'maybe' })).to.equal(true);
    expect(breaks({ minimum: 0.1, maximum: 1 }, { email: 0.05 })).to.equal(true);
    expect(breaks({ minimum: 0.1, maximum: 1 }, { email: 1.2 })).to.equal(true);
    expect(breaks({ minimum: 0.1, maximum: 1 }, { email: 1 })).to.equal(false);
    expect(breaks({ oneOf: ['a'] }, {})).to.equal(false);
    expect(breaks({ required: true }, {})).to.equal(true);
  });

  it('are for their record, and for the slices of their condition', () => {
    expect(brokenRules([{ ...about, required: true }], 'assignment', {})).to.deep.equal([]);
    const when = { field: 'title', oneOf: ['Dr.'] };
    expect(breaks({ required: true, when }, { title: 'Dr.' })).to.equal(true);
    expect(breaks({ required: true, when }, { title: 'Ms.' })).to.equal(false);
    expect(breaks({ required: true, when }, {})).to.equal(false);
  });

  it('take no long time over any text', () => {
    const started = Date.now();
    expect(breaks({ like: '*a*a*a*a*b' }, { email: 'a'.repeat(50_000) })).to.equal(true);
    expect(Date.now() - started).to.be.below(1_000);
  });
});

describe("A tenant's document", () => {
  let test: TestHouse;
  const apply = (document: object) => test.house.tenants.apply({ ...trustX, ...document });
  const refused = async (document: object) =>
    await apply(document).then(
      () => 'not refused',
      ({ message }: Error) => message,
    );

  beforeEach(async () => {
    test = await testHouse([trustX], '2026-06-01T09:00:00Z');
  });
  afterEach(() => test.close());

  it('keeps sources, rules and owners as they were said, and refuses what it does not know', async () => {
    const document = {
      sources: [{ feed: 'go2', population: 'complete', absentFullFilesMin: 2, ways: ['drop folder'] }],
      rules: [{ ...about, like: '*@nhs.example' }],
      owners: [{ record: 'location', owner: 'estates' }],
    };
    expect(await apply(document)).to.deep.include(document);
    expect(await apply(document)).to.deep.include(document);
    expect(await refused({ rules: [about] })).to.include('/rules/0');
    const twice = { ...about, required: true };
    expect(await refused({ rules: [twice, twice] })).to.include('r once, not twice');
    expect(await refused({ sources: [{ feed: 'gossip' }] })).to.include('/sources/0/feed');
    expect(await refused({ owners: [{ record: 'location' }] })).to.include('/owners/0');
  });

  it('refuses a rule of a field that records do not have', () => {
    const tenant = (field: string) => tenantFrom({ ...trustX, rules: [{ ...about, field, required: true }] });
    const check = (field: string) => () => checkDocument(test.house.ingest, tenant(field));
    expect(check('email')).not.to.throw();
    expect(check('salary')).to.throw('a rule names person.salary, which records do not have');
  });

  it('gives exceptions to the first owner that fits', () => {
    const owners = [
      { rule: 'own-r', owner: 'hr' },
      { record: 'location', severity: 'warning', owner: 'estates' },
    ] as const;
    const of = (record: string, rule: string, severity: string) =>
      ownerOf(owners, { record, rule, severity }, 'steward');
    expect(of('person', 'own-r', 'error')).to.equal('hr');
    expect(of('location', 'bad-date', 'warning')).to.equal('estates');
    expect(of('location', 'bad-date', 'error')).to.equal('steward');
  });

  it('takes a feed by the ways that it names alone', async () => {
    const { name, text } = fileOf({ kind: 'full', sequence: 1, to: '20260501 000000', rows: [person] });
    const ways: readonly Way[] = ['drop folder', 'upload'];
    await apply({ sources: [{ feed: 'go2', ways }] });
    const [report] = await test.ingest(name, text, 'rxx');
    expect(report).to.deep.include({ state: 'rejected' });
    expect(report?.reason).to.equal(
      'tenant rxx takes files of the feed go2 by drop folder and upload alone, not by test',
    );
    await apply({});
    expect((await test.ingest(name, text, 'rxx'))[0]).to.deep.include({ state: 'applied' });
  });

  it('says by feed what absence from full files means', async () => {
    await apply({ sources: [{ feed: 'go2', population: 'complete' }], settings: { removalShareMax: 1 } });
    const job = { ASA: { 2: '1', 3: '51', 4: '20200101', 10: 'Active Assignment' } };
    const first = fileOf({ kind: 'full', sequence: 1, to: '20260501 000000', rows: [person, job] });
    const second = fileOf({
      kind: 'full',
      sequence: 2,
      from: '20260501 000000',
      to: '20260502 000000',
      rows: [person],
    });
    await test.ingest(first.name, first.text, 'rxx');
    expect((await test.ingest(second.name, second.text, 'rxx'))[0]).to.deep.include({ state: 'applied', changed: 2 });
  });
});
