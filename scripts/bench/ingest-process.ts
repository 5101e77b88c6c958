import { fileSource } from '../../server/cli/ingest.ts';
import { present } from '../../server/core/assert.ts';
import type { FileReport } from '../../server/ingest/parts.ts';
import { ingestFile } from '../../server/ingest/run.ts';
import { openHouse } from '../../server/main.ts';
import { timedStore } from './timed-store.ts';

/** What an ingest in a process of its own tells of itself. */
export interface IngestFigures {
  readonly report: FileReport;
  readonly seconds: number;
  /** User and system time: what is left of a measurement on a busy machine. */
  readonly cpuSeconds: number;
  /** Seconds by phase, in the order of the data's path. */
  readonly phases: Readonly<Record<string, number>>;
  /** Most resident memory that the process ever had. */
  readonly peakMebibytes: number;
}

/** Ingests one file: arguments are data folder, tenant, file. Prints `IngestFigures`. */
const [data, tenant, file] = process.argv.slice(2).map((argument) => present(argument, 'an argument'));
const house = await openHouse({ data: present(data, 'data folder') });
// A server's process has these when it takes a file; the baseline is warm as well.
for (const each of await house.ingest.tenants()) house.ingest.csvProfiles(each);
const { store, phases } = timedStore(house.store);
const began = performance.now();
const cpu = process.cpuUsage();
const reports = await ingestFile({ ...house.ingest, store }, fileSource(present(file, 'file')), tenant);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
const figures: IngestFigures = {
  report: present(reports[0], 'a report'),
  seconds,
  cpuSeconds: (user + system) / 1e6,
  phases: phases(),
  peakMebibytes: Math.round(process.resourceUsage().maxRSS / 1024),
};
await house.close();
process.stdout.write(JSON.stringify(figures));
