import type { Command } from 'commander';
import type { FileRow } from '../store/port.ts';
import { type CommonOptions, command, print, table } from './command.ts';
import { inHouse, type OpenHouse, operatorStore } from './house.ts';

/** `esr-fhir files --tenant ID`: the ledger, newest first. */
export function filesCommand(open: OpenHouse): Command {
  return command('files', 'state of every file of a tenant')
    .requiredOption('--tenant <id>')
    .action(({ tenant, ...options }: CommonOptions & { tenant: string }) =>
      inHouse(open, options, async (house) => {
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
      }),
    );
}

function document(file: FileRow, tenant: string) {
  const { checkpoint: _, reason, ...rest } = file;
  return { ...rest, tenant, ...(reason === null ? {} : { reason }) };
}
