import { Command } from 'commander';
import { clientSummary } from '../auth/client-summary.ts';
import { newClient } from '../auth/new-client.ts';
import { AppError } from '../core/error.ts';
import { lastUses } from '../registry/last-used.ts';
import { setCommand } from './client-change.ts';
import { rotateCommand } from './client-rotate.ts';
import { clientStatusCommand, endTokensCommand } from './client-status.ts';
import { clientLines, jsonFile } from './client-summary.ts';
import { type CommonOptions, command, integer, print, table, UsageError } from './command.ts';
import { after, duration } from './duration.ts';
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
  readonly redirectUri: readonly string[];
  readonly public?: boolean;
  readonly expires?: number;
  readonly rate?: number;
  readonly permissionSet?: string;
}

/** `esr-fhir client …`: SMART backend-service clients of a tenant, and clients of the management API. */
export function clientCommand(open: OpenHouse): Command {
  return new Command('client')
    .description('SMART clients of a tenant, clients of the management API')
    .addCommand(addCommand(open))
    .addCommand(listCommand(open))
    .addCommand(setCommand(open))
    .addCommand(rotateCommand(open))
    .addCommand(clientStatusCommand(open, 'disable'))
    .addCommand(clientStatusCommand(open, 'enable'))
    .addCommand(clientStatusCommand(open, 'approve'))
    .addCommand(endTokensCommand(open));
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
    .option('--redirect-uri <uri>', 'it logs people in: where their browsers are sent back to; repeatable', collect, [])
    .option('--public', 'it can keep no secret (a browser or desktop app); needs --redirect-uri')
    .option('--permission-set <name>', 'what of its scopes it sees (default: everything but sensitive staff)')
    .option('--rate <number>', 'requests per minute that it may make; 0: as many as come', integer(0))
    .option('--expires <duration>', 'it is worth nothing after this time, e.g. 365d', duration)
    .action((options: AddOptions) => {
      const { tenant: id, admin, name, scope, secret, jwks, jwksUri, contract, redirectUri, expires } = options;
      if (id === undefined && admin !== true) throw new UsageError('a client needs --tenant, --admin or both');
      for (const [name, given] of Object.entries({ contract, 'permission-set': options.permissionSet })) {
        if (admin === true && given !== undefined) throw new UsageError(`--admin and --${name} exclude each other`);
      }
      if ([secret, jwks, jwksUri, options.public].filter((one) => one !== undefined).length > 1) {
        throw new UsageError('--secret, --public, --jwks and --jwks-uri exclude each other');
      }
      return inHouse(open, options, async (house) => {
        const { tenants, clients, keys, clock } = house;
        const { permissionSet } = options;
        if (permissionSet !== undefined) await house.permissionSets.get(id ?? '', permissionSet);
        const live = id === undefined ? [] : (await tenants.get(id)).contracts;
        if (contract !== undefined && !live.includes(contract)) {
          throw new AppError('invalid', `contract ${contract} is not live for tenant ${id}`);
        }
        const contracts = contract === undefined ? live : [contract];
        const whose = { tenant: id ?? null, admin: admin === true };
        const how = jwks !== undefined ? { jwks: jsonFile(jwks) } : jwksUri !== undefined ? { jwksUri } : {};
        const now = clock.now();
        const people = { redirectUris: redirectUri, public: options.public === true };
        const ends = expires === undefined ? {} : { expiresAt: after(now, expires) };
        const shows = permissionSet === undefined ? {} : { permissionSet };
        const wish = { name, scope, contracts, ...whose, ...how, ...people, ...ends, ...shows };
        const made = newClient(wish, keys, now.toISOString());
        const { rate } = options;
        const client = rate === undefined ? made.client : { ...made.client, requestsPerMinute: rate };
        await clients.add(client);
        await auditOperator(house, id ?? null, { interaction: 'client-add', id: made.client.id });
        const document = clientSummary(client);
        const shown = made.secret === undefined ? {} : { client_secret: made.secret };
        print(options, { ...document, ...shown }, clientLines({ ...document, ...shown }));
      });
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function listCommand(open: OpenHouse): Command {
  return command('list', 'list the clients of a tenant or, without one, of the platform')
    .option('--tenant <id>')
    .action(({ tenant, ...options }: CommonOptions & { readonly tenant?: string }) =>
      inHouse(open, options, async ({ tenants, clients, store }) => {
        if (tenant !== undefined) await tenants.get(tenant);
        const uses = await lastUses(store.system.documents);
        const all = (await clients.list(tenant ?? null)).map((client) => {
          const used = uses.get(client.id);
          return { ...clientSummary(client), ...(used === undefined ? {} : { last_used: used }) };
        });
        const rows = all.map((one) => [
          ...[one.client_id, one.name, one.authentication, one.status],
          ...[one.last_used ?? 'never', one.expires_at ?? 'never', one.scope],
        ]);
        const head = ['CLIENT', 'NAME', 'AUTHENTICATION', 'STATUS', 'LAST USED', 'EXPIRES', 'SCOPE'];
        print(options, { clients: all }, table([head, ...rows]));
      }),
    );
}
