import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parse } from 'yaml';
import { notedHeads } from '../commit/noted-head.ts';
import { AppError } from '../core/error.ts';
import { checkDocument } from '../ingest/own-rules.ts';
import { endTokens } from '../registry/not-before.ts';
import { sensitiveStaff } from '../registry/sensitive-staff.ts';
import { tenantFrom } from '../registry/tenant-document.ts';
import { isolationModels, type Tenant } from '../tenancy/tenant.ts';
import { anchorFile } from './audit-anchor.ts';
import { type CommonOptions, command, print, table, UsageError } from './command.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';
import { applyClients, clientDocument, clientDocuments } from './tenant-clients.ts';
import { moveCommand } from './tenant-move.ts';
import { sensitiveCommand } from './tenant-sensitive.ts';

interface AddOptions extends CommonOptions {
  readonly name: string;
  readonly ods: string;
  readonly vpd: string;
  readonly isolation: string;
}

interface RemoveOptions extends CommonOptions {
  readonly yes?: boolean;
}

/** `esr-fhir tenant …`: the registry of tenants. */
export function tenantCommand(open: OpenHouse): Command {
  const list = (text: string) => text.split(',').map((part) => part.trim());
  return new Command('tenant')
    .description('the registry of tenants')
    .addCommand(
      command('add', 'add a tenant and make its databases')
        .argument('<id>')
        .requiredOption('--name <name>')
        .requiredOption('--ods <codes>', 'ODS code(s), comma-separated, the default employer first')
        .requiredOption('--vpd <numbers>', 'ESR VPD number(s), comma-separated')
        .option('--isolation <model>', isolationModels.join('|'), 'database')
        .action((id: string, { name, ods, vpd, isolation, ...options }: AddOptions) =>
          inHouse(open, options, async (house) => {
            const { store, tenants } = house;
            if (!(store.capabilities.isolationModels as readonly string[]).includes(isolation)) {
              const { name: kind, isolationModels: models } = store.capabilities;
              throw new UsageError(`the ${kind} store isolates tenants by ${models.join(', ')}, not by ${isolation}`);
            }
            const tenant = await tenants.add({ id, name, ods: list(ods), vpds: list(vpd), isolation });
            await auditOperator(house, id, { interaction: 'tenant-add', id });
            print(options, summary(tenant), [`tenant ${tenant.id} added`]);
          }),
        ),
    )
    .addCommand(listCommand(open))
    .addCommand(
      command('show', 'show a tenant with its settings')
        .argument('<id>')
        .action((id: string, options: CommonOptions) =>
          inHouse(open, options, async ({ tenants, clients }) => {
            const tenant = await tenants.get(id);
            const own = (await clients.list(id)).filter(({ admin }) => admin !== true).map(clientDocument);
            print(options, own.length === 0 ? tenant : { ...tenant, clients: own }, describe(tenant));
          }),
        ),
    )
    .addCommand(
      command('set', 'change one value: name, ods, vpds, flags.NAME or a setting')
        .argument('<id>')
        .argument('<key>')
        .argument('<value>')
        .action((id: string, key: string, value: string, options: CommonOptions) =>
          inHouse(open, options, async (house) => {
            const tenant = await house.tenants.set(id, key, value);
            await auditOperator(house, id, { interaction: 'tenant-set', id: key });
            print(options, tenant, [`${id}: ${key} set`]);
          }),
        ),
    )
    .addCommand(statusCommand(open, 'suspend', 'suspended'))
    .addCommand(statusCommand(open, 'resume', 'active'))
    .addCommand(sensitiveCommand(open))
    .addCommand(moveCommand(open))
    .addCommand(removeCommand(open))
    .addCommand(applyCommand(open));
}

function listCommand(open: OpenHouse): Command {
  return command('list', 'list the tenants').action((options: CommonOptions) =>
    inHouse(open, options, async ({ tenants }) => {
      const all = await tenants.list();
      const rows = all.map((one) => [
        one.id,
        one.name,
        one.ods.join(' '),
        one.vpds.join(' '),
        one.isolation,
        one.status,
      ]);
      print(
        options,
        { tenants: all.map(summary) },
        table([['ID', 'NAME', 'ODS', 'VPD', 'ISOLATION', 'STATUS'], ...rows]),
      );
    }),
  );
}

