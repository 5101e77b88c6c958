import type { Command } from 'commander';
import { issuerUrl } from '../auth/base.ts';
import { newRegistrationToken } from '../auth/registration-token.ts';
import { AppError } from '../core/error.ts';
import { registrationTokens } from '../registry/registration-tokens.ts';
import { type CommonOptions, command, integer, print, table, UsageError } from './command.ts';
import { after, duration } from './duration.ts';
import { type House, inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';
import { knownPublicUrl } from './public-url.ts';

interface TokenOptions extends CommonOptions {
  readonly tenant?: string;
  readonly scope?: string;
  readonly expires: number;
  readonly uses: number;
  readonly contract?: string;
  readonly permissionSet?: string;
}

const weekMs = duration('7d');

/** `esr-fhir registration-token`: lets a vendor register its own client (RFC 7591) within a ceiling. */
export function registrationTokenCommand(open: OpenHouse): Command {
  return (
    command('registration-token', 'let a vendor register its own client; prints the token once')
      // `--tenant` behind `list` and `revoke` is theirs.
      .enablePositionalOptions()
      .option('--tenant <id>')
      .option('--scope <scopes>', 'the most that such a client may ask for, e.g. "system/*.rs"')
      .option('--expires <duration>', 'how long it may be used, e.g. 24h (default 7d)', duration, weekMs)
      .option('--uses <number>', 'how many clients may be registered with it', integer(1), 1)
      .option('--contract <version>', 'only this contract version; default: all that are live for the tenant')
      .option('--permission-set <name>', 'what such a client sees (default: the set `default`, which is the least)')
      .action((options: TokenOptions) => {
        const { tenant, scope } = options;
        if (tenant === undefined || scope === undefined) throw new UsageError('--tenant and --scope are needed');
        return inHouse(open, options, (house) => issue(house, { ...options, tenant, scope }));
      })
      .addCommand(
        command('list', 'list the registration tokens of a tenant')
          .requiredOption('--tenant <id>')
          .action((options: CommonOptions & { readonly tenant: string }) =>
            inHouse(open, options, async ({ tenants, store }) => {
              await tenants.get(options.tenant);
              const all = await registrationTokens(store.system.documents).list(options.tenant);
              const tokens = all.map(({ id, scope, uses, expiresAt }) => ({ id, scope, uses, expires_at: expiresAt }));
              const rows = tokens.map((one) => [one.id, String(one.uses), one.expires_at, one.scope]);
              print(options, { tokens }, table([['TOKEN', 'USES', 'EXPIRES', 'SCOPE'], ...rows]));
            }),
          ),
      )
      .addCommand(
        command('revoke', 'take a registration token back; clients that it made stay')
          .argument('<token-id>')
          .requiredOption('--tenant <id>')
          .action((id: string, options: CommonOptions & { readonly tenant: string }) =>
            inHouse(open, options, async (house) => {
              await registrationTokens(house.store.system.documents).remove(id, options.tenant);
              await auditOperator(house, options.tenant, { interaction: 'registration-token-revoke', id });
              print(options, { id, revoked: true }, [`registration token ${id} is revoked`]);
            }),
          ),
      )
  );
}

async function issue(house: House, options: TokenOptions & { readonly tenant: string; readonly scope: string }) {
  const { tenants, store, clock, settings } = house;
  const { tenant, scope, uses, expires, contract, permissionSet } = options;
  const live = (await tenants.get(tenant)).contracts;
  if (contract !== undefined && !live.includes(contract)) {
    throw new AppError('invalid', `contract ${contract} is not live for tenant ${tenant}`);
  }
  if (permissionSet !== undefined) await house.permissionSets.get(tenant, permissionSet);
  const now = clock.now();
  const contracts = contract === undefined ? live : [contract];
  const shown = permissionSet === undefined ? {} : { permissionSet };
  const wish = { tenant, scope, uses, contracts, expiresAt: after(now, expires), ...shown };
  const { token, text } = newRegistrationToken(wish, now.toISOString());
  await registrationTokens(store.system.documents).add(token);
  await auditOperator(house, tenant, { interaction: 'registration-token-add', id: token.id });
  const publicUrl = await knownPublicUrl(settings, store.system.documents);
  const document = {
    ...{ token: text, id: token.id, tenant, scope: token.scope, uses, expires_at: token.expiresAt },
    registration_endpoint: `${issuerUrl(publicUrl)}/reg`,
  };
  print(options, document, table(Object.entries(document).map(([key, value]) => [key, String(value)])));
}
