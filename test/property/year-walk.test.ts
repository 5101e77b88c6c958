import { expect } from 'chai';
import { addDays } from '../../server/core/clock.ts';
import { contentHash } from '../../server/core/hash.ts';
import { comeTrue } from '../../server/ingest/dates.ts';
import { projectionContext } from '../../server/ingest/projector.ts';
import { recordSet } from '../../server/mapping/record-set.ts';
import type { SourceRecord } from '../../server/record/record.ts';
import type { Unit } from '../../server/record/unit.ts';
import type { TenantStore } from '../../server/store/port.ts';
import type { Tenant } from '../../server/tenancy/tenant.ts';
import { firstDay } from '../support/arbitrary-esr.ts';
import { population } from '../support/arbitrary-population.ts';
import { mapping } from '../support/esr-records.ts';
import { upsertRows } from '../support/go2-of-record.ts';
import { testHouse, trustX } from '../support/house-open.ts';
import { fileOf } from '../support/journey-vector.ts';
import { unitsOf } from '../support/record-map.ts';

const days = 366;
/** Three people and five assignments each. */
const groups = process.env['VERIFY'] === '1' ? 150 : 30;

/** Midday in winter and summer alike: the date is the same in London and in UTC. */
const noon = (day: string) => `${day}T12:00:00Z`;

describe('A year of days', () => {
  it(`leaves on each of ${days} days what a projection from scratch gives`, async function () {
    this.timeout(600_000);
    const wanted = population(groups, 20260101);
    const test = await testHouse([trustX], noon(firstDay));
    try {
      const rows = wanted.flatMap((one) => upsertRows(one, '277'));
      const { name, text } = fileOf({ kind: 'full', sequence: 1, to: '20260101 000000', rows });
      const [report] = await test.ingest(name, text, 'rxx');
      expect(report?.state).to.equal('applied');
      const store = test.store('rxx');
      const tenant = await test.house.tenants.get('rxx');
      const stored = await store.records.get(wanted.map(({ type, id }) => ({ type, id })));
      const units = unitsOf(stored, 'RXX');
      let daysWithChanges = 0;
      for (let number = 0; number < days; number += 1) {
        const day = addDays(firstDay, number);
        test.setTime(noon(day));
        daysWithChanges += (await comeTrue(test.house.ingest, 'rxx')).filter(({ changed }) => changed > 0).length;
        expect(await standing(store, units), day).to.deep.equal(fromScratch(tenant, stored, units, day));
      }
      expect(daysWithChanges).to.be.greaterThan(groups);
    } finally {
      await test.close();
    }
  });

  it('catches up with any number of days at once, in order', async () => {
    const wanted = population(4, 7);
    const test = await testHouse([trustX], noon(firstDay));
    try {
      const rows = wanted.flatMap((one) => upsertRows(one, '277'));
      const { name, text } = fileOf({ kind: 'full', sequence: 1, to: '20260101 000000', rows });
      await test.ingest(name, text, 'rxx');
      await comeTrue(test.house.ingest, 'rxx');
      const day = addDays(firstDay, 100);
      test.setTime(noon(day));
      const reports = await comeTrue(test.house.ingest, 'rxx');
      expect(reports.length).to.be.greaterThan(5);
      expect(reports.map((one) => one.day)).to.deep.equal(reports.map((one) => one.day).sort());
      expect(await comeTrue(test.house.ingest, 'rxx')).to.deep.equal([]);
      const store = test.store('rxx');
      const tenant = await test.house.tenants.get('rxx');
      const stored = await store.records.get(wanted.map(({ type, id }) => ({ type, id })));
      const units = unitsOf(stored, 'RXX');
      expect(await standing(store, units)).to.deep.equal(fromScratch(tenant, stored, units, day));
    } finally {
      await test.close();
    }
  });
});

describe('A day', () => {
  it('begins at midnight in London, in summer time too', async () => {
    const test = await testHouse([trustX], '2026-03-28T23:30:00Z');
    const { documents } = test.house.store.system;
    const reached = async (at: string) => {
      test.setTime(at);
      await comeTrue(test.house.ingest, 'rxx');
      return documents.get('dates', 'rxx');
    };
    try {
      expect(await reached('2026-03-28T23:59:59Z')).to.equal('2026-03-28');
      expect(await reached('2026-03-29T00:00:00Z')).to.equal('2026-03-29');
      expect(await reached('2026-03-29T22:59:59Z')).to.equal('2026-03-29');
      expect(await reached('2026-03-29T23:00:00Z')).to.equal('2026-03-30');
      expect(await reached('2026-10-24T23:00:00Z')).to.equal('2026-10-25');
      expect(await reached('2026-10-25T23:59:59Z')).to.equal('2026-10-25');
      expect(await reached('2026-10-26T00:00:00Z')).to.equal('2026-10-26');
    } finally {
      await test.close();
    }
  });
});

/** Hashes of the contents of all live resources, by `Type/id`. */
type Contents = Readonly<Record<string, string>>;

async function standing(store: TenantStore, units: readonly Unit[]): Promise<Contents> {
  const heads = (await store.resources.owned(units)).filter(({ deleted }) => !deleted);
  const counts = Object.values(await store.resources.counts('v1')).reduce((sum, count) => sum + count, 0);
  expect(counts, 'resources that no unit owns').to.equal(heads.length);
  return sorted(heads.map(({ type, id, hash }) => [`${type}/${id}`, hash]));
}

function fromScratch(tenant: Tenant, stored: readonly SourceRecord[], units: readonly Unit[], day: string): Contents {
  const records = recordSet(stored);
  const context = projectionContext(tenant, 'https://esr-fhir.example', day);
  const resources = units.flatMap((unit) => mapping.project(unit, records, context).resources);
  return sorted(resources.map(({ type, id, resource }) => [`${type}/${id}`, contentHash(JSON.stringify(resource))]));
}

function sorted(entries: readonly (readonly [string, string])[]): Contents {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
