import { Command } from 'commander';
import { clientSummary } from '../auth/client-summary.ts';
import type { PermissionSet } from '../auth/permission-set.ts';
import { AppError } from '../core/error.ts';
import { clientLines, jsonFile } from './client-summary.ts';
import { type CommonOptions, command, print, table } from './command.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface OfTenant extends CommonOptions {
  readonly tenant: string;
}

/** `esr-fhir permission-set …`: what the clients of a tenant see, by name. */
export function permissionSetCommand(open: OpenHouse): Command {
  return new Command('permission-set')
    .description('what clients of a tenant may do and see within their scopes')
    .addCommand(putCommand(open))
    .addCommand(listCommand(open))
    .addCommand(
      command('show', 'show a permission set')
        .argument('<name>')
        .requiredOption('--tenant <id>')
        .action((name: string, options: OfTenant) =>
          inHouse(open, options, async ({ tenants, permissionSets }) => {
            await tenants.get(options.tenant);
            const set = await permissionSets.get(options.tenant, name);
            print(options, set, [JSON.stringify(set, null, 2)]);
          }),
        ),
    )
    .addCommand(
      command('remove', 'remove a permission set that no client has')
        .argument('<name>')
        .requiredOption('--tenant <id>')
        .action((name: string, options: OfTenant) =>
          inHouse(open, options, async (house) => {
            await house.permissionSets.remove(options.tenant, name);
            await auditOperator(house, options.tenant, { interaction: 'permission-set-remove', id: name });
            print(options, { name, removed: true }, [`permission set ${name} removed`]);
          }),
        ),
    )
    .addCommand(giveCommand(open));
}

function putCommand(open: OpenHouse): Command {
  return command('put', 'make or replace a permission set; clients that have it see the change within two seconds')
    .argument('<document>', 'a JSON file, or the JSON itself')
    .requiredOption('--tenant <id>')
    .action((document: string, options: OfTenant) =>
      inHouse(open, options, async (house) => {
        await house.tenants.get(options.tenant);
        const set = await house.permissionSets.put(options.tenant, parsed(document));
        await auditOperator(house, options.tenant, { interaction: 'permission-set-put', id: set.name });
        print(options, set, [`permission set ${set.name} of ${options.tenant} is as written`]);
      }),
    );
}

function parsed(document: string): unknown {
  if (!document.trimStart().startsWith('{')) return jsonFile(document);
  try {
    return JSON.parse(document) as unknown;
  } catch {
    throw new AppError('invalid', 'the permission set is not JSON');
  }
}

function listCommand(open: OpenHouse): Command {
  return command('list', 'list the permission sets of a tenant, built-in ones first')
    .requiredOption('--tenant <id>')
    .action((options: OfTenant) =>
      inHouse(open, options, async ({ tenants, permissionSets }) => {
        await tenants.get(options.tenant);
        const sets = await permissionSets.list(options.tenant);
        const head = ['NAME', 'RESOURCES', 'ROWS', 'MASK', 'SENSITIVE STAFF'];
        print(options, { permission_sets: sets }, table([head, ...sets.map(row)]));
      }),
    );
}

function row({ name, resources, rows, mask, sensitive }: PermissionSet): readonly string[] {
  const rights = Object.entries(resources).map(([type, letters]) => `${type}.${letters}`);
  const filters = Object.entries(rows).map(([filter, values]) => `${filter}: ${(values as string[]).length}`);
  const shown = [rights, filters, mask].map((words) => words.join(' ') || '-');
  return [name, ...shown, sensitive ? 'shown' : 'withheld'];
}

function giveCommand(open: OpenHouse): Command {
  return command('give', 'put a client under another permission set')
    .argument('<name>')
    .argument('<client-id>')
    .requiredOption('--tenant <id>')
    .action((name: string, id: string, options: OfTenant) =>
      inHouse(open, options, async (house) => {
        const { permissionSets, clients } = house;
        const set = await permissionSets.get(options.tenant, name);
        const client = { ...(await clients.get(id, options.tenant)), permissionSet: set.name };
        if (client.admin === true) throw new AppError('invalid', 'a client of the management API reads no resources');
        await clients.put(client);
        await auditOperator(house, options.tenant, { interaction: 'client-permission-set', id });
        const document = clientSummary(client);
        print(options, document, clientLines(document));
      }),
    );
}
