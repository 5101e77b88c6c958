import { Command } from 'commander';
import { type ExceptionRow, type ExceptionState, exceptionStates } from '../store/port.ts';
import { type CommonOptions, command, print, table, UsageError } from './command.ts';
import { inHouse, type OpenHouse, operatorStore } from './house.ts';

interface ListOptions extends CommonOptions {
  readonly tenant: string;
  readonly file?: string;
  readonly state: string;
  readonly severity?: string;
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
        .action(({ tenant, file, state, severity, ...options }: ListOptions) =>
          inHouse(open, options, async (house) => {
            const store = await operatorStore(house, tenant);
            const rows = await store.ledger.exceptions({
              ...(file === undefined ? {} : { file }),
              ...(severity === undefined ? {} : { severity: severityOf(severity) }),
              state: stateOf(state),
            });
            const exceptions = rows.map(document);
            const lines = exceptions.map((one) => [
              one.id,
              String(one.line),
              one.record,
              one.rule,
              one.severity,
              one.field ?? '',
              one.message,
            ]);
            print(
              options,
              { exceptions },
              table([['ID', 'LINE', 'RECORD', 'RULE', 'SEVERITY', 'FIELD', 'MESSAGE'], ...lines]),
            );
          }),
        ),
    );
}

function document({
  id,
  file,
  line,
  record,
  rule,
  severity,
  field,
  message,
  owner,
  state,
  since,
  waitsFor,
}: ExceptionRow) {
  const waiting = waitsFor === null ? {} : { waitsFor: `${waitsFor.type}/${waitsFor.id}` };
  return {
    id,
    file,
    line,
    record: `${record.type}/${record.id}`,
    rule,
    severity,
    field,
    message,
    owner,
    state,
    since,
    ...waiting,
  };
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
