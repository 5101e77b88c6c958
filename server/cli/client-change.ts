import type { Command } from 'commander';
import { clientSummary } from '../auth/client-summary.ts';
import { changedClient } from '../auth/new-client.ts';
import { endTokens } from '../registry/not-before.ts';
import { clientLines, type OneClientOptions } from './client-summary.ts';
import { command, integer, print, UsageError } from './command.ts';
import { after, duration } from './duration.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface ChangeOptions extends OneClientOptions {
  readonly name?: string;
  readonly scope?: string;
  readonly permissionSet?: string;
  readonly rate?: number;
  readonly expires?: number | false;
}

/** `esr-fhir client set`: what can change of a client without another secret. */
export function setCommand(open: OpenHouse): Command {
  return command('set', 'change name, scope, permission set, rate or end of a client; counts within two seconds')
    .argument('<client-id>')
    .option('--tenant <id>')
    .option('--name <name>')
    .option('--scope <scopes>', 'the most that it may ask for; tokens that it has end')
    .option('--permission-set <name>', 'what of its scopes it sees')
    .option('--rate <number>', 'requests per minute that it may make; 0: as many as come', integer(0))
    .option('--expires <duration>', 'it is worth nothing after this time, e.g. 365d', duration)
    .option('--no-expires', 'it has no end')
    .action((id: string, { tenant, ...options }: ChangeOptions) => {
      const { name, scope, permissionSet, rate, expires } = options;
      if ([name, scope, permissionSet, rate, expires].every((one) => one === undefined)) {
        throw new UsageError('say what is to change: --name, --scope, --permission-set, --rate or --expires');
      }
      return inHouse(open, options, async (house) => {
        const { clients, permissionSets, store, clock } = house;
        const before = await clients.get(id, tenant ?? null);
        if (permissionSet !== undefined) await permissionSets.get(tenant ?? '', permissionSet);
        const client = changedClient(before, {
          ...(name === undefined ? {} : { name }),
          ...(scope === undefined ? {} : { scope }),
          ...(permissionSet === undefined ? {} : { permissionSet }),
          ...(rate === undefined ? {} : { requestsPerMinute: rate }),
          ...(expires === undefined ? {} : { expiresAt: expires === false ? null : after(clock.now(), expires) }),
        });
        await clients.put(client);
        if (client.scope !== before.scope) await endTokens(store.system.documents, 'client', id, clock.now());
        await auditOperator(house, tenant ?? null, { interaction: 'client-set', id });
        const document = clientSummary(client);
        print(options, document, clientLines(document));
      });
    });
}
