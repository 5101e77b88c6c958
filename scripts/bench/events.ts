import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { WebSocket } from 'ws';
import { type EventsRig, eventsRig, type Receiver, receiver, waited } from './events-rig.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';
import { builtFile, runForJson } from './processes.ts';
import { writeReload } from './reload-file.ts';
import { tenant, trustFiles } from './trust.ts';

interface Sizes {
  readonly staff: number;
  readonly quick: boolean;
}

/**
 * From a commit in another process to a receiver on loopback: waits of single events and of 1,000 a second; deliveries
 * per second beside a bare loop that posts the same bytes; websockets; what very many subscribers cost an ingest.
 */
export async function benchEvents({ staff, quick }: Sizes): Promise<object> {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  const hook = await receiver();
  try {
    const rig = await eventsRig(scratch);
    const figures = {
      idle: await idle(rig, hook, quick ? 20 : 300),
      busy: await busy(rig, hook, quick ? 2 : 10),
      oneAtATime: await deliveries(rig, hook, { subscriptions: 1, events: quick ? 200 : 3_000 }),
      sixteenAtATime: await deliveries(rig, hook, { subscriptions: 16, events: quick ? 50 : 500 }),
      websockets: await fanOut(rig, quick ? 100 : 5_000),
    };
    await rig.stop();
    const ingest = await slowdown(scratch, hook, staff, quick ? 20 : 1_000);
    return { bench: 'events', ...figures, ingest, targets, machine: machine() };
  } finally {
    await hook.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

const targets = { idleP99Ms: 150, ratio: 0.5, ingestSlowdown: 0.1 } as const;

function spread(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

async function all(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 300_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`${what}: not within five minutes`);
    await waited(5);
  }
}

/** One event at a time, on a server that does nothing else. */
async function idle(rig: EventsRig, hook: Receiver, events: number) {
  await rig.active([await rig.subscribe({ endpoint: `${hook.url}/idle`, maxCount: 100 })]);
  const waits: number[] = [];
  for (let n = 1; n <= events; n += 1) {
    await rig.happen(1);
    const committed = performance.now();
    await all(() => hook.times('/idle').length >= n, 'an event');
    waits.push((hook.times('/idle')[n - 1] ?? 0) - committed);
    await waited(20);
  }
  return { events, ...spread(waits) };
}

/** Ten events each hundredth of a second. */
async function busy(rig: EventsRig, hook: Receiver, seconds: number) {
  await rig.active([await rig.subscribe({ endpoint: `${hook.url}/busy`, maxCount: 100 })]);
  const committed: number[] = [];
  const beganMs = performance.now();
  for (let tick = 0; tick < seconds * 100; tick += 1) {
    await rig.happen(10);
    committed.push(...Array.from({ length: 10 }, () => performance.now()));
    const dueMs = beganMs + (tick + 1) * 10;
    if (dueMs > performance.now()) await waited(dueMs - performance.now());
  }
  const perSecond = committed.length / ((performance.now() - beganMs) / 1000);
  await all(() => hook.times('/busy').length >= committed.length, 'all events');
  const times = hook.times('/busy');
  return { eventsPerSecond: round(perSecond), ...spread(committed.map((ms, index) => (times[index] ?? 0) - ms)) };
}

/** What waits at the beginning is sent one event a request; the bare loop posts the same bytes, as many at once. */
async function deliveries(
  rig: EventsRig,
  hook: Receiver,
  size: { readonly subscriptions: number; readonly events: number },
) {
  const { subscriptions, events } = size;
  const paths = Array.from({ length: subscriptions }, (_, index) => `/at-once-${subscriptions}-${index}`);
  const ids: string[] = [];
  for (const path of paths) ids.push(await rig.subscribe({ endpoint: `${hook.url}${path}`, maxCount: 1 }));
  await rig.active(ids);
  for (let done = 0; done < events; done += 250) await rig.happen(Math.min(250, events - done));
  await all(() => paths.every((path) => hook.times(path).length >= events), 'all deliveries');
  const times = paths.flatMap((path) => hook.times(path));
  const ours = times.length / ((Math.max(...times) - Math.min(...times)) / 1000);
  const bare = await bareLoop(hook, subscriptions, times.length);
  for (const id of ids) await rig.ask(`Subscription/${id}/$status`);
  return { ...size, deliveriesPerSecond: round(ours), barePerSecond: round(bare), ratio: round(ours / bare) };
}

async function bareLoop(hook: Receiver, atOnce: number, requests: number): Promise<number> {
  const dispatcher = new Agent({ connections: atOnce, pipelining: 1 });
  const body = hook.body();
  const headers = { 'content-type': 'application/fhir+json' };
  const beganMs = performance.now();
  let left = requests;
  const loop = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await request(`${hook.url}/bare`, { method: 'POST', headers, body, dispatcher });
      await answer.body.dump();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  await dispatcher.close();
  return requests / ((performance.now() - beganMs) / 1000);
}

interface Parameters {
  readonly parameter: readonly { readonly name: string; readonly valueString?: string; readonly valueUrl?: string }[];
}

/** One event to very many sockets of one subscription. */
async function fanOut(rig: EventsRig, sockets: number) {
  const id = await rig.subscribe({ maxCount: 100 });
  await rig.active([id]);
  const open: WebSocket[] = [];
  const heardMs: number[] = [];
  let bound = 0;
  const bind = async () => {
    const { body } = await rig.ask(`Subscription/${id}/$get-ws-binding-token`);
    const { parameter } = body as Parameters;
    const socket = new WebSocket(parameter.find(({ name }) => name === 'websocket-url')?.valueUrl ?? '');
    const token = parameter.find(({ name }) => name === 'token')?.valueString;
    socket.on('open', () => socket.send(`bind-with-token: ${token}`));
    socket.on('message', (data) => {
      if (String(data).includes('"handshake"')) bound += 1;
      else heardMs.push(performance.now());
    });
    open.push(socket);
  };
  while (open.length < sockets) {
    await Promise.all(Array.from({ length: Math.min(50, sockets - open.length) }, bind));
    await all(() => bound >= open.length, 'bound');
  }
  const firsts: number[] = [];
  const lasts: number[] = [];
  for (let round = 1; round <= 5; round += 1) {
    await rig.happen(1);
    const committed = performance.now();
    await all(() => heardMs.length >= round * sockets, 'all sockets');
    const mine = heardMs.slice((round - 1) * sockets).map((ms) => ms - committed);
    firsts.push(Math.min(...mine));
    lasts.push(Math.max(...mine));
  }
  for (const socket of open) socket.terminate();
  const perSecond = sockets / (median(lasts.map((last, at) => last - (firsts[at] ?? 0))) / 1000);
  return { sockets, firstMs: round(median(firsts)), lastMs: round(median(lasts)), messagesPerSecond: round(perSecond) };
}

/** The same changed file into a tenant that nobody listens to, and into one with very many subscribers. */
async function slowdown(scratch: string, hook: Receiver, staff: number, subscriptions: number) {
  const { full } = await trustFiles(staff);
  const files = [2, 3, 4].map((sequence) => writeReload(full, scratch, { sequence, changed: 0.1 }));
  const seconds: number[][] = [];
  for (const listening of [0, subscriptions]) {
    const rig = await eventsRig(mkdtempSync(join(scratch, 'side-')));
    const ingest = async (file: string) => {
      const args = ['ingest', '--tenant', tenant, file, '--data', rig.data, '--json'];
      const { files: reports } = await runForJson<{ files: { seconds: number; state: string }[] }>(
        builtFile('server/main'),
        args,
      );
      return reports[0]?.seconds ?? Number.NaN;
    };
    await ingest(full);
    const ids: string[] = [];
    for (let n = 0; n < listening; n += 1)
      ids.push(await rig.subscribe({ endpoint: `${hook.url}/many`, maxCount: 100 }));
    await rig.active(ids);
    const mine: number[] = [];
    for (const file of files) mine.push(await ingest(file));
    seconds.push(mine);
    await rig.stop();
  }
  const [alone = [], heard = []] = seconds;
  const ratios = heard.map((one, at) => one / (alone[at] ?? Number.NaN) - 1);
  return { staff, subscriptions, seconds: { alone, heard }, slowdown: round(median(ratios)) };
}
