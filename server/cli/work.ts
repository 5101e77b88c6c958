import type { Command } from 'commander';
import { comeTrue } from '../ingest/dates.ts';
import { resumeFiles } from '../ingest/run.ts';
import { takeDropped } from '../ingest/sources/drop-folder.ts';
import { type CommonOptions, command, print } from './command.ts';
import { dropRoot } from './drop-root.ts';
import { type House, inHouse, type OpenHouse } from './house.ts';

interface WorkOptions extends CommonOptions {
  readonly tenant?: string;
}

/**
 * `esr-fhir work`: what a server does in the background, in a process of its own: finishes files that were left
 * unfinished or uploaded, ingests what lies in drop folders, and makes the dates come true that have passed. One
 * tenant's failure does not touch the others.
 */
export function workCommand(open: OpenHouse): Command {
  return command('work', 'finish unfinished files and make dates come true')
    .option('--tenant <id>', 'only this tenant')
    .action(({ tenant, ...options }: WorkOptions) =>
      inHouse(open, options, async (house) => {
        const all = tenant === undefined ? await house.tenants.list() : [await house.tenants.get(tenant)];
        const done = [];
        for (const { id } of all) done.push(await workOn(house, id));
        print(
          options,
          { tenants: done },
          done.map((one) => `${one.tenant}: ${one.files} files, ${one.days} days`),
        );
        if (done.some((one) => one.failed)) process.exitCode = 1;
      }),
    );
}

async function workOn({ ingest, logger, settings }: House, tenant: string) {
  try {
    const resumed = await resumeFiles(ingest, tenant);
    const dropped = await takeDropped(ingest, dropRoot(settings), tenant);
    const days = await comeTrue(ingest, tenant);
    return { tenant, files: resumed.length + dropped.length, days: days.length, failed: false };
  } catch (error) {
    logger.error('background work failed', { tenant, error: error instanceof Error ? error.message : String(error) });
    return { tenant, files: 0, days: 0, failed: true };
  }
}
