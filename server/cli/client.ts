import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Client } from '../auth/client.ts';
import { newClient, withNewSecret } from '../auth/new-client.ts';
import { AppError } from '../core/error.ts';
import { type CommonOptions, command, print, table, UsageError } from './command.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface AddOptions extends CommonOptions {
  readonly tenant?: string;
  readonly admin?: boolean;
  readonly name: string;
  readonly scope: string;
  readonly secret?: boolean;
  readonly jwks?: string;
  readonly jwksUri?: string;
  readonly contract?: string;
}

/** Without a tenant the platform's clients of the management API are meant. */
interface TenantOptions extends CommonOptions {
  readonly tenant?: string;
}

/** `esr-fhir client …`: SMART backend-service clients of a tenant, and clients of the management API. */
export function clientCommand(open: OpenHouse): Command {
  return new Command('client')
    .description('SMART clients of a tenant, clients of the management API')
    .addCommand(addCommand(open))
    .addCommand(listCommand(open))
    .addCommand(rotateCommand(open))
    .addCommand(disableCommand(open));
}

function addCommand(open: OpenHouse): Command {
  return command('add', 'register a client; prints its id, and a secret once')
    .option('--tenant <id>')
    .option('--admin', 'of the management API: for --tenant alone or, without it, for the platform')
    .requiredOption('--name <name>')
    .requiredOption('--scope <scopes>', 'the most that it may ask for, e.g. "system/*.rs" or "admin/files.write"')
    .option('--secret', 'authenticate by a client secret (the default)')
    .option('--jwks <file>', 'authenticate by private_key_jwt with the public keys of this JSON file')
    .option('--jwks-uri <url>', 'authenticate by private_key_jwt with the public keys at this https URL')
    .option('--contract <version>', 'only this contract version; default: all that are live for the tenant')
    .action(({ tenant: id, admin, name, scope, secret, jwks, jwksUri, contract, ...options }: AddOptions) => {
      if (id === undefined && admin !== true) throw new UsageError('a client needs --tenant, --admin or both');
      if (admin === true && contract !== undefined) throw new UsageError('--admin and --contract exclude each other');
      if ([secret, jwks, jwksUri].filter((one) => one !== undefined).length > 1) {
        throw new UsageError('--secret, --jwks and --jwks-uri exclude each other');
      }
      return inHouse(open, options, async (house) => {
        const { tenants, clients, keys, clock } = house;
        const live = id === undefined ? [] : (await tenants.get(id)).contracts;
        if (contract !== undefined && !live.includes(contract)) {
          throw new AppError('invalid', `contract ${contract} is not live for tenant ${id}`);
        }
        const contracts = contract === undefined ? live : [contract];
        const whose = { tenant: id ?? null, admin: admin === true };
        const how = jwks !== undefined ? { jwks: json(jwks) } : jwksUri !== undefined ? { jwksUri } : {};
        const made = newClient({ name, scope, contracts, ...whose, ...how }, keys, clock.now().toISOString());
        await clients.add(made.client);
        await auditOperator(house, id ?? null, { interaction: 'client-add', id: made.client.id });
        const document = summary(made.client);
        const shown = made.secret === undefined ? {} : { client_secret: made.secret };
        print(options, { ...document, ...shown }, lines({ ...document, ...shown }));
      });
    });
}

function listCommand(open: OpenHouse): Command {
  return command('list', 'list the clients of a tenant or, without one, of the platform')
    .option('--tenant <id>')
    .action(({ tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async ({ tenants, clients }) => {
        if (tenant !== undefined) await tenants.get(tenant);
        const all = (await clients.list(tenant ?? null)).map(summary);
        const rows = all.map((one) => [one.client_id, one.name, one.authentication, one.status, one.scope]);
        print(options, { clients: all }, table([['CLIENT', 'NAME', 'AUTHENTICATION', 'STATUS', 'SCOPE'], ...rows]));
      }),
    );
}

function disableCommand(open: OpenHouse): Command {
  return command('disable', 'disable a client: its tokens stop working within two seconds')
    .argument('<client-id>')
    .option('--tenant <id>')
    .action((id: string, { tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async (house) => {
        const { clients } = house;
        const client: Client = { ...(await clients.get(id, tenant ?? null)), status: 'disabled' };
        await clients.put(client);
        await auditOperator(house, tenant ?? null, { interaction: 'client-disable', id });
        print(options, summary(client), [`client ${id} is disabled`]);
      }),
    );
}

function rotateCommand(open: OpenHouse): Command {
  return command('rotate', 'give a client another secret, printed once; the old one is worth nothing any more')
    .argument('<client-id>')
    .option('--tenant <id>')
    .action((id: string, { tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async (house) => {
        const { clients, keys } = house;
        const { client, secret } = withNewSecret(await clients.get(id, tenant ?? null), keys);
        await clients.put(client);
        await auditOperator(house, tenant ?? null, { interaction: 'client-rotate', id });
        const document = { ...summary(client), client_secret: secret };
        print(options, document, lines(document));
      }),
    );
}

function summary({ id, name, tenant, admin, scope, authentication, contracts, status }: Client) {
  return {
    client_id: id,
    name,
    tenant,
    ...(admin === true ? { admin } : {}),
    scope,
    authentication,
    contracts,
    status,
  };
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
