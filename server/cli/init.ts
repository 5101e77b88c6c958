import type { Command } from 'commander';
import { type CommonOptions, command, print } from './command.ts';
import type { OpenHouse } from './house.ts';

/** `esr-fhir init`: makes the data folder: master key, system store. Safe to repeat. */
export function initCommand(open: OpenHouse): Command {
  return command('init', 'make the data folder: keys, settings, system store; safe to repeat').action(
    async (options: CommonOptions) => {
      const house = await open(options, { create: true });
      const { data } = house.settings;
      await house.close();
      print(options, { data }, [`data folder ready: ${data}`]);
    },
  );
}
