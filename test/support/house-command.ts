import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { compiledProgram } from './compiled-program.ts';
import { storeSetting } from './store-under-test.ts';

/** What became of a command. */
export interface Ran {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly done: Promise<Ran>;
}

const manyLines = new URL('./house-command-lines.ts', import.meta.url).pathname;

/** A data folder, or one with settings for every command on it. */
export type Machine = string | { readonly data: string; readonly settings: Readonly<Record<string, string>> };

/** Starts `esr-fhir ARGS --data DATA` in a process of its own, with no settings of this one's environment. */
export function startCommand(machine: Machine, args: readonly string[], ownGroup = false): Running {
  const { data } = typeof machine === 'string' ? { data: machine } : machine;
  return start(machine, [compiledProgram(), ...args, '--data', data], ownGroup);
}

/** Runs command lines one after the other in one other process, each as if it were alone; they name the folder. */
export async function runLines(machine: Machine, lines: readonly (readonly string[])[]): Promise<readonly Ran[]> {
  const { status, stdout, stderr } = await start(machine, ['--import', 'tsx', manyLines, JSON.stringify(lines)]).done;
  if (status !== 0) throw new Error(`exit status ${status}: ${stderr}`);
  return JSON.parse(stdout) as readonly Ran[];
}

function start(machine: Machine, args: readonly string[], ownGroup = false): Running {
  const { data, settings } = typeof machine === 'string' ? { data: machine, settings: {} } : machine;
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('ESR_FHIR_') && name !== 'CI');
  const child = spawn(process.execPath, args, {
    env: {
      ...Object.fromEntries(own),
      ESR_FHIR_LOG_LEVEL: 'error',
      ESR_FHIR_STORE: storeSetting(data),
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const done = once(child, 'close').then(([status]): Ran => ({ status: status as number | null, ...text }));
  return { child, done };
}

/** Runs a command to its end. */
export function runCommand(machine: Machine, ...args: string[]): Promise<Ran> {
  return startCommand(machine, args).done;
}

/** The document that a command prints with `--json`; throws where it fails. */
export async function commandJson(machine: Machine, ...args: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await runCommand(machine, ...args, '--json');
  if (status !== 0) throw new Error(`${args.join(' ')}: exit status ${status}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

/** A server process that listens. */
export interface ServingCommand {
  readonly url: string;
  /** SIGTERM; resolves with how it ended. */
  stop(): Promise<Ran>;
  /** kill -9 for it and every process that it started. */
  kill(): Promise<Ran>;
}

/** Starts `esr-fhir serve --port 0` and waits for its `listening on URL`. */
export async function serveCommand(machine: Machine, ...args: string[]): Promise<ServingCommand> {
  const { child, done } = startCommand(machine, ['serve', '--port', '0', ...args], true);
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk: string) => {
      printed += chunk;
      const [, found] = /^listening on (\S+)$/m.exec(printed) ?? [];
      if (found !== undefined) resolve(found);
    });
    void done.then((ran) => reject(new Error(`the server ended with ${ran.status}: ${ran.stderr}`)));
  });
  return {
    url,
    stop() {
      child.kill('SIGTERM');
      return done;
    },
    kill() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      return done;
    },
  };
}

/** Asks again and again until `holds` answers something; throws after `seconds`. */
export async function until<T>(what: string, seconds: number, holds: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await holds();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
