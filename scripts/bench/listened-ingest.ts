import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventsRig, eventsRig, receiver, waited } from './events-rig.ts';
import type { IngestFigures } from './ingest-process.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';
import { builtFile, runForJson } from './processes.ts';
import { writeReload } from './reload-file.ts';
import { tenant, trustFiles } from './trust.ts';

interface Sizes {
  readonly staff: number;
  readonly quick: boolean;
}

/** Of the first two nothing happens in a changed file, of the others very much. */
const topics = ['starter-created', 'leaver-confirmed', 'assignment-changed', 'person-changed'] as const;

/**
 * What very many active subscriptions cost an ingest: the same changed files, in turn, into a tenant that nobody
 * listens to and into one with subscriptions to four topics. Processor time of the ingest's process tells what it does;
 * the time on the clock also how much a machine of few cores has left for it while the server delivers.
 */
export async function benchListenedIngest({ staff, quick }: Sizes): Promise<object> {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  const hook = await receiver();
  const rounds = quick ? 1 : 5;
  const subscriptions = quick ? 20 : 1_000;
  const alone = await eventsRig(mkdtempSync(join(scratch, 'alone-')));
  const heard = await eventsRig(mkdtempSync(join(scratch, 'heard-')));
  try {
    const { full } = await trustFiles(staff);
    for (const rig of [alone, heard]) await ingest(rig, full);
    const ids: string[] = [];
    for (let n = 0; n < subscriptions; n += 1) {
      const topic = topics[n % topics.length] ?? topics[0];
      ids.push(await heard.subscribe({ endpoint: `${hook.url}/many`, maxCount: 100, topic }));
    }
    await heard.active(ids);
    const figures: { readonly alone: IngestFigures; readonly heard: IngestFigures }[] = [];
    for (let n = 1; n <= rounds; n += 1) {
      const file = writeReload(full, scratch, { sequence: n + 1, changed: 0.1 });
      const turn = n % 2 === 0 ? [heard, alone] : [alone, heard];
      const done = new Map<EventsRig, IngestFigures>();
      for (const rig of turn) done.set(rig, await ingest(rig, file));
      figures.push({ alone: of(done, alone), heard: of(done, heard) });
    }
    const ratio = (value: (one: IngestFigures) => number) =>
      round(median(figures.map((one) => value(one.heard) / value(one.alone) - 1)));
    return {
      ...{ bench: 'listened-ingest', staff, subscriptions, rounds },
      slowdown: { processor: ratio(({ cpuSeconds }) => cpuSeconds), clock: ratio(({ seconds }) => seconds) },
      seconds: figures.map((one) => [round(one.alone.seconds), round(one.heard.seconds)]),
      cpuSeconds: figures.map((one) => [round(one.alone.cpuSeconds), round(one.heard.cpuSeconds)]),
      ...{ target: { slowdown: 0.1 }, machine: machine() },
    };
  } finally {
    await alone.stop();
    await heard.stop();
    await hook.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function of(done: ReadonlyMap<EventsRig, IngestFigures>, rig: EventsRig): IngestFigures {
  const found = done.get(rig);
  if (found === undefined) throw new Error('every tenant takes every file');
  return found;
}

/** Ingests a file once the server of its tenant has nothing left to do. */
async function ingest(rig: EventsRig, file: string): Promise<IngestFigures> {
  await rests(rig);
  const figures = await runForJson<IngestFigures>(builtFile('scripts/bench/ingest-process'), [rig.data, tenant, file]);
  await rests(rig);
  return figures;
}

/** Waits until a second takes the server less than a tenth of it. */
async function rests({ server }: EventsRig): Promise<void> {
  for (;;) {
    const before = server.cpuSeconds();
    await waited(1_000);
    if (before === undefined || (server.cpuSeconds() ?? 0) - before < 0.1) return;
  }
}
