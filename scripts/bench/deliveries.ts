import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BareFigures, BareLoop } from './bare-loop-process.ts';
import { all, type EventsRig, eventsRig, type Receiver, receiver } from './events-rig.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';
import { builtFile, runForJson } from './processes.ts';

/** Notifications of one event each per second, beside a bare loop that posts the same bytes to the same receiver. */
export async function benchDeliveries({ quick }: { readonly quick: boolean }): Promise<object> {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  const hook = await receiver();
  const rig = await eventsRig(scratch);
  const rounds = quick ? 1 : 5;
  try {
    const figures = {
      oneAtATime: await deliveries(rig, hook, { subscriptions: 1, events: quick ? 200 : 8_000, rounds }),
      sixteenAtATime: await deliveries(rig, hook, { subscriptions: 16, events: quick ? 50 : 500, rounds }),
    };
    return { bench: 'deliveries', ...figures, target: { ratio: 0.5 }, machine: machine() };
  } finally {
    await rig.stop();
    await hook.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface AtOnce {
  readonly subscriptions: number;
  /** Of each subscription, in each round. */
  readonly events: number;
  readonly rounds: number;
}

/**
 * What waits at the beginning is sent one event a request, to a receiver in a process of its own. The bare loop posts
 * the same bytes and headers to the same receiver, as many at once, in turn with ours; the median of the rounds counts.
 * Both have posted a round's number of requests before the first that counts: a server that runs for weeks is compiled.
 */
async function deliveries(rig: EventsRig, hook: Receiver, { subscriptions, events, rounds }: AtOnce) {
  const paths = Array.from({ length: subscriptions }, (_, index) => `/at-once-${subscriptions}-${index}`);
  const ids: string[] = [];
  for (const path of paths) ids.push(await rig.subscribe({ endpoint: `${hook.url}${path}`, maxCount: 1 }));
  await rig.active(ids);
  const measured: { readonly ours: number; readonly bare: BareFigures; readonly cpuMs: number }[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const cpu = rig.server.cpuSeconds() ?? Number.NaN;
    await rig.happen(events);
    await all(async () => (await hook.counts(paths)).every((count) => count >= (round + 1) * events), 'all deliveries');
    const cpuMs = (((rig.server.cpuSeconds() ?? Number.NaN) - cpu) * 1000) / (events * subscriptions);
    const times: number[] = [];
    for (const path of paths) times.push(...(await hook.times(path)).slice(round * events));
    const ours = times.length / ((Math.max(...times) - Math.min(...times)) / 1000);
    if (round > 0) measured.push({ ours, bare: await bareLoop(hook, subscriptions, times.length), cpuMs });
  }
  for (const id of ids) await rig.end(id);
  const of = (value: (one: (typeof measured)[number]) => number) => round(median(measured.map(value)));
  return {
    ...{ subscriptions, events, rounds },
    ...{ deliveriesPerSecond: of(({ ours }) => ours), barePerSecond: of(({ bare }) => bare.perSecond) },
    ...{ ratio: of(({ ours, bare }) => ours / bare.perSecond) },
    ...{ cpuMsEach: of(({ cpuMs }) => cpuMs), bareCpuMsEach: of(({ bare }) => bare.cpuMs) },
  };
}

async function bareLoop(hook: Receiver, atOnce: number, requests: number): Promise<BareFigures> {
  const asked: BareLoop = { url: `${hook.url}/bare`, atOnce, requests, sent: await hook.last() };
  const file = builtFile('scripts/bench/bare-loop-process');
  return runForJson<BareFigures>(file, [JSON.stringify(asked)]);
}
