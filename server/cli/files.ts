import type { Command } from 'commander';
import { AppError } from '../core/error.ts';
import { resumeFiles } from '../ingest/run.ts';
import { discardFile, releaseFile } from '../ingest/steward/file-decision.ts';
import { type Preview, previewFile } from '../ingest/steward/preview.ts';
import type { FileRow } from '../store/port.ts';
import { type CommonOptions, command, print, table, UsageError } from './command.ts';
import { inHouse, type OpenHouse, operatorStore } from './house.ts';
import { operatorDecision, operatorStewardship } from './stewardship.ts';

interface TenantOptions extends CommonOptions {
  readonly tenant: string;
}

interface DecisionOptions extends TenantOptions {
  readonly reason: string;
}

/** `esr-fhir files --tenant ID`: the ledger, newest first; `files show|preview|release|discard FILE-ID`. */
export function filesCommand(open: OpenHouse): Command {
  return command('files', 'state of every file of a tenant; what to do with held ones')
    .enablePositionalOptions()
    .option('--tenant <id>')
    .action(({ tenant, ...options }: Partial<TenantOptions>) => {
      if (tenant === undefined) throw new UsageError('whose files? say --tenant ID');
      return inHouse(open, options, async (house) => {
        const files = (await (await operatorStore(house, tenant)).ledger.files()).map((file) => document(file, tenant));
        const rows = files.map((one) => [
          one.name,
          one.state,
          ...[one.rows, one.created, one.changed, one.removed, one.quarantined].map(String),
          one.receivedAt,
          one.reason ?? '',
        ]);
        const head = ['NAME', 'STATE', 'ROWS', 'CREATED', 'CHANGED', 'REMOVED', 'QUARANTINED', 'RECEIVED', 'REASON'];
        print(options, { files }, table([head, ...rows]));
      });
    })
    .addCommand(showCommand(open))
    .addCommand(previewCommand(open))
    .addCommand(releaseCommand(open))
    .addCommand(discardCommand(open));
}

function showCommand(open: OpenHouse): Command {
  return command('show', 'show one file of the ledger')
    .argument('<file-id>')
    .requiredOption('--tenant <id>')
    .action((id: string, { tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async (house) => {
        const file = await (await operatorStore(house, tenant)).ledger.file(id);
        if (file === undefined) throw new AppError('not-found', `tenant ${tenant} has no file ${id}`);
        const shown = document(file, tenant);
        print(options, shown, describe(shown));
      }),
    );
}

function previewCommand(open: OpenHouse): Command {
  return command('preview', 'what releasing a held file would create, change and remove; writes nothing')
    .argument('<file-id>')
    .requiredOption('--tenant <id>')
    .action((id: string, { tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async (house) => {
        const preview = await previewFile(await operatorStewardship(house, tenant), id);
        print(options, preview, previewLines(preview));
      }),
    );
}

function previewLines({ examples, ...counts }: Preview): string[] {
  const lines = examples.map(({ change, resource, elements }) => [change, resource, elements.join(' ')]);
  return [...describe(counts), ...table(lines)];
}

function releaseCommand(open: OpenHouse): Command {
  return command('release', 'apply a held file now, out of step or not')
    .argument('<file-id>')
    .requiredOption('--tenant <id>')
    .option('--reason <text>', 'why, for the audit', 'released at the command line')
    .action((id: string, { tenant, reason, ...options }: DecisionOptions) =>
      inHouse(open, options, async (house) => {
        await releaseFile(await operatorStewardship(house, tenant), id, operatorDecision(reason));
        const files = await resumeFiles(house.ingest, tenant);
        print(
          options,
          { files },
          files.map(({ name, state }) => `${name} ${state}`),
        );
        if (files.some(({ id: one, state }) => one === id && state !== 'applied')) process.exitCode = 1;
      }),
    );
}

function discardCommand(open: OpenHouse): Command {
  return command('discard', 'give a held file up')
    .argument('<file-id>')
    .requiredOption('--tenant <id>')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action((id: string, { tenant, reason, ...options }: DecisionOptions) =>
      inHouse(open, options, async (house) => {
        const file = await discardFile(await operatorStewardship(house, tenant), id, operatorDecision(reason));
        print(options, document(file, tenant), [`${file.name} discarded`]);
      }),
    );
}

function document(file: FileRow, tenant: string) {
  const { checkpoint: _, reason, ...rest } = file;
  return { ...rest, tenant, ...(reason === null ? {} : { reason }) };
}

function describe(shown: object): string[] {
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return table(Object.entries(shown).map(([name, value]) => [name, value === null ? '' : text(value)]));
}
