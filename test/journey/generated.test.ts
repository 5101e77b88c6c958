import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FileManifest, Manifest } from '../../server/cli/generator/manifest.ts';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import { present } from '../../server/core/assert.ts';
import type { FileReport } from '../../server/ingest/parts.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { houseState, liveResources } from '../support/house-state.ts';
import { onEmbeddedStore } from '../support/store-under-test.ts';

const verify = process.env['VERIFY'] === '1';
const slowMs = verify ? 600_000 : 120_000;
const startDate = '2026-04-01';

/** `broken` puts in faults; the larger form runs where `VERIFY` is set. */
const trusts = [
  { staff: verify ? 10_000 : onEmbeddedStore ? 2_000 : 200, days: 4, seed: '7', broken: 0.01, csv: false },
  { staff: onEmbeddedStore ? 300 : 100, days: 6, seed: 'faulty', broken: 0.2, csv: true },
] as const;

for (const trust of trusts) {
  describe(`A generated trust of ${trust.staff} staff`, () => {
    const out = mkdtempSync(join(tmpdir(), 'esr-fhir-generated-'));
    let manifest: Manifest;
    let house: TestHouse;
    const bytes = (name: string) => readFileSync(join(out, name));

    before(async function () {
      this.timeout(slowMs);
      manifest = generateTrust({ ...trust, vpd: '277', ods: 'RXX', out, startDate });
      house = await testHouse([trustX], `${startDate}T09:00:00.000Z`);
    });
    after(async () => {
      await house.close();
      rmSync(out, { recursive: true, force: true });
    });

    it('comes out as its manifest says after every file, which changes nothing when it comes again', async () => {
      for (const file of manifest.files) {
        const reports = await house.ingest(file.name, bytes(file.name), 'rxx');
        expect(reports.map(counted), file.name).to.deep.equal([foretold(file)]);
        expect(await held(house), file.name).to.deep.equal({
          people: file.people,
          assignments: file.assignments,
          active: file.active_assignments,
        });
        await checkKnown(house, file, bytes(file.name));
      }
    }).timeout(slowMs);

    it('writes nothing when the full file is issued again, with a new header and its rows shuffled', async () => {
      const other = await testHouse([trustX], `${startDate}T09:00:00.000Z`);
      try {
        const full = present(manifest.files[0], 'the full file');
        await other.ingest(full.name, bytes(full.name), 'rxx');
        const before = await houseState(other.store('rxx'));
        const [report] = await other.ingest('again.DAT', issuedAgain(bytes(full.name).toString('latin1')), 'rxx');
        const { quarantined } = full.expect;
        expect(report).to.deep.include({ state: 'applied', rows: full.rows, quarantined });
        expect(report).to.deep.include({ created: 0, changed: 0, removed: 0 });
        const { versions, records } = await houseState(other.store('rxx'));
        expect(records).to.deep.equal(before.records);
        expect(Object.keys(versions)).to.deep.equal(Object.keys(before.versions));
      } finally {
        await other.close();
      }
    }).timeout(slowMs);

    if (trust.staff > 1_000 && !verify) return;

    it('ends the same where the days come in the wrong order: they are held, and apply in their own', async () => {
      const inSequence = manifest.files.filter(({ kind }) => kind !== 'csv');
      const last = present(inSequence.at(-1), 'the last file').name;
      const other = await testHouse([trustX], `${startDate}T09:00:00.000Z`);
      try {
        const [full, ...days] = inSequence;
        const { name } = present(full, 'the full file');
        await other.ingest(name, bytes(name), 'rxx');
        const [first, ...late] = days;
        for (const day of [...late].reverse()) {
          const reports = await other.ingest(day.name, bytes(day.name), 'rxx');
          expect(
            reports.map(({ state }) => state),
            day.name,
          ).to.deep.equal(['held']);
        }
        const { name: gap } = present(first, 'the first day');
        const reports = await other.ingest(gap, bytes(gap), 'rxx');
        expect(reports.map(counted)).to.deep.equal(days.map(foretold));
        expect(reports.at(-1)?.name).to.equal(last);
        expect(await held(other)).to.deep.equal(await held(house));
      } finally {
        await other.close();
      }
    }).timeout(slowMs);
  });
}

function counted({ state, rows, created, changed, removed, quarantined }: FileReport) {
  return { state, rows, created, changed, removed, quarantined };
}

function foretold({ rows, expect: { created, changed, removed, quarantined } }: FileManifest) {
  return { state: 'applied', rows, created, changed, removed, quarantined };
}

async function held(house: TestHouse) {
  const store = house.store('rxx');
  const roles = await liveResources(store, 'PractitionerRole');
  const people = (await liveResources(store, 'Practitioner')).size;
  return { people, assignments: roles.size, active: [...roles.values()].filter((role) => role['active']).length };
}

/** The same bytes: said so, and no batch is written. */
async function checkKnown(house: TestHouse, { name, rows }: FileManifest, bytes: Uint8Array): Promise<void> {
  const before = await house.store('rxx').head();
  const [again] = await house.ingest(`copy of ${name}`, bytes, 'rxx');
  expect(again?.reason).to.match(/^these bytes were applied already/);
  expect(again).to.deep.include({ state: 'applied', rows, created: 0, changed: 0, removed: 0, unchanged: rows });
  expect(await house.store('rxx').head(), name).to.deep.equal(before);
}

/** Another sequence number and window, the rows in reverse: row order means nothing. */
function issuedAgain(text: string): string {
  const lines = text.trimEnd().split('\n');
  const [type, name = '', created, vpd, , run = '', version] = present(lines[0], 'header').split('~');
  const next = name.replace(/_\d{8}\.DAT$/, '_00000002.DAT');
  const header = [type, next, created, vpd, run, run, version].join('~');
  return [header, ...lines.slice(1, -1).reverse(), lines.at(-1), ''].join('\n');
}
