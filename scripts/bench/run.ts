import { parseArgs } from 'node:util';
import { auditBench } from './audit.ts';
import { benchDeliveries } from './deliveries.ts';
import { benchEvents } from './events.ts';
import { benchIngest, benchMemory } from './ingest.ts';
import { benchListenedIngest } from './listened-ingest.ts';
import { readBench } from './read.ts';
import { benchReadDuringIngest } from './read-during-ingest.ts';
import { benchRequests } from './requests.ts';
import { scopesBench } from './scopes.ts';
import { searchBench } from './search.ts';
import { tokenBench } from './token.ts';

interface Sizes {
  readonly staff: number;
  readonly quick: boolean;
}

/** `npm run bench [-- NAME…] [--quick] [--staff N]`: each benchmark prints one JSON line. */
const benches: Readonly<Record<string, (sizes: Sizes) => Promise<object>>> = {
  read: ({ staff, quick }) =>
    benchRequests(readBench, { staff, ...(quick ? short : { rounds: 7, requestsPerRound: 40_000 }) }),
  search: ({ staff, quick }) =>
    benchRequests(searchBench, { staff, ...(quick ? short : { rounds: 7, requestsPerRound: 10_000 }) }),
  audit: ({ staff, quick }) => auditBench({ staff, ...(quick ? short : { rounds: 5, requestsPerRound: 40_000 }) }),
  scopes: ({ staff, quick }) => scopesBench({ staff, ...(quick ? short : { rounds: 5, requestsPerRound: 10_000 }) }),
  token: ({ quick }) =>
    tokenBench(quick ? { rounds: 1, requestsPerRound: 160 } : { rounds: 5, requestsPerRound: 1600 }),
  ingest: ({ staff }) => benchIngest(staff),
  memory: ({ staff }) => benchMemory(staff),
  events: benchEvents,
  deliveries: benchDeliveries,
  'listened-ingest': ({ staff, quick }) => benchListenedIngest({ staff: Math.min(staff, 5_000), quick }),
  'read-during-ingest': ({ staff, quick }) => benchReadDuringIngest({ staff, idleSeconds: quick ? 2 : 15 }),
};

const short = { rounds: 1, requestsPerRound: 500 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, staff: { type: 'string' } },
});
const quick = values.quick;
const staff = Number(values.staff ?? (quick ? 300 : 20_000));
for (const name of positionals.length === 0 ? Object.keys(benches) : positionals) {
  const bench = benches[name];
  if (bench === undefined) throw new Error(`no benchmark ${name}: ${Object.keys(benches).join(', ')}`);
  process.stdout.write(`${JSON.stringify(await bench({ staff, quick }))}\n`);
}
