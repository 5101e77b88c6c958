import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { noEvents, type Topic } from '../../../server/cli/generator/events.ts';
import { generateTrust, type TrustOptions } from '../../../server/cli/generator/trust.ts';
import { readGo2, TinyServer } from './generator-reader.ts';

const widths: Readonly<Record<string, number>> = {
  ...{ LCA: 22, ORA: 16, POA: 24, PRA: 44, ASA: 51, ETA: 57, LOV: 13 },
  ...{ COA: 16, ABA: 48, CMA: 27, ASD: 2, PRD: 2, ETD: 2, HDR: 7, TRL: 2 },
};

describe('generator', () => {
  const folders: string[] = [];
  const generated = (options: Partial<TrustOptions> = {}) => {
    const out = mkdtempSync(join(tmpdir(), 'generator-'));
    folders.push(out);
    const base = { staff: 300, vpd: '277', ods: 'RXX', seed: 'one', startDate: '2026-11-23', days: 2 };
    const manifest = generateTrust({ ...base, out, ...options });
    const go2 = manifest.files.filter((file) => file.kind !== 'csv');
    const files = go2.map((file) => readGo2(join(out, file.name)));
    return { out, manifest, go2, files };
  };
  const bytesOf = (out: string) => readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'latin1')]);

  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  it('writes the same bytes for the same seed and others for another', () => {
    const options = { broken: 0.02, csv: true };
    const first = bytesOf(generated(options).out);
    expect(bytesOf(generated(options).out)).to.deep.equal(first);
    expect(bytesOf(generated({ ...options, seed: 'two' }).out)).to.not.deep.equal(first);
  });

  it('writes one full file and then the days, sequence and window unbroken up to the start date', () => {
    const { files, manifest } = generated({ days: 3 });
    expect(manifest.files.map((file) => file.name)).to.deep.equal([
      'GO_277_GDW_GOF_20261120_00000001.DAT',
      'GO_277_GDW_GOC_20261121_00000002.DAT',
      'GO_277_GDW_GOC_20261122_00000003.DAT',
      'GO_277_GDW_GOC_20261123_00000004.DAT',
    ]);
    let last = '00000000 000000';
    for (const [index, file] of files.entries()) {
      const [type, name, created, vpd, previous, run, version] = (file.lines[0] ?? '').split('~');
      expect([type, name, vpd, version]).to.deep.equal(['HDR', manifest.files[index]?.name, '277', '01']);
      expect(created).to.match(/^\d{8} \d{6}$/);
      expect(previous).to.equal(last);
      last = run ?? '';
    }
    expect(last).to.equal('20261123 000000');
  });

  it('counts all rows, the header and itself in the trailer', () => {
    const { files, go2 } = generated({ broken: 0.02, crlf: true });
    for (const [index, file] of files.entries()) {
      expect(file.lines.at(-1)).to.equal(`TRL~${file.lines.length}`);
      expect(go2[index]?.rows).to.equal(file.rows);
    }
  });

  it('gives every row the width of its type', () => {
    for (const line of generated().files.flatMap((file) => file.lines)) {
      const fields = line.split('~');
      expect(fields.length, fields[0]).to.equal(widths[fields[0] ?? '']);
    }
  });

  it('writes ISO-8859-1 with accents and ends lines with LF, or CRLF when asked', () => {
    const [full] = generated().go2;
    const { out } = generated({ crlf: true });
    const bytes = readFileSync(join(out, full?.name ?? ''));
    expect(bytes.some((byte) => byte >= 0xc0)).to.equal(true);
    expect(bytes.some((byte) => byte >= 0x80 && byte < 0xa0)).to.equal(false);
    const text = bytes.toString('latin1');
    expect(text.split('\r\n').length).to.equal(text.split('\n').length);
    expect(generated().files[0]?.lines.some((line) => line.includes('"'))).to.equal(true);
  });

  it('names only National Insurance numbers and postcodes that nobody has', () => {
    for (const line of generated().files.flatMap((file) => file.lines)) {
      const fields = line.split('~');
      if (fields[0] === 'PRA') expect(fields[14]).to.match(/^QQ\d{6}[A-D]$/);
      if (fields[0] === 'LCA') expect(fields[10]).to.match(/^ZZ99 /);
    }
  });

  const cases: readonly Partial<TrustOptions>[] = [
    { staff: 1, days: 3 },
    { staff: 9, days: 4, broken: 0.3 },
    { staff: 400, days: 6, broken: 0.03 },
    { staff: 1500, days: 3, broken: 0.01, vpd: '70', ods: 'RYY' },
    { staff: 1500, days: 2, startDate: '2028-02-29', seed: 'leap' },
  ];
  const checkForetold = (options: Partial<TrustOptions>) => {
    const { files, go2, manifest } = generated(options);
    const server = new TinyServer(manifest.startDate);
    for (const [index, file] of files.entries()) {
      const { rows, people, assignments, active_assignments, expect: wanted } = go2[index] ?? expect.fail();
      const { created, changed, removed, quarantined } = wanted;
      const told = { rows, created, changed, removed, quarantined, people, assignments };
      expect(server.ingest(file), `file ${index}`).to.deep.equal({ ...told, active: active_assignments });
    }
  };
  for (const options of cases) {
    it(`foretells the counts that a second reader finds in the files: ${JSON.stringify(options)}`, () => {
      checkForetold(options);
    });
  }

  it('foretells those counts for any seed, size, share of damage and number of days', () => {
    const broken = fc.double({ min: 0, max: 0.5, noNaN: true });
    const day = { min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true };
    const startDate = fc.date(day).map((date) => date.toISOString().slice(0, 10));
    const staff = fc.integer({ min: 1, max: 80 });
    const options = fc.record({ seed: fc.string(), staff, broken, days: fc.nat(4), startDate });
    fc.assert(fc.property(options, checkForetold), { numRuns: 25 });
  });

  it('foretells that a file read twice changes nothing', () => {
    const { files, manifest } = generated({ broken: 0.02 });
    const server = new TinyServer(manifest.startDate);
    for (const file of files) {
      server.ingest(file);
      expect(server.ingest(file)).to.include({ created: 0, changed: 0, removed: 0 });
    }
  });

  it('raises no domain events for the baseline, and in the days every kind of them', () => {
    const { manifest } = generated({ staff: 2000, days: 4, broken: 0.01 });
    const [full, ...days] = manifest.files.map((file) => file.expect);
    for (const topic of Object.keys(noEvents()) as Topic[]) {
      const wanted = topic === 'file-ingested' ? 1 : topic === 'exception-raised' ? full?.quarantined : 0;
      expect(full?.events[topic], topic).to.equal(wanted);
      expect(
        days.reduce((sum, day) => sum + day.events[topic], 0),
        topic,
      ).to.be.greaterThan(0);
    }
  });

  it('damages about the share of rows that it is asked for, in the header and trailer none', () => {
    const { go2, files } = generated({ staff: 2000, days: 1, broken: 0.05 });
    const [full] = go2;
    const kept = files[0]?.lines.filter((line) => /^(LC|OR|PO|PR|AS|ET)A/.test(line)).length ?? 0;
    expect((full?.expect.quarantined ?? 0) / kept).to.be.within(0.04, 0.13);
  });

  it('lists a CSV of the roles in post after the GO2 files when asked', () => {
    const { out, manifest } = generated({ csv: true });
    const csv = manifest.files.at(-1);
    const lines = readFileSync(join(out, csv?.name ?? ''), 'utf8')
      .trimEnd()
      .split('\n');
    expect(csv?.kind).to.equal('csv');
    expect(lines.length - 1)
      .to.equal(csv?.active_assignments)
      .and.equal(csv?.rows);
    expect(lines[0]).to.match(/^"VPD","Person ID",/);
  });

  it('refuses options that make no trust', () => {
    for (const wrong of [
      { staff: 0 },
      { vpd: 'x' },
      { ods: 'r' },
      { days: -1 },
      { broken: 0.9 },
      { startDate: 'now' },
    ]) {
      expect(() => generated(wrong)).to.throw(/ is /);
    }
  });
});
