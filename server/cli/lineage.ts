import type { Command } from 'commander';
import { AppError } from '../core/error.ts';
import { type Trace, traceFile, tracePerson, traceResource } from '../lineage/trace.ts';
import type { TenantStore } from '../store/port.ts';
import { type CommonOptions, command, print, table, UsageError } from './command.ts';
import { inHouse, type OpenHouse, operatorStore } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface LineageOptions extends CommonOptions {
  readonly tenant: string;
  readonly file?: string;
  readonly resource?: string;
  readonly person?: string;
}

/** `esr-fhir lineage`: file → record → resource versions → notifications → reads, and back. */
export function lineageCommand(open: OpenHouse): Command {
  return command('lineage', 'where a resource came from, what a file became, who read it')
    .requiredOption('--tenant <id>')
    .option('--file <id>', 'forward from a file of the ledger')
    .option('--resource <type/id>', 'back and forward from a resource')
    .option('--person <esr-id>', 'back and forward from an ESR person')
    .action(({ tenant, file, resource, person, ...options }: LineageOptions) => {
      if ([file, resource, person].filter((one) => one !== undefined).length !== 1) {
        throw new UsageError('name one of --file, --resource and --person');
      }
      return inHouse(open, options, async (house) => {
        const store = await operatorStore(house, tenant);
        const { contracts } = await house.tenants.get(tenant);
        const trace = await traceOf(store, { file, resource, person }, contracts);
        await auditOperator(house, tenant, { interaction: 'lineage', ...subject({ file, resource, person }) });
        if (trace === undefined) throw new AppError('not-found', `tenant ${tenant} knows nothing of it`);
        print(options, trace, lines(trace));
      });
    });
}

interface Wanted {
  readonly file: string | undefined;
  readonly resource: string | undefined;
  readonly person: string | undefined;
}

/** What the audit says was looked at: a resource is found there by `entity`, as its readers are. */
function subject({ file, resource, person }: Wanted): { readonly type?: string; readonly id: string } {
  const [type = '', id = ''] = (resource ?? '').split('/');
  return resource === undefined ? { id: file ?? `person/${person}` } : { type, id };
}

async function traceOf(store: TenantStore, wanted: Wanted, contracts: readonly string[]): Promise<Trace | undefined> {
  if (wanted.file !== undefined) return traceFile(store, wanted.file);
  if (wanted.person !== undefined) return tracePerson(store, wanted.person);
  const [type, id, ...rest] = (wanted.resource ?? '').split('/');
  if (type === undefined || id === undefined || rest.length > 0) throw new UsageError('--resource takes TYPE/ID');
  return traceResource(store, { type, id }, contracts);
}

function lines(trace: Trace): string[] {
  const files = trace.files.map((file) => ['file', file.id, file.name, file.state, file.receivedAt]);
  const records = trace.records.map((record) => [
    'record',
    `${record.type}/${record.id}`,
    record.file,
    `line ${record.line}`,
  ]);
  const versions = trace.versions.map((one) => [
    'version',
    `${one.type}/${one.id}`,
    String(one.version),
    one.change,
    one.at,
  ]);
  const reads = trace.reads.map((read) => ['read', ...Object.values(read).map(String)]);
  const notifications = trace.notifications.map(({ subscription, number, topic, version, attempts }) => [
    ...['notification', version, `${subscription} ${number}`, topic],
    attempts.map(({ at, status, error }) => `${at} ${status ?? error}`).join(', '),
  ]);
  const all = [...files, ...records, ...versions, ...notifications, ...reads];
  return all.length === 0 ? [] : table(padded(all));
}

function padded(rows: readonly (readonly string[])[]): string[][] {
  const width = Math.max(...rows.map((row) => row.length));
  return rows.map((row) => Array.from({ length: width }, (_, column) => row[column] ?? ''));
}
