import { Command } from 'commander';
import { signFromOf } from '../oauth/signing-key-phase.ts';
import { rotateSigningKeys, storedKeys } from '../oauth/signing-keys.ts';
import { type CommonOptions, command, print, table } from './command.ts';
import { inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface RotateOptions extends CommonOptions {
  readonly atOnce?: boolean;
}

/** `esr-fhir keys …`: the signing keys of the authorization server. */
export function keysCommand(open: OpenHouse): Command {
  return new Command('keys')
    .description('signing keys of the authorization server')
    .addCommand(
      command('rotate', 'publish new signing keys, which sign once everyone can know them; beside a running server')
        .option(
          '--at-once',
          'after a leak: the new keys sign now, and nothing that the old ones signed is good any more',
        )
        .action(({ atOnce, ...options }: RotateOptions) =>
          inHouse(open, options, async (house) => {
            const made = await rotateSigningKeys(
              house.store.system.documents,
              house.keys,
              house.clock,
              atOnce === true,
            );
            await auditOperator(house, null, { interaction: 'keys-rotate', id: made[0]?.kid ?? '' });
            const keys = made.map(({ kid, alg, signFrom }) => ({ kid, alg, sign_from: signFrom }));
            print(options, { keys }, table([['KEY', 'ALG', 'SIGNS FROM'], ...rows(keys)]));
          }),
        ),
    )
    .addCommand(
      command('list', 'list the signing keys, the oldest first').action((options: CommonOptions) =>
        inHouse(open, options, async ({ store }) => {
          const keys = (await storedKeys(store.system.documents)).map(({ key }) => ({
            kid: key.kid,
            alg: key.alg ?? 'ES384',
            sign_from: new Date(signFromOf(key)).toISOString(),
          }));
          print(options, { keys }, table([['KEY', 'ALG', 'SIGNS FROM'], ...rows(keys)]));
        }),
      ),
    );
}

function rows(keys: readonly Readonly<Record<string, string | undefined>>[]): readonly (readonly string[])[] {
  return keys.map((key) => Object.values(key).map(String));
}
