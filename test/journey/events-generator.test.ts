import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { noEvents, type Topic } from '../../server/cli/generator/events.ts';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import { eventsOf } from '../support/house-events.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';

/** The generator tells the events of its files from meaning.md alone: a second reading of that page. */
describe('Events of generated files', () => {
  const staff = process.env['VERIFY'] === undefined ? 300 : 4_000;
  const seeds = process.env['VERIFY'] === undefined ? ['events'] : ['events', 'more', 'again'];
  const folders: string[] = [];
  let house: TestHouse | undefined;

  afterEach(() => house?.close());
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  for (const seed of seeds) {
    it(`are those that the manifest counts, topic by topic, for a full file and ten days of changes (${seed})`, async () => {
      const out = mkdtempSync(join(tmpdir(), 'esr-fhir-events-'));
      folders.push(out);
      const total = noEvents();
      const base = { staff, vpd: '277', ods: 'RXX', startDate: '2026-11-23', days: 10, broken: 0.005 };
      const { files } = generateTrust({ ...base, seed, out });
      house = await testHouse([trustX], '2026-11-23T09:00:00.000Z');
      for (const { name, expect: expected } of files) {
        const [report] = await house.ingest(name, readFileSync(join(out, name)), 'rxx');
        expect(report?.state, name).to.equal('applied');
        const counts = noEvents();
        for (const { type, data } of await eventsOf(house.store('rxx'))) {
          if (data.correlationId === report?.id) counts[type] += 1;
        }
        expect(counts, name).to.deep.equal(expected.events);
        for (const topic of Object.keys(total) as Topic[]) total[topic] += counts[topic];
      }
      expect(
        Object.values(total).every((count) => count > 0),
        'every topic is raised',
      ).to.equal(true);
    }).timeout(120_000);
  }
});
