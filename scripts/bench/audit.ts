import { present } from '../../server/core/assert.ts';
import { type LoadResult, load } from './load.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';
import { builtFile, type Started, startServer } from './processes.ts';
import { readBench } from './read.ts';
import { getter, type RequestSizes, tokenOf } from './requests.ts';
import { ingestedTrust, type Trust, tenant } from './trust.ts';

const tokensWanted = 16;

/** Authenticated reads/s of the whole server against the same server without its audit, in turn: target ≥ 0.8. */
export async function auditBench({ staff, rounds, requestsPerRound }: RequestSizes) {
  const trust = await ingestedTrust(staff);
  const audited = await startServer(builtFile('server/main'), ['serve', '--port', '0', '--data', trust.data]);
  const unaudited = await startServer(builtFile('scripts/bench/unaudited-process'), [trust.data]);
  try {
    const sides = [await side(audited, trust), await side(unaudited, trust)] as const;
    const results: Measured[][] = [[], []];
    // The first round warms both up and counts for nothing.
    for (let at = 0; at <= rounds; at += 1) {
      for (const [index, target] of sides.entries()) {
        const before = target.cpuSeconds() ?? Number.NaN;
        const loaded = await load(target, requestsPerRound);
        const cpu = (((target.cpuSeconds() ?? Number.NaN) - before) / requestsPerRound) * 1e6;
        const result = { ...loaded, cpu };
        if (at > 0) results[index]?.push(result);
      }
    }
    const [on = [], off = []] = results;
    const ratios = on.map((one, at) => one.requestsPerSecond / present(off[at], 'round').requestsPerSecond);
    const of = (all: readonly Measured[], key: keyof Measured) => round(median(all.map((one) => one[key])));
    return {
      ...{ bench: 'audit', requestsPerSecond: of(on, 'requestsPerSecond'), unaudited: of(off, 'requestsPerSecond') },
      ...{ ratio: round(median(ratios)), ratios: ratios.map(round), target: 0.8 },
      ...{ p50Ms: of(on, 'p50Ms'), p99Ms: of(on, 'p99Ms'), staff, rounds, requestsPerRound },
      cpuMicrosecondsPerRequest: { audited: of(on, 'cpu'), unaudited: of(off, 'cpu') },
      machine: machine(),
    };
  } finally {
    await unaudited.stop();
    await audited.stop();
  }
}

interface Measured extends LoadResult {
  /** Microseconds of CPU per request, which a busy machine disturbs less than it does requests/s. */
  readonly cpu: number;
}

async function side({ url, cpuSeconds }: Started, trust: Trust) {
  const tokens = await Promise.all(Array.from({ length: tokensWanted }, () => tokenOf(url, trust)));
  const { get } = getter(url, present(tokens[0], 'a token'));
  return { url, cpuSeconds, tokens, paths: await readBench.paths(get, `/t/${tenant}/fhir/v1`) };
}
