import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from '../core/log.ts';

/** Runs one command of this program at a time in a process of its own, off the request thread. */
export interface Background {
  /** Starts the command, or remembers to start it once more after the one that runs. */
  request(): void;
  /** Stops what runs; an ingest that is cut off goes on from its checkpoint at the next start. */
  stop(): Promise<void>;
}

/** @param entry the program's entry file; the Node options of this process go along (a loader, for instance) */
export function background(entry: string, args: readonly string[], logger: Logger): Background {
  let running: ChildProcess | undefined;
  let again = false;
  let stopped = false;
  const start = () => {
    again = false;
    const child = spawn(process.execPath, [...process.execArgv, entry, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    running = child;
    child.once('error', (error) => logger.error('background process cannot start', { error: error.message }));
    child.once('close', (code) => {
      running = undefined;
      if (code !== 0 && !stopped) logger.warn('background process failed', { command: args[0], code });
      if (again && !stopped) start();
    });
  };
  return {
    request() {
      if (stopped) return;
      if (running === undefined) start();
      else again = true;
    },
    async stop() {
      stopped = true;
      const child = running;
      if (child === undefined) return;
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await closed;
    },
  };
}
