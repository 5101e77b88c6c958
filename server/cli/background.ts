import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { limits } from '../core/limits.ts';
import { ingestEnvironment, ingestNodeOptions } from '../ingest/node-options.ts';
import { childEnvironment } from './child-environment.ts';
import type { House } from './house.ts';

/**
 * Runs a command of this program per tenant in processes of their own, off the request thread: one at a time per
 * tenant, `limits.workProcessesMax` at once, so that one tenant's failing or long work does not hold up the others.
 */
export interface Background {
  /** Starts the tenant's work, or remembers to start it once more after the one that runs. */
  request(tenant: string): void;
  isRunning(tenant: string): boolean;
  /** Stops what runs; an ingest that is cut off goes on from its checkpoint at the next start. */
  stop(): Promise<void>;
}

/** The Node options of this process go along (a loader, for instance). */
export function background(
  { entry, settings, logger }: Pick<House, 'entry' | 'settings' | 'logger'>,
  argsOf: (tenant: string) => readonly string[],
): Background {
  const running = new Map<string, ChildProcess>();
  const waiting = new Set<string>();
  /** Tenants whose work failed a moment ago. */
  const resting = new Map<string, NodeJS.Timeout>();
  let stopped = false;

  const start = (tenant: string) => {
    const child = spawn(process.execPath, [...process.execArgv, ...ingestNodeOptions, entry, ...argsOf(tenant)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...ingestEnvironment, ...childEnvironment(settings) },
    });
    yieldToRequests(child);
    running.set(tenant, child);
    child.once('error', (error) => logger.error('background process cannot start', { tenant, error: error.message }));
    child.once('close', (code) => {
      running.delete(tenant);
      if (code !== 0 && !stopped) rest(tenant, code);
      next();
    });
  };
  const rest = (tenant: string, code: number | null) => {
    logger.warn('background work failed, it will be tried again', { tenant, code });
    waiting.add(tenant);
    const timer = setTimeout(() => {
      resting.delete(tenant);
      next();
    }, limits.workRetryMs);
    resting.set(tenant, timer);
  };
  const next = () => {
    for (const tenant of waiting) {
      if (stopped || running.size >= limits.workProcessesMax) return;
      if (running.has(tenant) || resting.has(tenant)) continue;
      waiting.delete(tenant);
      start(tenant);
    }
  };
  return {
    request(tenant) {
      waiting.add(tenant);
      next();
    },
    isRunning: (tenant) => running.has(tenant) || waiting.has(tenant),
    async stop() {
      stopped = true;
      for (const timer of resting.values()) clearTimeout(timer);
      const closed = [...running.values()].map((child) => new Promise((resolve) => child.once('close', resolve)));
      for (const child of running.values()) child.kill('SIGTERM');
      await Promise.all(closed);
    },
  };
}

/** An ingest keeps two cores busy: where these are all, whoever waits for an answer comes first. */
function yieldToRequests({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It may have ended already.
  }
}