function statusCommand(open: OpenHouse, verb: string, status: Tenant['status']): Command {
  return command(verb, `make a tenant ${status}`)
    .argument('<id>')
    .action((id: string, options: CommonOptions) =>
      inHouse(open, options, async (house) => {
        const tenant = await house.tenants.setStatus(id, status);
        if (status === 'suspended') await endTokens(house.store.system.documents, 'tenant', id, house.clock.now());
        await auditOperator(house, id, { interaction: `tenant-${verb}`, id });
        print(options, summary(tenant), [`${id} is ${status}`]);
      }),
    );
}

function removeCommand(open: OpenHouse): Command {
  return command('remove', 'destroy a tenant: its key, its data, its clients')
    .argument('<id>')
    .option('--yes', 'you mean it: nothing can be read afterwards (needed on a terminal, not in a script)')
    .action((id: string, options: RemoveOptions) =>
      inHouse(open, options, async (house) => {
        if (process.stdin.isTTY && options.yes !== true) {
          throw new UsageError(`nothing of ${id} can be read afterwards: say --yes`);
        }
        const { tenants, clients, store, settings, clock } = house;
        await tenants.get(id);
        await auditOperator(house, null, { interaction: 'tenant-remove', id });
        await clients.removeAll(id);
        await house.permissionSets.removeAll(id);
        await sensitiveStaff(store.system.documents).removeAll(id);
        await tenants.remove(id);
        // A later tenant of that id inherits no tokens.
        await endTokens(store.system.documents, 'tenant', id, clock.now());
        // A later tenant of that id begins another log.
        await notedHeads(store.system.documents, id).forget();
        await anchorFile(settings.auditAnchor).removed(id, clock.now());
        print(options, { id, removed: true }, [`tenant ${id} destroyed`]);
      }),
    );
}

function applyCommand(open: OpenHouse): Command {
  return command('apply', 'make a tenant be what a JSON or YAML document says; safe to repeat')
    .argument('<file>')
    .action((file: string, options: CommonOptions) =>
      inHouse(open, options, async (house) => {
        const { tenants, ingest } = house;
        const { clients: named, ...document } = read(file);
        const wanted = clientDocuments(named ?? []);
        // A profile or rule that names no field of ours is refused here, not when the first file comes.
        checkDocument(ingest, tenantFrom(document));
        const tenant = await tenants.apply(document);
        await auditOperator(house, tenant.id, { interaction: 'tenant-apply', id: tenant.id });
        const clients = await applyClients(house, tenant, wanted);
        const secrets = clients.map((one) => `client ${one.client_id} ${one.name} ${one.client_secret ?? ''}`.trim());
        print(options, clients.length === 0 ? tenant : { ...tenant, clients }, [
          `tenant ${tenant.id} is as ${file} says`,
          ...secrets,
        ]);
      }),
    );
}

function read(file: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new AppError('invalid', `${file} cannot be read as JSON or YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return { ...document };
  throw new AppError('invalid', `${file} is no tenant document: it must be an object`);
}

function summary({ id, name, ods, vpds, isolation, status, contracts }: Tenant) {
  return { id, name, ods, vpds, isolation, status, contracts };
}

function describe(tenant: Tenant): string[] {
  const plain = Object.entries({ ...summary(tenant), flags: tenant.flags }).map(([key, value]) => [key, text(value)]);
  const settings = Object.entries(tenant.settings).map(([key, value]) => [`settings.${key}`, text(value)]);
  const { csvProfiles = [], sources = [], rules = [], owners = [] } = tenant;
  const more = [
    ...csvProfiles.map(({ id }) => ['csv profile', id]),
    ...sources.map(({ feed, ...says }) => [`source ${feed}`, pairs(says)]),
    ...rules.map(({ id, record, field, severity, message }) => [
      `rule own-${id}`,
      `${severity} of ${record}.${field}: ${message}`,
    ]),
    ...owners.map(({ owner, ...of }) => [`owner ${owner}`, pairs(of)]),
  ];
  return table([...plain, ...settings, ...more]);
}

function pairs(values: object): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${text(value)}`)
    .join('; ');
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
