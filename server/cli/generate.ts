import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { generateTrust, type TrustOptions } from './generator/trust.ts';

const kinds = ['full', 'changes', 'csv'] as const;
type FileKind = (typeof kinds)[number];

interface GenerateFlags {
  readonly staff: number;
  readonly vpd: string;
  readonly ods: string;
  readonly files: readonly FileKind[];
  readonly seed: string;
  readonly out: string;
  readonly days: number;
  readonly broken: number;
  readonly startDate?: string;
  readonly crlf?: boolean;
  readonly json?: boolean;
}

/** `esr-fhir generate`: synthetic ESR files and the manifest of what must come of them (interface.md). */
export function generateCommand(): Command {
  return new Command('generate')
    .description('write synthetic ESR files (GO2, CSV) and manifest.json beside them')
    .requiredOption('--staff <n>', 'people in the full file', number)
    .requiredOption('--vpd <number>', 'ESR VPD number of the trust')
    .requiredOption('--ods <code>', 'ODS code of the trust')
    .option('--files <kinds>', 'full,changes,csv', fileKinds, ['full', 'changes'])
    .option('--seed <text>', 'equal seeds write equal files', '1')
    .requiredOption('--out <dir>', 'folder for the files')
    .option('--days <n>', 'changes files after the full one', number, 1)
    .option('--broken <share>', 'share of the rows to damage, 0 to 0.5', number, 0)
    .option('--start-date <date>', '"today" of the counts, YYYY-MM-DD (default: today in Europe/London)')
    .option('--crlf', 'end lines with CRLF')
    .option('--data <dir>', 'taken as every command takes it; nothing is read from the data folder')
    .option('--json', 'print one JSON document')
    .action((_flags: GenerateFlags, command: Command) => run(command.optsWithGlobals<GenerateFlags>()));
}

function run(flags: GenerateFlags): void {
  const { staff, vpd, ods, seed, out, files, broken, startDate, crlf } = flags;
  const options: TrustOptions = {
    ...{ staff, vpd, ods, seed, out, broken },
    days: files.includes('changes') ? flags.days : 0,
    csv: files.includes('csv'),
    crlf: crlf === true,
    ...(startDate === undefined ? {} : { startDate }),
  };
  const manifest = generateTrust(options);
  const path = resolve(join(out, 'manifest.json'));
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ manifest: path })}\n`);
    return;
  }
  for (const file of manifest.files) {
    const { created, changed, removed, quarantined } = file.expect;
    const counts = `created ${created}, changed ${changed}, removed ${removed}, quarantined ${quarantined}`;
    process.stdout.write(`${file.name}: ${file.rows} rows (${counts})\n`);
  }
  process.stdout.write(`${path}\n`);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

function fileKinds(text: string): readonly FileKind[] {
  const chosen = text.split(',').map((kind) => kind.trim());
  const known = kinds.filter((kind) => chosen.includes(kind));
  if (known.length !== chosen.length) throw new InvalidArgumentError(`Each must be one of ${kinds.join(', ')}.`);
  if (!known.includes('full')) throw new InvalidArgumentError('The other files build on full: name it too.');
  return known;
}
