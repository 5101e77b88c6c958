import type { Command } from 'commander';
import { type DepartmentCount, type Reconciliation, reconcile } from '../ingest/steward/reconcile.ts';
import type { Tally } from '../ingest/steward/working.ts';
import { type CommonOptions, command, print, table } from './command.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { operatorStewardship } from './stewardship.ts';

/** `esr-fhir reconcile --tenant ID`: the store beside the last full file. */
export function reconcileCommand(open: OpenHouse): Command {
  return command('reconcile', 'headcount and FTE by department in the store beside the last full file')
    .requiredOption('--tenant <id>')
    .action(({ tenant, ...options }: CommonOptions & { readonly tenant: string }) =>
      inHouse(open, options, async (house) => {
        const reconciliation = await reconcile(await operatorStewardship(house, tenant));
        print(options, reconciliation, lines(reconciliation));
      }),
    );
}

function lines({ file, on, totals, departments }: Reconciliation): string[] {
  const cells = ({ headcount, fte }: Tally) => [String(headcount), fte.toFixed(2)];
  const row = (name: string, one: Pick<DepartmentCount, 'file' | 'store'>, count: string) => [
    ...[name, ...cells(one.file), ...cells(one.store), count],
  ];
  const head = ['DEPARTMENT', 'FILE HEADS', 'FILE FTE', 'STORE HEADS', 'STORE FTE', 'DIFFERENCES'];
  const rows = departments.map((one) =>
    row(one.name ?? one.department ?? '(none)', one, String(one.differences.length)),
  );
  const all = departments.flatMap(({ differences }) => differences);
  return [
    `${file.name}, as of ${on}`,
    ...table([head, ...rows, row('TOTAL', totals, String(all.length))]),
    ...all.map(({ record, message, by }) => `${record}: ${message}${by === undefined ? '' : ` (${by})`}`),
  ];
}
