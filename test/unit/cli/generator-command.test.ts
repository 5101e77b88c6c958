import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { generateCommand } from '../../../server/cli/generate.ts';
import { noEvents } from '../../../server/cli/generator/events.ts';

describe('generate command', () => {
  let out = '';
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), 'generate-'));
  });
  afterEach(() => rmSync(out, { recursive: true }));

  const run = (...more: readonly string[]) => {
    const printed: string[] = [];
    const { write } = process.stdout;
    process.stdout.write = (text) => printed.push(String(text)) > 0;
    try {
      const command = generateCommand()
        .exitOverride()
        .configureOutput({ writeErr: () => {} });
      command.parse(['--staff', '20', '--vpd', '277', '--ods', 'RXX', '--out', out, ...more], { from: 'user' });
    } finally {
      process.stdout.write = write;
    }
    return printed.join('');
  };

  it('prints the path of a manifest of the promised shape', () => {
    const { manifest: path } = JSON.parse(run('--json', '--days', '2', '--start-date', '2026-11-23'));
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    expect(manifest).to.include({ vpd: '277', ods: 'RXX', startDate: '2026-11-23' });
    expect(manifest.files).to.have.length(3);
    for (const file of manifest.files) {
      expect(file).to.have.all.keys('name', 'kind', 'rows', 'people', 'assignments', 'active_assignments', 'expect');
      expect(file.expect).to.have.all.keys('created', 'changed', 'removed', 'quarantined', 'events');
      expect(Object.keys(file.expect.events)).to.deep.equal(Object.keys(noEvents()));
    }
  });

  it('writes the full file alone when only that is asked for, and says what it wrote', () => {
    const printed = run('--files', 'full', '--start-date', '2026-11-23');
    expect(printed).to.match(/^GO_277_GDW_GOF_20261123_00000001\.DAT: \d+ rows/);
    expect(printed.trimEnd().split('\n')).to.have.length(2);
  });

  it('refuses what is not a number, an unknown kind of file, and changes without the full file', () => {
    expect(() => run('--days', 'two')).to.throw(/must be a number/);
    expect(() => run('--files', 'full,xml')).to.throw(/one of full, changes, csv/);
    expect(() => run('--files', 'changes')).to.throw(/name it too/);
  });
});
