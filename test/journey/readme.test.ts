import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { withSettings } from '../../scripts/docs-settings.ts';
import { compiledProgram } from '../support/compiled-program.ts';
import { removeStore, storeSetting } from '../support/store-under-test.ts';

const readme = readFileSync('README.md', 'utf8');

/** The README's shell examples that are marked to be run, in order. */
function examples(): string[] {
  return [...readme.matchAll(/<!-- run -->\n```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** `npx esr-fhir …` as in a checkout, without npm's own start-up time. */
function shim(folder: string): void {
  const command = `exec "${process.execPath}" "${compiledProgram()}" "$@"`;
  writeFileSync(join(folder, 'npx'), `#!/bin/sh\nshift\n${command}\n`);
  chmodSync(join(folder, 'npx'), 0o755);
}

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

async function run(script: string, folder: string, port: number): Promise<Ran> {
  const settings = { ESR_FHIR_PORT: String(port), ESR_FHIR_STORE: storeSetting(folder) };
  const environment = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, ...settings };
  const shell = spawn('bash', ['-e', '-c', script], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise<number | null>((closed) => shell.once('close', closed));
  return { status, output };
}

/** Waits for the server that an example put in the background, and stops it when the shell ends. */
const whenReady = (port: number) =>
  `trap 'kill $(jobs -p)' EXIT\nfor i in $(seq 300); do curl -sf localhost:${port}/readyz > /dev/null && break; sleep 0.1; done\n`;

describe('The README', () => {
  it('lists the settings as the schema has them', () => {
    expect(withSettings(readme)).to.equal(readme);
  });

  it('has examples that work as they stand', async function () {
    this.timeout(90_000);
    const folder = mkdtempSync(join(tmpdir(), 'esr-fhir-readme-'));
    try {
      shim(folder);
      const port = await freePort();
      const [setUp = '', ...use] = examples();
      const script = [setUp, whenReady(port), ...use].join('\n').replaceAll('localhost:8080', `localhost:${port}`);
      const { status, output } = await run(script, folder, port);
      expect(status, output).to.equal(0);
      expect(output)
        .to.match(/GOF_\d+_\d+\.DAT: applied/)
        .and.match(/GOC_\d+_\d+\.DAT: applied/);
      expect(output).to.match(/"search":\{"mode":"include"\}/);
      expect(output).to.match(/"total":[1-9]\d*/);
      expect(output).to.include('"resourceType":"CapabilityStatement"');
      expect(output).to.match(/^version {2}Practitioner\//m);
      expect(output).not.to.include('OperationOutcome');
    } finally {
      await removeStore(folder);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
