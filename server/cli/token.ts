import type { Command } from 'commander';
import { auditBytes } from '../audit/row.ts';
import { writeBatch } from '../commit/write-batch.ts';
import { AppError } from '../core/error.ts';
import { mintToken } from '../oauth/mint.ts';
import { signingKeyRing } from '../oauth/signing-keys.ts';
import { registrySnapshot } from '../registry/snapshot.ts';
import { type CommonOptions, command, print } from './command.ts';
import { type House, inHouse, type OpenHouse, operatorStore } from './house.ts';
import { knownPublicUrl } from './public-url.ts';

interface TokenOptions extends CommonOptions {
  readonly client: string;
  readonly secret: string;
  readonly tenant?: string;
  readonly scope?: string;
  readonly contract?: string;
}

/** `esr-fhir token`: the token endpoint's own answer, with or without a running server. */
export function tokenCommand(open: OpenHouse): Command {
  return command('token', 'print an access token of a client, as the token endpoint issues it')
    .requiredOption('--client <id>')
    .requiredOption('--secret <secret>')
    .option('--tenant <id>', 'left out for a client of the management API')
    .option('--scope <scopes>', 'less than the client may ask for')
    .option('--contract <version>', 'for the base of this contract version; default: the client’s first')
    .action(({ client, secret, tenant, scope, contract, ...options }: TokenOptions) =>
      inHouse(open, options, async (house) => {
        const { status, body } = await mint(house, { client, secret, tenant, scope, contract });
        if (status !== 200) {
          throw new AppError('unauthenticated', `${String(body['error'])}: ${String(body['error_description'])}`);
        }
        print(options, body, [String(body['access_token'])]);
      }),
    );
}

type Wish = { [K in 'client' | 'secret']: string } & { [K in 'tenant' | 'scope' | 'contract']: string | undefined };

async function mint(house: House, { client, secret, tenant, scope, contract }: Wish) {
  const { settings, store, keys, clock, clients } = house;
  const publicUrl = await knownPublicUrl(settings, store.system.documents);
  const signing = await signingKeyRing(store.system.documents, keys, clock);
  // Only where it is used: its libraries take a while to load.
  const { authorizationServer } = await import('./authorization-server.ts');
  const server = authorizationServer(house, {
    ...{ signing, publicUrl: () => publicUrl, snapshot: await registrySnapshot(store) },
    // A serving process owns the audit file: what this process did reaches it through the tenant's outbox.
    async audit(entry) {
      if (entry.tenant === null) return;
      const { tenant: name } = entry;
      const op = { op: 'audit' as const, tenant: name, row: auditBytes(entry) };
      await writeBatch(await operatorStore(house, name), clock, () => [op]);
    },
  });
  const wanted = { ...(scope === undefined ? {} : { scope }), ...(contract === undefined ? {} : { contract }) };
  const whose = tenant === undefined ? {} : { tenant };
  return mintToken(server, clients, { clientId: client, secret, publicUrl, ...whose, ...wanted });
}
