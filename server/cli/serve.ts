import type { AddressInfo } from 'node:net';
import type { Command } from 'commander';
import { limits } from '../core/limits.ts';
import { dropWatch } from '../ingest/sources/drop-watch.ts';
import { withFreeLease, withLease } from '../jobs/lease.ts';
import { atMidnight } from '../jobs/midnight.ts';
import { type Background, background } from './background.ts';
import { type CommonOptions, command, integer } from './command.ts';
import { dropRoot } from './drop-root.ts';
import type { House, OpenHouse } from './house.ts';
import { rememberPublicUrl } from './public-url.ts';
import type { Serving } from './serving.ts';

interface ServeOptions extends CommonOptions {
  readonly port?: number;
  readonly publicUrl?: string;
}

/** `esr-fhir serve`: API, authorization server and background work in one process; stops cleanly on SIGTERM. */
export function serveCommand(open: OpenHouse): Command {
  return command('serve', 'run the server: FHIR API, authorization server, background work')
    .option('--port <number>', 'HTTP port, 0 picks one (default 8080)', integer(0))
    .option('--public-url <url>', 'the URL that clients use (default http://localhost:PORT)')
    .action(async ({ port, publicUrl, ...options }: ServeOptions) => {
      const house = await open(options, { create: true, serving: true, settings: { port, publicUrl } });
      try {
        await serveHouse(house, { stopped: terminated() });
      } finally {
        await house.close();
      }
    });
}

/** Resolves at the first SIGTERM or SIGINT. */
export function terminated(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

interface ServeHow {
  readonly stopped: Promise<void>;
  readonly listening?: (url: string) => Promise<void>;
}

/**
 * Serves the house until `stopped`. One server per data folder on the embedded store: a second one says so and ends.
 * Where several machines share a store, each server takes the first free name: its audit rows have their own chain.
 */
export function serveHouse(house: House, how: ServeHow): Promise<void> {
  const { leases } = house.store.system;
  if (!house.store.capabilities.severalMachines) {
    return withLease(leases, firstServer, house.clock, 0, () => serveAs(firstServer, house, how));
  }
  return withFreeLease(leases, serverNames(), house.clock, (name) => serveAs(name, house, how));
}

const firstServer = 'serve';

/** `serve`, `serve-2`, … */
function* serverNames(): Generator<string> {
  for (let number = 1; number <= limits.serversMax; number += 1) {
    yield number === 1 ? firstServer : `${firstServer}-${number}`;
  }
}

async function serveAs(auditWriter: string, house: House, { stopped, listening }: ServeHow): Promise<void> {
  const argsOf = (tenant: string) => ['work', '--data', house.settings.data, '--tenant', tenant];
  const work = background(house, argsOf);
  // Other commands need nothing of a server, whose libraries take half a second to load.
  const { serving } = await import('./serving.ts');
  const server = await serving(house, { requestWork: work.request, auditWriter });
  await server.app.listen({ port: house.settings.port, host: house.settings.host });
  const { port } = server.app.server.address() as AddressInfo;
  const url = house.settings.publicUrl ?? `http://localhost:${port}`;
  server.setUrl(url);
  await rememberPublicUrl(house.store.system.documents, url);
  server.startDelivery();
  const stopBackground = keepUp(house, server, work);
  process.stdout.write(`listening on ${url}\n`);
  await listening?.(url);
  await stopped;
  await stopBackground();
  await server.close();
}

/** Everything that happens between requests, until the returned function is called. */
function keepUp(house: House, server: Serving, work: Background): () => Promise<void> {
  const drops = dropWatch(dropRoot(house.settings), house.clock);
  const active = () => [...server.snapshot.tenants()].filter(({ status }) => status === 'active').map(({ id }) => id);
  const requestAll = () => active().forEach(work.request);
  const every = (ms: number, task: () => Promise<void>) => {
    let busy = false;
    return setInterval(async () => {
      if (busy) return;
      busy = true;
      await task().catch((error: Error) => house.logger.error('background task failed', { error: error.message }));
      busy = false;
    }, ms);
  };
  const timers = [
    every(limits.registryRefreshMs, () => server.refresh()),
    every(limits.lastUsedFlushMs, () => server.noteUses()),
    every(limits.auditCarryMs, () => server.carryAudit()),
    every(limits.checkpointLookMs, () => server.checkpointAudit()),
    every(limits.oauthSweepMs, () => house.store.system.oauth.sweep(house.clock.now())),
    every(limits.unfinishedCheckMs, async () => {
      const left = await server.unfinishedTenants();
      for (const tenant of left) if (!work.isRunning(tenant)) work.request(tenant);
    }),
    every(limits.dropLookMs, async () => {
      const ready = await drops.look(active());
      for (const tenant of ready) if (!work.isRunning(tenant)) work.request(tenant);
    }),
  ];
  // At start, for the days that passed meanwhile, and then at each midnight.
  requestAll();
  const stopMidnight = atMidnight(requestAll);
  return async () => {
    stopMidnight();
    for (const timer of timers) clearInterval(timer);
    await work.stop();
  };
}
