import type { Command } from 'commander';
import type { Client } from '../auth/client.ts';
import { clientSummary } from '../auth/client-summary.ts';
import { AppError } from '../core/error.ts';
import { endTokens } from '../registry/not-before.ts';
import type { OneClientOptions } from './client-summary.ts';
import { command, print } from './command.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';

const verbs = {
  disable: { to: 'disabled', about: 'disable a client: its tokens stop working within two seconds' },
  enable: { to: 'active', about: 'enable a disabled client; tokens from before stay worth nothing' },
  approve: { to: 'active', about: 'approve a client that a vendor registered' },
} as const;

/** `esr-fhir client disable|enable|approve`. */
export function clientStatusCommand(open: OpenHouse, verb: keyof typeof verbs): Command {
  const { to, about } = verbs[verb];
  return command(verb, about)
    .argument('<client-id>')
    .option('--tenant <id>')
    .action((id: string, { tenant, ...options }: OneClientOptions) =>
      inHouse(open, options, async (house) => {
        const { clients, store, clock } = house;
        const before = await clients.get(id, tenant ?? null);
        if ((verb === 'approve') !== (before.status === 'pending') && verb !== 'disable') {
          throw new AppError('conflict', `client ${id} is ${before.status}`);
        }
        const client: Client = { ...before, status: to };
        await clients.put(client);
        if (verb === 'disable') await endTokens(store.system.documents, 'client', id, clock.now());
        await auditOperator(house, tenant ?? null, { interaction: `client-${verb}`, id });
        print(options, clientSummary(client), [`client ${id} is ${to}`]);
      }),
    );
}

/** `esr-fhir client end-tokens`: after a leak, without disabling the client. */
export function endTokensCommand(open: OpenHouse): Command {
  return command('end-tokens', 'end every token that a client has; it may ask for new ones')
    .argument('<client-id>')
    .option('--tenant <id>')
    .action((id: string, { tenant, ...options }: OneClientOptions) =>
      inHouse(open, options, async (house) => {
        const client = await house.clients.get(id, tenant ?? null);
        await endTokens(house.store.system.documents, 'client', id, house.clock.now());
        await auditOperator(house, tenant ?? null, { interaction: 'client-end-tokens', id });
        print(options, clientSummary(client), [`tokens of client ${id} are worth nothing any more`]);
      }),
    );
}
