import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { all, type EventsRig, eventsRig, type Receiver, receiver, sharedNow, waited } from './events-rig.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';

/** From a commit in another process to its receipt: of single events, of 1,000 a second, at very many sockets. */
export async function benchEvents({ quick }: { readonly quick: boolean }): Promise<object> {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  const hook = await receiver();
  const rig = await eventsRig(scratch);
  try {
    const figures = {
      idle: await idle(rig, hook, quick ? 20 : 300),
      busy: await busy(rig, hook, quick ? 2 : 10),
      websockets: await fanOut(rig, quick ? 100 : 5_000),
    };
    return { bench: 'events', ...figures, target: { idleP99Ms: 150 }, machine: machine() };
  } finally {
    await rig.stop();
    await hook.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function spread(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** One event at a time, on a server that does nothing else. */
async function idle(rig: EventsRig, hook: Receiver, events: number) {
  const id = await rig.subscribe({ endpoint: `${hook.url}/idle`, maxCount: 100 });
  await rig.active([id]);
  const committed: number[] = [];
  for (let n = 1; n <= events; n += 1) {
    await rig.happen(1);
    committed.push(sharedNow());
    await all(async () => ((await hook.counts(['/idle']))[0] ?? 0) >= n, 'an event');
    // Not in step with the looks of the server.
    await waited(20 + (n % 25));
  }
  const times = await hook.times('/idle');
  await rig.end(id);
  return { events, ...spread(committed.map((ms, index) => (times[index] ?? 0) - ms)) };
}

/** Ten events each hundredth of a second. */
async function busy(rig: EventsRig, hook: Receiver, seconds: number) {
  const id = await rig.subscribe({ endpoint: `${hook.url}/busy`, maxCount: 100 });
  await rig.active([id]);
  const committed: number[] = [];
  const beganMs = performance.now();
  for (let tick = 0; tick < seconds * 100; tick += 1) {
    await rig.happen(10);
    committed.push(...Array.from({ length: 10 }, sharedNow));
    const dueMs = beganMs + (tick + 1) * 10;
    if (dueMs > performance.now()) await waited(dueMs - performance.now());
  }
  const perSecond = committed.length / ((performance.now() - beganMs) / 1000);
  await all(async () => ((await hook.counts(['/busy']))[0] ?? 0) >= committed.length, 'all events');
  const times = await hook.times('/busy');
  await rig.end(id);
  return { eventsPerSecond: round(perSecond), ...spread(committed.map((ms, index) => (times[index] ?? 0) - ms)) };
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
