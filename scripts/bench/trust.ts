import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFolder } from '../../server/cli/documents.ts';
import type { Manifest } from '../../server/cli/generator/manifest.ts';
import { present } from '../../server/core/assert.ts';
import { builtFile, runForJson } from './processes.ts';

export const tenant = 'rxx';
const main = builtFile('server/main');
const keptMs = 24 * 3600 * 1000;

export interface TrustFiles {
  readonly full: string;
  readonly csv: string;
}

/** The generated full GO2 file of a trust and the CSV of the same people; made once per generator and size. */
export async function trustFiles(staff: number): Promise<TrustFiles> {
  const folder = await cached(`files-${staff}`, ['server/cli/generator'], async (out) => {
    const flags = ['--vpd', '277', '--ods', 'RXX', '--seed', 'bench', '--start-date', '2026-11-23', '--days', '0'];
    await runForJson(main, [
      'generate',
      '--staff',
      `${staff}`,
      ...flags,
      '--files',
      'full,csv',
      '--out',
      out,
      '--json',
    ]);
  });
  const { files } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const pathOf = (wanted: string) =>
    join(
      folder,
      present(
        files.find(({ kind }) => kind === wanted),
        wanted,
      ).name,
    );
  return { full: pathOf('full'), csv: pathOf('csv') };
}

/** Makes an empty tenant in a data folder. */
export async function makeTenant(data: string): Promise<void> {
  await runForJson(main, ['init', '--data', data, '--json']);
  const flags = ['--name', 'Benchmark Trust', '--ods', 'RXX', '--vpd', '277'];
  await runForJson(main, ['tenant', 'add', tenant, ...flags, '--data', data, '--json']);
}

export interface Trust {
  readonly data: string;
  readonly client: { readonly client_id: string; readonly client_secret: string };
}

/** A data folder with an ingested trust and a client that may read it; made once per size and version of the server. */
export async function ingestedTrust(staff: number): Promise<Trust> {
  const { full } = await trustFiles(staff);
  const folder = await cached(`trust-${staff}`, ['server', 'mappings', 'profiles'], async (out) => {
    const data = join(out, 'data');
    await makeTenant(data);
    await runForJson(main, ['ingest', '--tenant', tenant, full, '--data', data, '--json']);
    const flags = ['--tenant', tenant, '--name', 'bench', '--scope', 'system/*.rs', '--data', data, '--json'];
    writeFileSync(join(out, 'client.json'), JSON.stringify(await runForJson(main, ['client', 'add', ...flags])));
  });
  const client = JSON.parse(readFileSync(join(folder, 'client.json'), 'utf8')) as Trust['client'];
  return { data: join(folder, 'data'), client };
}

/** A folder below the system's temporary one that `make` fills once per content of the `sources`. */
async function cached(name: string, sources: readonly string[], make: (out: string) => Promise<void>) {
  const hash = createHash('sha256');
  for (const source of sources) hashTree(hash, join(packageFolder(), source));
  const root = join(tmpdir(), 'esr-fhir-bench');
  const folder = join(root, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(root, { recursive: true });
  for (const entry of readdirSync(root)) {
    const path = join(root, entry);
    if (Date.now() - statSync(path).mtimeMs > keptMs) rmSync(path, { recursive: true, force: true });
  }
  const unfinished = `${folder}.${process.pid}`;
  await make(unfinished);
  renameSync(unfinished, folder);
  return folder;
}

function hashTree(hash: ReturnType<typeof createHash>, path: string): void {
  if (!existsSync(path)) return;
  if (statSync(path).isFile()) {
    hash.update(path).update(readFileSync(path));
    return;
  }
  for (const entry of readdirSync(path).sort()) hashTree(hash, join(path, entry));
}
