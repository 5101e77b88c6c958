import { Command } from 'commander';
import { exceptionView } from '../ingest/steward/exception-view.ts';
import { type ExceptionState, exceptionStates } from '../store/port.ts';
import { type CommonOptions, command, print, table, UsageError } from './command.ts';
import { inHouse, type OpenHouse, operatorStore } from './house.ts';
import { discardCommand, releaseCommand, showCommand } from './quarantine-decision.ts';

interface ListOptions extends CommonOptions {
  readonly tenant: string;
  readonly file?: string;
  readonly state: string;
  readonly severity?: string;
  readonly owner?: string;
}

/** `esr-fhir quarantine …`: exceptions and what is wrong with them. */
export function quarantineCommand(open: OpenHouse): Command {
  return new Command('quarantine')
    .description('rows that were not applied, and doubts about those that were')
    .addCommand(
      command('list', 'list exceptions, by file and line')
        .requiredOption('--tenant <id>')
        .option('--file <id>', 'only those of one file')
        .option('--state <state>', exceptionStates.join('|'), 'open')
        .option('--severity <severity>', 'error (quarantined rows) or warning')
        .option('--owner <name>', 'only those that the tenant’s owners give to this one')
        .action(({ tenant, file, state, severity, owner, ...options }: ListOptions) =>
          inHouse(open, options, async (house) => {
            const store = await operatorStore(house, tenant);
            const rows = await store.ledger.exceptions({
              ...(file === undefined ? {} : { file }),
              ...(severity === undefined ? {} : { severity: severityOf(severity) }),
              state: stateOf(state),
            });
            const about = await house.tenants.get(tenant);
            const views = rows.map((row) => exceptionView(about, row));
            const exceptions = views.filter((one) => owner === undefined || one.owner === owner);
            const lines = exceptions.map((one) => [
              one.id,
              String(one.line),
              one.record,
              one.rule,
              one.severity,
              one.field ?? '',
              one.owner,
              one.message,
            ]);
            print(
              options,
              { exceptions },
              table([['ID', 'LINE', 'RECORD', 'RULE', 'SEVERITY', 'FIELD', 'OWNER', 'MESSAGE'], ...lines]),
            );
          }),
        ),
    )
    .addCommand(showCommand(open))
    .addCommand(releaseCommand(open))
    .addCommand(discardCommand(open));
}

function stateOf(text: string): ExceptionState {
  const state = exceptionStates.find((one) => one === text);
  if (state === undefined) throw new UsageError(`--state is one of ${exceptionStates.join(', ')}`);
  return state;
}

function severityOf(text: string): 'error' | 'warning' {
  if (text !== 'error' && text !== 'warning') throw new UsageError('--severity is error or warning');
  return text;
}
