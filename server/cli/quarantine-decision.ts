import type { Command } from 'commander';
import { AppError } from '../core/error.ts';
import { resumeFiles } from '../ingest/run.ts';
import { discardException, releaseException } from '../ingest/steward/exception-decision.ts';
import { exceptionView, maskedRow } from '../ingest/steward/exception-view.ts';
import { type CommonOptions, command, print, table } from './command.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { operatorDecision, operatorStewardship } from './stewardship.ts';

interface TenantOptions extends CommonOptions {
  readonly tenant: string;
}

interface DecisionOptions extends TenantOptions {
  readonly reason: string;
}

/** `esr-fhir quarantine show ID`: the exception and its row, personal fields masked. */
export function showCommand(open: OpenHouse): Command {
  return command('show', 'show an exception with its row, personal fields masked')
    .argument('<id>')
    .requiredOption('--tenant <id>')
    .action((id: string, { tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async (house) => {
        const stewardship = await operatorStewardship(house, tenant);
        const exception = await stewardship.store.ledger.exception(id);
        if (exception === undefined) throw new AppError('not-found', `tenant ${tenant} has no exception ${id}`);
        const row = await maskedRow(stewardship, exception);
        const view = exceptionView(stewardship.tenant, exception);
        const about = Object.entries(view).map(([name, value]) => [name, String(value ?? '')]);
        const fields = Object.entries(row?.fields ?? {}).map(([name, value]) => [`row.${name}`, String(value)]);
        const cells = (row?.cells ?? []).map((cell, index) => [`row field ${index + 1}`, cell]);
        print(options, { ...view, ...(row && { row }) }, table([...about, ...fields, ...cells]));
      }),
    );
}

/** `esr-fhir quarantine release ID`: judges the row now; exit status 1 where it is still bad. */
export function releaseCommand(open: OpenHouse): Command {
  return command('release', 'judge a quarantined row anew and apply it where it is good')
    .argument('<id>')
    .requiredOption('--tenant <id>')
    .option('--reason <text>', 'why, for the audit', 'released at the command line')
    .action((id: string, { tenant, reason, ...options }: DecisionOptions) =>
      inHouse(open, options, async (house) => {
        const stewardship = await operatorStewardship(house, tenant);
        const outcome = await releaseException(stewardship, id, operatorDecision(reason));
        if (outcome.released) await resumeFiles(house.ingest, tenant);
        else process.exitCode = 1;
        const lines = outcome.released
          ? outcome.exceptions.map((one) => `${one} released`)
          : outcome.why.map(
              ({ line, field, message }) => `line ${line}: ${field === null ? '' : `${field}: `}${message}`,
            );
        print(options, { id, ...outcome }, lines);
      }),
    );
}

/** `esr-fhir quarantine discard ID --reason …` */
export function discardCommand(open: OpenHouse): Command {
  return command('discard', 'give a quarantined row up')
    .argument('<id>')
    .requiredOption('--tenant <id>')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action((id: string, { tenant, reason, ...options }: DecisionOptions) =>
      inHouse(open, options, async (house) => {
        const stewardship = await operatorStewardship(house, tenant);
        const exception = await discardException(stewardship, id, operatorDecision(reason));
        print(options, exceptionView(stewardship.tenant, exception), [`${id} discarded`]);
      }),
    );
}
