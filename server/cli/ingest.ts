import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../core/error.ts';
import type { FileReport, Source } from '../ingest/parts.ts';
import { resumeFiles } from '../ingest/run.ts';
import { bring } from '../ingest/sources/bring.ts';
import { type CommonOptions, command, print } from './command.ts';
import { type House, inHouse, type OpenHouse } from './house.ts';
import { progressBar } from './progress.ts';

interface IngestOptions extends CommonOptions {
  readonly tenant?: string;
}

/** `esr-fhir ingest --tenant ID FILE…`: ingests now and waits. Exit status 1 when a file was not applied. */
export function ingestCommand(open: OpenHouse): Command {
  return command('ingest', 'ingest files now and wait for the counts')
    .argument('<files...>')
    .option('--tenant <id>', 'whose files they are; without it the file itself must say')
    .action((files: string[], { tenant, ...options }: IngestOptions) =>
      inHouse(open, options, (house) => run(house, files, tenant, options)),
    );
}

async function run(
  house: House,
  files: readonly string[],
  tenant: string | undefined,
  options: CommonOptions,
): Promise<void> {
  for (const file of files) await readable(file);
  if (tenant !== undefined) await house.tenants.get(tenant);
  const bar = progressBar(process.stderr);
  const parts = { ...house.ingest, progress: bar };
  const reports: FileReport[] = [];
  const resumed = tenant === undefined ? (await house.tenants.list()).map((one) => one.id) : [tenant];
  for (const id of resumed) reports.push(...(await resumeFiles(parts, id)));
  for (const file of files) reports.push(...(await bring(parts, fileSource(file), tenant)));
  bar.end();
  print(options, { files: reports }, reports.flatMap(lines));
  const last = new Map(reports.map((report) => [report.id ?? report.name, report.state]));
  if ([...last.values()].some((state) => state !== 'applied')) process.exitCode = 1;
}

/** A file of this machine as a source. */
export function fileSource(path: string): Source {
  return {
    name: basename(path),
    source: 'command line',
    open: () => createReadStream(path, { highWaterMark: 1 << 20 }),
  };
}

async function readable(file: string): Promise<void> {
  await access(file).catch(() => {
    throw new AppError('invalid', `${file} cannot be read`);
  });
}

function lines(report: FileReport): string[] {
  const counts = (['rows', 'created', 'changed', 'removed', 'unchanged', 'quarantined'] as const)
    .map((name) => `${report[name].toLocaleString('en-GB')} ${name}`)
    .join(', ');
  const head = `${report.name}: ${report.state}${report.tenant === null ? '' : ` (${report.tenant})`}`;
  return [
    `${head}: ${counts}, ${report.seconds.toFixed(1)} s`,
    ...(report.reason === undefined ? [] : [`  ${report.reason}`]),
  ];
}
