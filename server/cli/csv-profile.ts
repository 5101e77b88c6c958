import { basename } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../core/error.ts';
import { firstBytesMax } from '../ingest/choose-format.ts';
import { type Proposal, proposeProfile } from '../ingest/formats/csv/propose.ts';
import { firstBytes } from '../ingest/sources/magic.ts';
import { type CommonOptions, command, print } from './command.ts';
import { type House, inHouse, type OpenHouse } from './house.ts';
import { fileSource } from './ingest.ts';

interface ProfileOptions extends CommonOptions {
  readonly tenant?: string;
}

/** `esr-fhir csv-profile FILE`: proposes a CSV profile from a file's header and data, and says what is unsure. */
export function csvProfileCommand(open: OpenHouse): Command {
  return command('csv-profile', 'propose a CSV profile for a file, and say what is unsure')
    .argument('<file>')
    .option('--tenant <id>', "use this tenant's own profiles too")
    .action((file: string, { tenant, ...options }: ProfileOptions) =>
      inHouse(open, options, async (house) => {
        const proposal = await propose(house, file, tenant);
        print(options, proposal, lines(proposal));
      }),
    );
}

async function propose({ ingest, tenants }: House, file: string, tenant: string | undefined): Promise<Proposal> {
  const source = fileSource(file);
  const first = await firstBytes(source.open(), firstBytesMax).catch(() => {
    throw new AppError('invalid', `${file} cannot be read`);
  });
  const profiles = tenant === undefined ? ingest.ourCsvProfiles : ingest.csvProfiles(await tenants.get(tenant));
  const name = basename(file)
    .replace(/\.[a-z0-9]+$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return proposeProfile(first, name.slice(0, 40) || 'report', profiles);
}

function lines({ encoding, delimiter, readBy, profile, unsure }: Proposal): string[] {
  const mark = delimiter === '\t' ? 'tab' : delimiter;
  return [
    `encoding ${encoding}, delimiter ${mark}`,
    readBy === null
      ? 'no profile reads this file yet; a proposal:'
      : `the profile ${readBy} reads this file; another one:`,
    JSON.stringify(profile, null, 2),
    'unsure:',
    ...unsure.map((one) => `  ${one}`),
  ];
}
