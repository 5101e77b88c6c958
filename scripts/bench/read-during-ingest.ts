import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { present } from '../../server/core/assert.ts';
import type { IngestFigures } from './ingest-process.ts';
import { type LoadResult, steadyLoad } from './load.ts';
import { machine } from './machine.ts';
import { round } from './numbers.ts';
import { builtFile, ingesting, runForJson, startServer } from './processes.ts';
import { readBench } from './read.ts';
import { writeReload } from './reload-file.ts';
import { getter, tokenOf } from './requests.ts';
import { ingestedTrust, tenant, trustFiles } from './trust.ts';

const requestsPerSecond = 300;
/** Share of the rows that the ingested file changes: enough to keep the writer busy. */
const changed = 0.2;
const target = 3;

export interface DuringSizes {
  readonly staff: number;
  readonly idleSeconds: number;
}

/**
 * Latency of reads at a steady rate, first while nothing else happens, then while another process, started as a server
 * starts it, ingests a full file into the same tenant. The p99 counts from when a request was due, not from when it was
 * sent.
 */
export async function benchReadDuringIngest({ staff, idleSeconds }: DuringSizes): Promise<object> {
  const trust = await ingestedTrust(staff);
  const { full } = await trustFiles(staff);
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  const data = join(scratch, 'data');
  cpSync(trust.data, data, { recursive: true });
  const file = writeReload(full, scratch, { sequence: 2, changed });
  const server = await startServer(builtFile('server/main'), ['serve', '--port', '0', '--data', data]);
  try {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => tokenOf(server.url, trust)));
    const { get } = getter(server.url, present(tokens[0], 'a token'));
    const paths = await readBench.paths(get, `/t/${tenant}/fhir/v1`);
    const what = { url: server.url, paths, tokens };
    await steadyLoad(what, requestsPerSecond, wait(1000));
    const idle = await steadyLoad(what, requestsPerSecond, wait(idleSeconds * 1000));
    const entry = builtFile('scripts/bench/ingest-process');
    const below = constants.priority.PRIORITY_BELOW_NORMAL;
    const ingest = runForJson<IngestFigures>(entry, [data, tenant, file], { ...ingesting, nice: below });
    const busy = await steadyLoad(what, requestsPerSecond, ingest);
    const { report, seconds } = await ingest;
    if (report.state !== 'applied') throw new Error(`the file is ${report.state}: ${report.reason}`);
    return {
      ...{ bench: 'read-during-ingest', staff, requestsPerSecond },
      ...{ idle: rounded(idle), during: rounded(busy), ratio: round(busy.p99Ms / idle.p99Ms), target },
      ingest: { rows: report.rows, changed: report.changed, seconds: round(seconds) },
      machine: machine(),
    };
  } finally {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function rounded({ requestsPerSecond: rate, p50Ms, p99Ms }: LoadResult) {
  return { requestsPerSecond: round(rate), p50Ms, p99Ms };
}
