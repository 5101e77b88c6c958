import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Client } from '../auth/client.ts';
import { newClient } from '../auth/new-client.ts';
import { AppError } from '../core/error.ts';
import { type CommonOptions, command, print, table, UsageError } from './command.ts';
import { inHouse, type OpenHouse } from './house.ts';

interface AddOptions extends CommonOptions {
  readonly tenant: string;
  readonly name: string;
  readonly scope: string;
  readonly secret?: boolean;
  readonly jwks?: string;
  readonly jwksUri?: string;
  readonly contract?: string;
}

interface TenantOptions extends CommonOptions {
  readonly tenant: string;
}

/** `esr-fhir client …`: SMART backend-service clients of a tenant. */
export function clientCommand(open: OpenHouse): Command {
  return new Command('client')
    .description('SMART clients of a tenant')
    .addCommand(addCommand(open))
    .addCommand(listCommand(open))
    .addCommand(disableCommand(open));
}

function addCommand(open: OpenHouse): Command {
  return command('add', 'register a client; prints its id, and a secret once')
    .requiredOption('--tenant <id>')
    .requiredOption('--name <name>')
    .requiredOption('--scope <scopes>', 'the most that it may ask for, e.g. "system/*.rs"')
    .option('--secret', 'authenticate by a client secret (the default)')
    .option('--jwks <file>', 'authenticate by private_key_jwt with the public keys of this JSON file')
    .option('--jwks-uri <url>', 'authenticate by private_key_jwt with the public keys at this https URL')
    .option('--contract <version>', 'only this contract version; default: all that are live for the tenant')
    .action(({ tenant: id, name, scope, secret, jwks, jwksUri, contract, ...options }: AddOptions) => {
      if ([secret, jwks, jwksUri].filter((one) => one !== undefined).length > 1) {
        throw new UsageError('--secret, --jwks and --jwks-uri exclude each other');
      }
      return inHouse(open, options, async ({ tenants, clients, keys, clock }) => {
        const tenant = await tenants.get(id);
        if (contract !== undefined && !tenant.contracts.includes(contract)) {
          throw new AppError('invalid', `contract ${contract} is not live for tenant ${id}`);
        }
        const contracts = contract === undefined ? tenant.contracts : [contract];
        const how = jwks !== undefined ? { jwks: json(jwks) } : jwksUri !== undefined ? { jwksUri } : {};
        const made = newClient({ name, tenant: id, scope, contracts, ...how }, keys, clock.now().toISOString());
        await clients.add(made.client);
        const document = summary(made.client);
        const shown = made.secret === undefined ? {} : { client_secret: made.secret };
        print(options, { ...document, ...shown }, lines({ ...document, ...shown }));
      });
    });
}

function listCommand(open: OpenHouse): Command {
  return command('list', 'list the clients of a tenant')
    .requiredOption('--tenant <id>')
    .action(({ tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async ({ tenants, clients }) => {
        await tenants.get(tenant);
        const all = (await clients.list(tenant)).map(summary);
        const rows = all.map((one) => [one.client_id, one.name, one.authentication, one.status, one.scope]);
        print(options, { clients: all }, table([['CLIENT', 'NAME', 'AUTHENTICATION', 'STATUS', 'SCOPE'], ...rows]));
      }),
    );
}

function disableCommand(open: OpenHouse): Command {
  return command('disable', 'disable a client: its tokens stop working within two seconds')
    .argument('<client-id>')
    .requiredOption('--tenant <id>')
    .action((id: string, { tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async ({ clients }) => {
        const client: Client = { ...(await clients.get(id, tenant)), status: 'disabled' };
        await clients.put(client);
        print(options, summary(client), [`client ${id} is disabled`]);
      }),
    );
}

function summary({ id, name, tenant, scope, authentication, contracts, status }: Client) {
  return { client_id: id, name, tenant, scope, authentication, contracts, status };
}

function lines(document: Readonly<Record<string, unknown>>): string[] {
  return table(
    Object.entries(document).map(([key, value]) => [key, Array.isArray(value) ? value.join(' ') : String(value)]),
  );
}

function json(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new AppError('invalid', `${file} cannot be read as JSON: ${(error as Error).message}`);
  }
}
