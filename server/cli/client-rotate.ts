import type { Command } from 'commander';
import { clientSummary } from '../auth/client-summary.ts';
import { withNewKeys, withNewSecret } from '../auth/new-client.ts';
import { clientLines, jsonFile, type OneClientOptions } from './client-summary.ts';
import { command, print } from './command.ts';
import { after, duration } from './duration.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface RotateOptions extends OneClientOptions {
  readonly jwks?: string;
  readonly overlap?: number;
}

/** `esr-fhir client rotate`: another secret, or with `--jwks` another key set. */
export function rotateCommand(open: OpenHouse): Command {
  return command('rotate', 'give a client another secret, printed once, or another key set')
    .argument('<client-id>')
    .option('--tenant <id>')
    .option('--jwks <file>', 'the public keys of this JSON file instead of a secret')
    .option(
      '--overlap <duration>',
      'the old one is good so much longer, e.g. 24h; default: it is worth nothing any more',
      duration,
    )
    .action((id: string, { tenant, jwks, overlap, ...options }: RotateOptions) =>
      inHouse(open, options, async (house) => {
        const { clients, keys, clock } = house;
        const until = overlap === undefined ? undefined : after(clock.now(), overlap);
        const before = await clients.get(id, tenant ?? null);
        const { client, secret } =
          jwks === undefined
            ? withNewSecret(before, keys, until)
            : { client: withNewKeys(before, jsonFile(jwks), until), secret: undefined };
        await clients.put(client);
        await auditOperator(house, tenant ?? null, { interaction: 'client-rotate', id });
        const shown = secret === undefined ? {} : { client_secret: secret };
        const ends = until === undefined ? {} : { previous_until: until };
        const document = { ...clientSummary(client), ...shown, ...ends };
        print(options, document, clientLines(document));
      }),
    );
}
