import { present } from '../../server/core/assert.ts';
import { load } from './load.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';
import { builtFile, runForJson, type Started, startServer } from './processes.ts';
import { readBench } from './read.ts';
import { getter, type RequestSizes, tokenOf } from './requests.ts';
import { searchBench } from './search.ts';
import { ingestedTrust, type Trust, tenant } from './trust.ts';

const main = builtFile('server/main');
const tokensWanted = 16;

/** Ways of seeing less; all of them leave the resources in sight that are asked for. */
const ways = {
  plain: {},
  granular: {
    scope:
      'system/Practitioner.rs?active=true,false system/PractitionerRole.rs?active=true,false system/Organization.rs',
  },
  mask: { set: { name: 'bench-mask', mask: ['birth-date', 'gender', 'contact', 'registrations'] } },
} as const;

type Way = keyof typeof ways;

/** Reads/s and searches/s with a granular scope and with a mask, as ratios to the same server's without, in turn. */
export async function scopesBench({ staff, rounds, requestsPerRound }: RequestSizes) {
  const trust = await ingestedTrust(staff);
  const masked = await maskedClient(trust);
  const server = await startServer(main, ['serve', '--port', '0', '--data', trust.data]);
  try {
    const clientOf = (way: Way): Trust => (way === 'mask' ? { ...trust, client: masked } : trust);
    const tokens = new Map<Way, readonly string[]>();
    for (const way of Object.keys(ways) as Way[]) {
      const scope = way === 'granular' ? ways.granular.scope : undefined;
      const all = Array.from({ length: tokensWanted }, () => tokenOf(server.url, clientOf(way), scope));
      tokens.set(way, await Promise.all(all));
    }
    const figures: Record<string, object> = {};
    for (const { name, paths } of [readBench, searchBench]) {
      const sides = new Map<Way, Side>();
      for (const [way, own] of tokens) {
        // A page's link is good for its own client alone.
        const { get } = getter(server.url, present(own[0], 'a token'));
        sides.set(way, { tokens: own, paths: await paths(get, `/t/${tenant}/fhir/v1`) });
      }
      figures[name] = await compared(server, sides, rounds, requestsPerRound);
    }
    return { bench: 'scopes', ...figures, staff, rounds, requestsPerRound, machine: machine() };
  } finally {
    await server.stop();
  }
}

interface Side {
  readonly tokens: readonly string[];
  readonly paths: readonly string[];
}

/** Of one round; CPU in microseconds per request, which a busy machine disturbs less than it does requests/s. */
interface Measured {
  readonly requestsPerSecond: number;
  readonly cpu: number;
}

async function compared(
  { url, cpuSeconds }: Started,
  sides: ReadonlyMap<Way, Side>,
  rounds: number,
  requestsPerRound: number,
) {
  const results = new Map<Way, Measured[]>();
  // The first round warms up and counts for nothing.
  for (let at = 0; at <= rounds; at += 1) {
    for (const [way, side] of sides) {
      const before = cpuSeconds() ?? Number.NaN;
      const { requestsPerSecond } = await load({ url, ...side }, requestsPerRound);
      const cpu = (((cpuSeconds() ?? Number.NaN) - before) / requestsPerRound) * 1e6;
      if (at > 0) results.set(way, [...(results.get(way) ?? []), { requestsPerSecond, cpu }]);
    }
  }
  const of = (way: Way) => results.get(way) ?? [];
  const plain = (at: number) => present(of('plain')[at], 'the same round');
  const ratio = (way: Way) =>
    round(median(of(way).map((one, at) => one.requestsPerSecond / plain(at).requestsPerSecond)));
  const cpuRatio = (way: Way) => round(median(of(way).map((one, at) => plain(at).cpu / one.cpu)));
  return {
    requestsPerSecond: round(median(of('plain').map((one) => one.requestsPerSecond))),
    ...{ granularRatio: ratio('granular'), maskRatio: ratio('mask') },
    cpuMicrosecondsPerRequest: round(median(of('plain').map(({ cpu }) => cpu))),
    ...{ granularCpuRatio: cpuRatio('granular'), maskCpuRatio: cpuRatio('mask') },
  };
}

async function maskedClient({ data }: Trust): Promise<Trust['client']> {
  const of = ['--tenant', tenant, '--data', data, '--json'];
  const { set } = ways.mask;
  await runForJson(main, ['permission-set', 'put', JSON.stringify(set), ...of]);
  const wish = ['--name', 'bench', '--scope', 'system/*.rs', '--permission-set', set.name];
  return (await runForJson(main, ['client', 'add', ...wish, ...of])) as Trust['client'];
}
